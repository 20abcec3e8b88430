"""Completion: a chat completion as it arrives, in one piece or as server-sent events.

Providers differ in details: a content in parts (Mistral), thoughts in `reasoning_content` (vLLM,
DeepSeek) or `reasoning` (OpenRouter), an error in the middle of a stream, an error with status 200
(MiniMax), a usage chunk of its own.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

LONGEST_EVENT = 4_000_000
"""Bytes of one event; whatever has no line break for so long is not a stream of events."""
DONE = "[DONE]"


class Malformed(Exception):
    """The server sent something other than a chat completion; the message names the fault."""


class ServerError(Exception):
    """An error that came in place of a completion or in the middle of one."""

    def __init__(self, detail: Any) -> None:
        super().__init__(error_text(detail))
        found = detail.get("code") if isinstance(detail, dict) else None
        self.status = found if isinstance(found, int) else None


@dataclass(slots=True)
class Completion:
    """The part of one completion that has arrived.

    `alternatives`: the log-probabilities of the likeliest tokens in the place of the answer's
    first, None where the server gives none. Tokens are None where it does not count them.
    `prompt_logprobs` is as vLLM sends it.
    """

    text: str = ""
    finish: str | None = None
    has_choice: bool = False
    """Whether the server gave an answer at all, be it without text."""
    has_thought: bool = False
    alternatives: Mapping[str, float] | None = None
    prompt_tokens: int | None = None
    cached_tokens: int = 0
    completion_tokens: int | None = None
    prompt_logprobs: Any = None

    @property
    def is_cut(self) -> bool:
        """Whether it ran into its limit of tokens."""
        return self.finish == "length"

    def add(self, data: Any) -> None:
        """Take in a chunk, or a whole completion. Raises Malformed and ServerError."""
        if not isinstance(data, dict):
            raise Malformed("an event that is not a JSON object")
        if data.get("error"):
            raise ServerError(data["error"])
        status = (data.get("base_resp") or {}).get("status_code")
        if status:
            raise ServerError(data["base_resp"])
        self._count(data.get("usage"))
        self.prompt_logprobs = data.get("prompt_logprobs") or self.prompt_logprobs
        choices = data.get("choices")
        if not choices:
            return
        choice = choices[0] if isinstance(choices, list) else None
        if not isinstance(choice, dict):
            raise Malformed("a completion whose choices are no list of objects")
        self.has_choice = True
        message = choice.get("delta") or choice.get("message") or {}
        if not isinstance(message, dict):
            raise Malformed("a completion whose message is not an object")
        self._take(message, choice.get("logprobs"))
        self.finish = choice.get("finish_reason") or self.finish

    def _take(self, message: Mapping[str, Any], logprobs: Any) -> None:
        self.has_thought |= bool(message.get("reasoning_content") or message.get("reasoning"))
        added = _content(message.get("content"))
        if not added:
            return
        if not self.text.strip() and self.alternatives is None:
            self.alternatives = _alternatives(logprobs)
        self.text += added

    def _count(self, usage: Any) -> None:
        if not isinstance(usage, dict):
            return
        self.prompt_tokens = _number(usage.get("prompt_tokens"), self.prompt_tokens)
        self.completion_tokens = _number(usage.get("completion_tokens"), self.completion_tokens)
        details = usage.get("prompt_tokens_details") or {}
        cached = details.get("cached_tokens") if isinstance(details, dict) else None
        found = _number(cached, None) or _number(usage.get("prompt_cache_hit_tokens"), None)
        self.cached_tokens = found or self.cached_tokens


def _content(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(
        part["text"]
        for part in parts
        if isinstance(part, dict) and isinstance(part.get("text"), str)
    )


def _alternatives(logprobs: Any) -> Mapping[str, float] | None:
    """Of the first token that is not white space."""
    tokens = logprobs.get("content") if isinstance(logprobs, dict) else None
    for token in tokens if isinstance(tokens, list) else []:
        if isinstance(token, dict) and str(token.get("token", "")).strip():
            return _log_probabilities(token.get("top_logprobs") or [token])
    return None


def _log_probabilities(tokens: Any) -> Mapping[str, float] | None:
    try:
        return {str(each["token"]): float(each["logprob"]) for each in tokens} or None
    except (TypeError, KeyError, ValueError):
        return None


def _number(value: Any, otherwise: int | None) -> int | None:
    return value if isinstance(value, int) and value >= 0 else otherwise


def error_text(detail: Any) -> str:
    """The sentence in an error's body, which every provider puts somewhere else."""
    while isinstance(detail, dict):
        nested = (detail.get(name) for name in ("error", "message", "detail", "status_msg", "msg"))
        detail = next(filter(None, nested), json.dumps(detail, ensure_ascii=False))
    if isinstance(detail, list) and detail:
        return error_text(detail[0])
    return str(detail)


def events(chunks: Iterable[bytes]) -> Iterator[Any]:
    """The data of server-sent events as JSON, up to [DONE] or the end. Raises Malformed."""
    data: list[str] = []
    for line in _lines(chunks):
        if line.startswith(b"data:"):
            data.append(line[5:].strip().decode("utf-8", "replace"))
        elif not line and data:
            text, data = "\n".join(data), []
            if text == DONE:
                return
            yield _parse(text)
    if data and (text := "\n".join(data)) != DONE:
        yield _parse(text)


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed("an event that is no JSON") from error


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = bytearray()
    for chunk in chunks:
        if b"\n" not in chunk:
            rest += chunk
        else:
            rest += chunk
            *whole, last = bytes(rest).split(b"\n")
            yield from (line.removesuffix(b"\r") for line in whole)
            rest = bytearray(last)
        if len(rest) > LONGEST_EVENT:
            raise Malformed("a line that does not end")
    if rest:
        yield bytes(rest)
