"""Remote engine: answers requests with a model behind an OpenAI-compatible address.

Every task of a request is a chat completion of its own, asked for in a thread. `step` hands out
what those threads have finished, so the worker's thread never waits for the network.
"""

import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from service.engine import Identity
from service.errors import (
    BadInput,
    BadSetting,
    Cancelled,
    DiglotError,
    EngineFailed,
    NoRoom,
    NoText,
    TooLong,
)
from service.remote.callers import Callers
from service.remote.chat_client import ChatClient
from service.remote.chat_prompt import about_tokens, passage
from service.remote.endpoint import Endpoint, read_endpoint
from service.remote.prices import Budget, tariff
from service.remote.remote_model import RemoteModel, context_tokens, model_name, shown_name
from service.remote.task_answers import TaskAnswers
from service.remote.thinking import thinking_switches
from service.resources import Resources
from service.settings import Settings
from service.tasks import Answer, Finished, Request, Task, TaskAnswer, TokenUse

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.05
"""The longest that a step waits for something to finish."""
TOKENS_AROUND = 1_024
"""Of an instruction and its answer: what a model's context holds beside the passage."""
SENT = "engine remote: the text of every article leaves this machine, for %s"
OPENLY = "remote-url: the key for %s goes over the network unencrypted; give an https address"


@dataclass(slots=True, eq=False)
class _AtWork:
    """A request in flight. `texts`: the text so far of each digest, by task index; `seen`: the part
    of those that was passed on. All under the engine's lock."""

    request: Request
    shown: str
    answers: dict[int, TaskAnswer] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    use: TokenUse | None = None
    error: DiglotError | None = None
    is_dropped: bool = False

    def is_abandoned(self) -> bool:
        return self.is_dropped or self.error is not None or self.request.abandoned()

    def is_over(self) -> bool:
        return self.error is not None or len(self.answers) == len(self.request.tasks)


class RemoteEngine:
    """Answers the tasks of passages with the model that `settings` name.

    Raises BadSetting when the address, the key, the prices or the server can't be used.
    """

    def __init__(
        self,
        settings: Settings,
        resources: Resources,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        endpoint = read_endpoint(settings, environment)
        _tell(endpoint)
        self._most = settings.remote_concurrency
        client = ChatClient(
            endpoint,
            timeout_s=settings.remote_timeout_s,
            tries=settings.remote_tries,
            connections=self._most,
        )
        extra = _extra(settings.remote_extra)
        listed = client.models()
        name = model_name(settings, listed)
        rates = tariff(settings.remote_prices, name, settings.remote_budget)
        budget = Budget(settings.remote_budget, rates.currency)
        fields = _fields(settings, endpoint, extra)
        self._model = RemoteModel(client, name, rates, budget, fields)
        self._answers = TaskAnswers(self._model, resources)
        self._callers = Callers(self._most, "diglot-remote")
        self._changed = threading.Condition()
        self._pending: dict[str, _AtWork] = {}
        self.passage_limit: int | None = _limit(settings, context_tokens(listed, name))
        self.identity = Identity(
            "remote",
            shown_name(name),
            None,
            _fingerprint(resources.fingerprint, extra),
            passage_tokens=self.passage_limit,
            sampling=_sampling(settings),
            host=endpoint.host,
        )

    def measure(self, passage: str) -> int:
        """About the length of `passage` in tokens, as the server's tokenizer is not known here."""
        return about_tokens(passage)

    def admit(self, request: Request) -> None:
        """Ask for every task. Raises NoRoom, and NoText, TooLong or BadInput for a bad request."""
        with self._changed:
            if request.id in self._pending:
                raise BadInput("a request with this id is at work already")
            if len(self._pending) >= self._most:
                raise NoRoom(f"{self._most} requests are at work")
        if not request.document.text.strip():
            raise NoText("the passage is empty")
        size = self.measure(request.document.text)
        if self.passage_limit is not None and size > self.passage_limit:
            raise TooLong(f"the passage has {size} tokens; the model reads {self.passage_limit}")
        pending = _AtWork(request, passage(request.document))
        with self._changed:
            self._pending[request.id] = pending
        for index, task in enumerate(request.tasks):
            self._callers.call(partial(self._call, pending, index, task))

    def step(self) -> list[Finished]:
        """Pass on what has been written, and return the requests that finished meanwhile."""
        with self._changed:
            ends = time.monotonic() + LOOK_EVERY_S
            while self._pending and not self._has_news() and (left := ends - time.monotonic()) > 0:
                self._changed.wait(left)
            news = [(each.request, each.texts) for each in self._pending.values() if each.texts]
            for each in self._pending.values():
                each.texts = {}
            over = [each for each in self._pending.values() if each.is_over()]
            for each in over:
                del self._pending[each.request.id]
            self._forget_abandoned()
        for request, texts in news:
            self._show(request, texts)
        return [Finished(each.request.id, _outcome(each)) for each in over]

    def cancel(self, request_id: str) -> None:
        """Forget a request; its completions are broken off at their next byte."""
        with self._changed:
            pending = self._pending.pop(request_id, None)
            if pending is not None:
                pending.is_dropped = True

    def _has_news(self) -> bool:
        return any(each.texts or each.is_over() for each in self._pending.values())

    def _forget_abandoned(self) -> None:
        for each in list(self._pending.values()):
            if each.is_abandoned():
                each.is_dropped = True
                del self._pending[each.request.id]

    def _show(self, request: Request, texts: Mapping[int, str]) -> None:
        for index, text in texts.items():
            answer = self._model.answer_in(text)
            if answer:
                request.begun()
                if request.watch is not None:
                    request.watch(index, answer)

    # From here on, everything runs in a thread of the callers.

    def _call(self, pending: _AtWork, index: int, task: Task) -> None:
        if pending.is_abandoned():
            return
        watch = partial(self._note_text, pending, index)
        error: DiglotError | None = None
        try:
            answer, use = self._answers.answer(
                pending.request.document, pending.shown, task, pending.is_abandoned, watch
            )
        except Cancelled:
            return
        except DiglotError as raised:
            error = raised
        except Exception as raised:  # whatever one answer breaks, the others go on
            log.exception("the remote engine failed on a passage")
            error = EngineFailed(f"the remote engine failed ({type(raised).__name__})")
        with self._changed:
            if error is not None:
                pending.error = pending.error or error
            else:
                pending.answers[index] = answer
                pending.use = pending.use + use if pending.use else use
            self._changed.notify_all()

    def _note_text(self, pending: _AtWork, index: int, text: str) -> None:
        with self._changed:
            pending.texts[index] = text
            self._changed.notify_all()


def _outcome(pending: _AtWork) -> Answer | DiglotError:
    if pending.error is not None:
        return pending.error
    count = len(pending.request.tasks)
    return Answer(tuple(pending.answers[index] for index in range(count)), pending.use)


def _tell(endpoint: Endpoint) -> None:
    """Say where the text goes, before any of it does."""
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # it has a line for every request
    if endpoint.is_local:
        log.info("engine remote: articles are sent to the server at %s", endpoint.host)
    else:
        log.warning(SENT, endpoint.host)
    if endpoint.sends_key_openly:
        log.warning(OPENLY, endpoint.host)


def _extra(text: str | None) -> Mapping[str, Any]:
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError) as error:
        raise BadSetting("remote-extra: this is not JSON") from error
    if not isinstance(found, dict):
        raise BadSetting("remote-extra: this is not a JSON object of fields and their values")
    return found


def _fields(settings: Settings, endpoint: Endpoint, extra: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = dict(thinking_switches(endpoint.host))
    if settings.sampling == "greedy":
        fields["temperature"] = 0
    fields["seed"] = settings.seed
    if settings.repetition_penalty != 1:
        fields["repetition_penalty"] = settings.repetition_penalty
    return {name: value for name, value in {**fields, **extra}.items() if value is not None}


def _limit(settings: Settings, context: int | None) -> int:
    if context is None:
        return settings.passage_tokens
    return max(1, min(settings.passage_tokens, context - TOKENS_AROUND))


def _sampling(settings: Settings) -> str:
    method = "greedy" if settings.sampling == "greedy" else f"model, seed {settings.seed}"
    penalty = settings.repetition_penalty
    return method if penalty == 1 else f"{method}, repetition penalty {penalty:g}"


def _fingerprint(resources: str, extra: Mapping[str, Any]) -> str:
    """The fingerprint of the prompts, together with the user's own fields if there are any."""
    if not extra:
        return resources
    both = f"{resources}\n{json.dumps(extra, sort_keys=True)}"
    return "sha256:" + hashlib.sha256(both.encode()).hexdigest()
