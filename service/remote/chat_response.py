"""Reads a server's response as a completion, within bounds on its size and its time."""

import json
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import httpx2

from service.errors import Cancelled
from service.remote.completion import Completion, Malformed, error_text, events
from service.remote.failures import Transient

EVENTS = "text/event-stream"
LONGEST_ERROR = 64_000
"""Bytes of an error's body that are read."""
LONGEST_ANSWER = 64_000_000
"""Bytes of an answer, all of its events or its JSON."""
CHARACTERS_A_TOKEN = 16
"""More than any token has: a server that sends more does not keep to the limit of tokens."""


def read_completion(
    response: httpx2.Response,
    max_tokens: int,
    longest_s: float,
    is_abandoned: Callable[[], bool],
    watch: Callable[[str], None],
) -> Completion:
    """The completion in `response`; `watch` is given all of its text whenever that has grown.

    Raises Malformed and ServerError, Transient where it takes more than `longest_s` seconds, and
    Cancelled.
    """
    completion = Completion()
    most = CHARACTERS_A_TOKEN * max_tokens
    for data in _data(response, longest_s, is_abandoned):
        size = len(completion.text)
        completion.add(data)
        if len(completion.text) > most:
            completion.text, completion.finish = completion.text[:most], "length"
            return completion
        if len(completion.text) > size:
            watch(completion.text)
    if not completion.has_choice:
        raise Malformed("a completion without an answer: its choices are empty")
    if completion.finish is None:
        raise Malformed("an answer that breaks off")
    return completion


def _data(
    response: httpx2.Response, longest_s: float, is_abandoned: Callable[[], bool]
) -> Iterator[Any]:
    """The events of a stream; one where the server answers in one piece."""
    chunks = _chunks(response, longest_s, is_abandoned)
    if response.headers.get("content-type", "").startswith(EVENTS):
        yield from events(chunks)
        # Only a connection whose answer was read to its end is used again.
        with suppress(httpx2.HTTPError):
            deque(chunks, maxlen=0)
        return
    try:
        yield json.loads(b"".join(chunks))
    except (ValueError, RecursionError) as error:
        raise Malformed("an answer that is no JSON") from error


def _chunks(
    response: httpx2.Response, longest_s: float, is_abandoned: Callable[[], bool]
) -> Iterator[bytes]:
    ends = time.monotonic() + longest_s
    size = 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > LONGEST_ANSWER:
            raise Malformed("more bytes than an answer can have")
        if is_abandoned():
            raise Cancelled
        if time.monotonic() > ends:
            raise Transient("took too long for its answer", reason="timeout")
        yield chunk


def error_of(response: httpx2.Response) -> str:
    """The message in the body of an error, of which only the beginning is read."""
    text = _head(response).decode("utf-8", "replace")
    try:
        return error_text(json.loads(text))
    except (ValueError, RecursionError):
        return text


def _head(response: httpx2.Response) -> bytes:
    found = b""
    for chunk in response.iter_bytes():
        found += chunk
        if len(found) > LONGEST_ERROR:
            break
    return found[:LONGEST_ERROR]
