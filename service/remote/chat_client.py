"""Chat client: asks an OpenAI-compatible server for completions, and asks again where that helps.

A request that met a full or broken server, a silence or a torn connection is sent again after a
while; one that the server will never take is not. Servers take different optional fields: one that
is refused by name is left out of every later request.
"""

import json
import logging
import random
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from service import USER_AGENT, metrics
from service.errors import BadSetting, Cancelled, RemoteFailed
from service.remote.chat_response import error_of, read_completion
from service.remote.completion import Completion, Malformed, ServerError
from service.remote.endpoint import Endpoint
from service.remote.failures import FieldsRefused, Filtered, Transient, failure
from service.remote.retry import LONGEST_PAUSE_S, Pause, backoff_s, sleep

log = logging.getLogger(__name__)

NO_LIST = "remote-url: the server %s lists no models there; most addresses end in /v1"
LONGEST_TIMEOUTS = 10
"""The longest time for a whole answer, in timeouts: some servers drip."""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One message and the options of its answer; a server may refuse `optional` fields.

    With `begun`, the text that the answer begins with, the request makes sense with all of its
    fields only: it fails where one is refused.
    """

    message: str
    max_tokens: int
    optional: Mapping[str, Any]
    begun: str | None = None


class ChatClient:
    """Asks one server; many threads may at a time."""

    def __init__(
        self, endpoint: Endpoint, *, timeout_s: float, tries: int, connections: int
    ) -> None:
        self.endpoint = endpoint
        self._timeout_s, self._tries = timeout_s, tries
        headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
        if endpoint.key:
            headers["Authorization"] = f"Bearer {endpoint.key}"
        self._http = httpx2.Client(
            headers=headers,
            timeout=httpx2.Timeout(timeout_s, connect=min(timeout_s, 10.0)),
            limits=httpx2.Limits(max_connections=connections),
        )
        weakref.finalize(self, self._http.close)
        self._pause = Pause()
        self._rng = random.Random()
        self._lock = threading.Lock()
        self._refused: set[str] = set()

    def takes(self, field: str) -> bool:
        """Whether the server has not refused `field` so far."""
        return field not in self._refused

    def models(self) -> list[dict[str, Any]]:
        """The models that the server lists; empty where it keeps no list.

        Raises BadSetting when it can't be reached or does not take the key.
        """
        host = self.endpoint.host
        try:
            response = self._http.get(f"{self.endpoint.url}/models")
        except httpx2.HTTPError as error:
            why = type(error).__name__
            raise BadSetting(f"remote-url: the server {host} can't be reached ({why})") from error
        if response.status_code in {400, 401, 403}:
            status = response.status_code
            raise BadSetting(
                f"remote-url: the server {host} does not take the key (status {status})"
            )
        if response.status_code == 404:
            log.warning(NO_LIST, host)
        try:
            found = response.json().get("data") if response.is_success else None
        except (ValueError, AttributeError, RecursionError):
            found = None
        listed = found if isinstance(found, list) else []
        return [each for each in listed if isinstance(each, dict) and each.get("id")]

    def complete(
        self,
        model: str,
        request: ChatRequest,
        is_abandoned: Callable[[], bool] = lambda: False,
        watch: Callable[[str], None] = lambda text: None,
    ) -> Completion:
        """The answer to `request`; `watch` is given all of its text whenever that has grown.

        Raises RemoteFailed when it can't be had, NotReady when none can be any more, TooLong,
        Filtered, and Cancelled when nobody waits for it.
        """
        attempt = 1
        refused: set[str] = set()
        while True:
            self._pause.wait(is_abandoned)
            if is_abandoned():
                raise Cancelled
            body = self._body(model, request, refused)
            try:
                completion = self._attempt(body, is_abandoned, watch)
            except Transient as error:
                metrics.remote_retries.labels(error.reason).inc()
                self._wait_or_give_up(error, attempt, is_abandoned)
                attempt += 1
            except FieldsRefused as error:
                if request.begun is not None:
                    host, fields = self.endpoint.host, ", ".join(sorted(error.fields))
                    raise RemoteFailed(f"{host} takes no {fields}") from error
                refused |= error.fields
            else:
                self._note_refused(refused)
                return completion

    def _note_refused(self, fields: set[str]) -> None:
        """Leave out from now on what a request had to do without."""
        with self._lock:
            new = fields - self._refused
            self._refused |= new
        if new:
            log.info("%s takes no %s", self.endpoint.host, ", ".join(sorted(new)))

    def _wait_or_give_up(
        self, error: Transient, attempt: int, is_abandoned: Callable[[], bool]
    ) -> None:
        wait_s = error.wait_s if error.wait_s is not None else backoff_s(attempt, self._rng)
        if attempt >= self._tries or wait_s > LONGEST_PAUSE_S:
            raise RemoteFailed(
                f"{self.endpoint.host} {error}" + (f", {attempt} times" if attempt > 1 else ""),
                retry_after_s=wait_s,
            )
        log.info("%s %s; asking again in %.1f s", self.endpoint.host, error, wait_s)
        if error.reason == "rate":
            self._pause.extend(wait_s)
        sleep(wait_s, is_abandoned)

    def _body(self, model: str, request: ChatRequest, refused: set[str]) -> dict[str, Any]:
        refused = refused | self._refused
        limit = "max_completion_tokens" if "max_tokens" in refused else "max_tokens"
        body = {
            "model": model,
            "messages": _messages(request),
            limit: request.max_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
            **request.optional,
        }
        return {
            name: value for name, value in body.items() if name not in refused and value is not None
        }

    def _attempt(
        self,
        body: Mapping[str, Any],
        is_abandoned: Callable[[], bool],
        watch: Callable[[str], None],
    ) -> Completion:
        begun = time.monotonic()
        outcome = "failed"
        try:
            with self._sent(body) as response:
                completion = self._read(response, body, is_abandoned, watch)
            outcome = "answered"
            return completion
        except httpx2.TimeoutException as error:
            raise Transient(f"was silent for {self._timeout_s:g} s", reason="timeout") from error
        except httpx2.HTTPError as error:
            raise Transient(f"broke off ({type(error).__name__})", reason="connection") from error
        except Malformed as error:
            raise Transient(f"sent {error}", reason="malformed") from error
        except ServerError as error:
            raise failure(self.endpoint, error.status or 500, str(error), {}, body) from error
        finally:
            metrics.remote_requests.labels(outcome).inc()
            metrics.remote_request_seconds.observe(time.monotonic() - begun)

    @contextmanager
    def _sent(self, body: Mapping[str, Any]) -> Iterator[httpx2.Response]:
        """The response to `body`, its own body yet unread. Raises what a bad status means."""
        content = json.dumps(body).encode("ascii")
        headers = {"Content-Type": "application/json"}
        url = f"{self.endpoint.url}/chat/completions"
        with self._http.stream("POST", url, content=content, headers=headers) as response:
            if not response.is_success:
                text = error_of(response)
                raise failure(self.endpoint, response.status_code, text, response.headers, body)
            yield response

    def _read(
        self,
        response: httpx2.Response,
        body: Mapping[str, Any],
        is_abandoned: Callable[[], bool],
        watch: Callable[[str], None],
    ) -> Completion:
        limit = body.get("max_tokens") or body.get("max_completion_tokens") or 0
        longest_s = LONGEST_TIMEOUTS * self._timeout_s
        completion = read_completion(response, limit, longest_s, is_abandoned, watch)
        if completion.finish in {"content_filter", "sensitive", "safety"}:
            raise Filtered(f"{self.endpoint.host} broke off by its rules on content")
        return completion


def _messages(request: ChatRequest) -> list[dict[str, str]]:
    messages = [{"role": "user", "content": request.message}]
    if request.begun is not None:
        messages.append({"role": "assistant", "content": request.begun})
    return messages
