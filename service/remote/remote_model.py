"""Remote model: one model of one server, asked for completions that are counted and paid for."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service import metrics
from service.errors import BadSetting
from service.llm.answers import AnswerParser
from service.remote import prompt_scores
from service.remote.chat_client import ChatClient, ChatRequest
from service.remote.chat_prompt import about_tokens
from service.remote.completion import Completion
from service.remote.prices import Budget, Tariff
from service.remote.thinking import is_self_hosted
from service.settings import Settings
from service.tasks import TokenUse

log = logging.getLogger(__name__)

THOUGHT_TOKENS = 8192
"""Room for the thoughts of a model that can't do without."""
MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Written:
    """`text` is the answer without thoughts; `is_cut` where it ran into its limit of tokens."""

    text: str
    is_cut: bool
    alternatives: Mapping[str, float] | None
    use: TokenUse


class RemoteModel:
    """Completions of the model `name`; many threads may ask at a time."""

    def __init__(
        self,
        client: ChatClient,
        name: str,
        tariff: Tariff,
        budget: Budget,
        fields: Mapping[str, Any],
    ) -> None:
        """`fields`: the optional fields of every request."""
        self._client, self.name = client, name
        self._tariff, self._budget, self._fields = tariff, budget, fields
        # No vocabulary is known here, so all marks are letters.
        self._parser = AnswerParser(lambda text: (), frozenset())
        self._thinks = False

    @property
    def is_self_hosted(self) -> bool:
        """Whether the server is none of the known providers, which score no prompts."""
        return is_self_hosted(self._client.endpoint.host)

    def takes(self, field: str) -> bool:
        """Whether the server has not refused an optional `field` so far."""
        return self._client.takes(field)

    def answer_in(self, text: str) -> str:
        """The answer in what the model wrote so far."""
        return self._parser.answer(text).strip()

    def ask(
        self,
        message: str,
        max_tokens: int,
        fields: Mapping[str, Any],
        is_abandoned: Callable[[], bool],
        watch: Callable[[str], None] = lambda text: None,
    ) -> Written:
        """The answer to `message`. Raises what ChatClient.complete raises, and BudgetSpent."""
        had_room = self._thinks
        written = self._ask(message, max_tokens, fields, is_abandoned, watch)
        if written.is_cut and not written.text and self._thinks and not had_room:
            # All of its tokens went into thoughts, for which it has room from now on.
            again = self._ask(message, max_tokens, fields, is_abandoned, watch)
            return Written(again.text, again.is_cut, again.alternatives, written.use + again.use)
        return written

    def _ask(
        self,
        message: str,
        max_tokens: int,
        fields: Mapping[str, Any],
        is_abandoned: Callable[[], bool],
        watch: Callable[[str], None],
    ) -> Written:
        limit = max_tokens + (THOUGHT_TOKENS if self._thinks else 0)
        request = ChatRequest(message, limit, {**self._fields, **fields})
        with self._budget.reserve(self._cost(about_tokens(message), limit) or 0.0):
            completion = self._client.complete(self.name, request, is_abandoned, watch)
            use = self._count(completion, message)
        text = self.answer_in(completion.text)
        self._thinks |= completion.has_thought or len(text) < len(completion.text.strip())
        alternatives = None if completion.has_thought else completion.alternatives
        return Written(text, completion.is_cut, alternatives, use)

    def score(
        self, message: str, text: str, is_abandoned: Callable[[], bool]
    ) -> tuple[float | None, TokenUse]:
        """The log-probability of `text` as an answer; None where the server does not score prompts.

        Raises what ChatClient.complete raises, and BudgetSpent.
        """
        fields = {**self._fields, **prompt_scores.FIELDS}
        request = ChatRequest(message, prompt_scores.MAX_TOKENS, fields, begun=text)
        most = self._cost(about_tokens(message + text), prompt_scores.MAX_TOKENS)
        with self._budget.reserve(most or 0.0):
            completion = self._client.complete(self.name, request, is_abandoned)
            use = self._count(completion, message + text)
        return prompt_scores.text_log_prob(completion.prompt_logprobs, text), use

    def _count(self, completion: Completion, message: str) -> TokenUse:
        """The tokens as the server counted them, or else about as many as there are."""
        prompt, wrote = completion.prompt_tokens, completion.completion_tokens
        prompt = about_tokens(message) if prompt is None else prompt
        wrote = about_tokens(completion.text) if wrote is None else wrote
        metrics.remote_tokens.labels("prompt").inc(prompt)
        metrics.remote_tokens.labels("completion").inc(wrote)
        cost = self._cost(prompt, wrote, completion.cached_tokens)
        if cost is not None:
            metrics.remote_cost.labels(self._tariff.currency).inc(cost)
            self._budget.charge(cost)
        return TokenUse(prompt, wrote, cost)

    def _cost(self, prompt: int, completion: int, cached: int = 0) -> float | None:
        price = self._tariff.price
        return price.cost(prompt, completion, cached) if price else None


def model_name(settings: Settings, listed: Sequence[Mapping[str, Any]]) -> str:
    """The model that `settings` name, or the only one that the server lists. Raises BadSetting."""
    if settings.model != Settings().model:
        return settings.model
    names = [str(each["id"]) for each in listed]
    if len(names) == 1:
        return names[0]
    some = ", ".join(names[:MOST_NAMED]) + (", …" if len(names) > MOST_NAMED else "")
    known = f"the server has {some}" if names else "the server lists none"
    raise BadSetting(f"model: give the server's name of the model with --model; {known}")


def shown_name(name: str) -> str:
    """`name` without the folders of the server's machine, which some servers put into it."""
    is_path = name.startswith(("/", "\\")) or name[1:3] == ":\\"
    return name.replace("\\", "/").rpartition("/")[2] if is_path else name


def context_tokens(listed: Sequence[Mapping[str, Any]], name: str) -> int | None:
    """The model's context as the server lists it; None where it does not."""
    for each in listed:
        if each["id"] == name:
            meta = each.get("meta")
            of_llama_cpp = meta.get("n_ctx") if isinstance(meta, dict) else None
            found = (each.get("max_model_len"), each.get("context_length"), of_llama_cpp)
            return next((size for size in found if isinstance(size, int) and size > 0), None)
    return None
