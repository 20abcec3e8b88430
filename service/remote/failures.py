"""Failures: the exception that stands for an error of an OpenAI-compatible server.

Providers agree on few statuses and on no wording, so the sentence of an error is looked at too.
"""

import re
from collections.abc import Mapping
from typing import Any

from service.errors import NotReady, RemoteFailed, TooLong
from service.remote.endpoint import Endpoint
from service.remote.retry import retry_after_s

LONGEST_QUOTE = 200
"""Characters of a server's error that are passed on."""
TRANSIENT = 408, 409, 425, 429
_ESSENTIAL = frozenset({"model", "messages", "stream", "max_tokens", "max_completion_tokens"})
_TOO_LONG = re.compile(r"context.{0,12}(length|window|size)|maximum context|too many tokens", re.I)
_FILTERED = re.compile(
    r"content.?filter|data_inspection|content exists risk|content management|safety|sensitive", re.I
)
_NO_MONEY = re.compile(r"insufficient.{0,3}(quota|balance|credit|funds)|billing", re.I)
_KEY = re.compile(r"api.?key", re.I)


class Filtered(Exception):
    """The server refuses this text by its rules on content."""


class Transient(Exception):
    """A failure that may pass; `reason` is a label of the metrics."""

    def __init__(self, detail: str, *, reason: str, wait_s: float | None = None) -> None:
        super().__init__(detail)
        self.reason, self.wait_s = reason, wait_s


class FieldsRefused(Exception):
    """The server takes no `fields`; the same request goes on without them."""

    def __init__(self, fields: set[str]) -> None:
        super().__init__(", ".join(sorted(fields)))
        self.fields = fields


def failure(
    endpoint: Endpoint, status: int, text: str, headers: Mapping[str, str], body: Mapping[str, Any]
) -> Exception:
    """The exception for an error with `status` and `text` in answer to the request `body`."""
    told = endpoint.without_key(" ".join(text.split()))[:LONGEST_QUOTE]
    said = f"answered {status}: {told}" if told else f"answered {status}"
    return (
        _final(endpoint.host, status, text, said)
        or _refused(status, text, body)
        or _passing(status, said, headers)
        or RemoteFailed(f"{endpoint.host} {said}")
    )


def _final(host: str, status: int, text: str, said: str) -> Exception | None:
    if status == 402 or _NO_MONEY.search(text):
        return NotReady(f"the account at {host} has no credit left ({status})")
    if status in {401, 403} or (status == 400 and _KEY.search(text)):
        # Not quoted: such an answer repeats parts of the key.
        return NotReady(f"{host} does not take the key ({status})")
    if _TOO_LONG.search(text):
        return TooLong("the passage is too long for the remote model; see --passage-tokens")
    if status == 400 and _FILTERED.search(text):
        return Filtered(f"{host} {said}")
    return None


def _refused(status: int, text: str, body: Mapping[str, Any]) -> Exception | None:
    """For fields that the error names; a status that says no more stands for all that may go."""
    named = _named(text, body)
    fields = named or (_optional(body) if status in {400, 422} else set())
    return FieldsRefused(fields) if fields else None


def _passing(status: int, said: str, headers: Mapping[str, str]) -> Exception | None:
    if status in TRANSIENT or status >= 500:
        reason = "rate" if status == 429 else "server"
        return Transient(said, reason=reason, wait_s=retry_after_s(headers))
    return None


def _named(text: str, body: Mapping[str, Any]) -> set[str]:
    """The optional fields of `body` that an error names; `max_tokens` where that has a new name."""
    if "max_completion_tokens" in text:
        return {"max_tokens"} & body.keys()
    return {field for field in _optional(body) if _mentions(text, field, body[field])}


def _mentions(text: str, field: str, value: Any) -> bool:
    names = [field, *(value if isinstance(value, dict) else ())]
    if field == "top_logprobs":
        names.append("logprobs")
    return any(re.search(rf"(?<![A-Za-z_]){re.escape(name)}(?![A-Za-z_])", text) for name in names)


def _optional(body: Mapping[str, Any]) -> set[str]:
    return body.keys() - _ESSENTIAL
