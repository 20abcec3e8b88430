import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from service.errors import Cancelled
from service.remote.chat_response import (
    CHARACTERS_A_TOKEN,
    LONGEST_ERROR,
    error_of,
    read_completion,
)
from service.remote.completion import Completion, Malformed
from service.remote.failures import Transient

EVENTS = {"content-type": "text/event-stream; charset=utf-8"}
PATIENT_S = 60.0


def delta(text: str | None, finish: str | None = None) -> bytes:
    event = {"choices": [{"delta": {"content": text}, "finish_reason": finish}]}
    return b"data: " + json.dumps(event).encode() + b"\n\n"


def stream(*events: bytes) -> httpx2.Response:
    return httpx2.Response(200, headers=EVENTS, content=b"".join(events))


def read(
    response: httpx2.Response,
    *,
    max_tokens: int = 50,
    longest_s: float = PATIENT_S,
    is_abandoned: Callable[[], bool] = lambda: False,
    watch: Callable[[str], None] = lambda text: None,
) -> Completion:
    return read_completion(response, max_tokens, longest_s, is_abandoned, watch)


@pytest.mark.parametrize("words", [("A tram ", "comes."), ("电车", "来了。")])
def test_the_text_is_watched_while_it_grows(words: tuple[str, str]) -> None:
    seen: list[str] = []
    events = [delta(words[0]), delta(None), delta(words[1], "stop"), b"data: [DONE]\n\n"]
    completion = read(stream(*events), watch=seen.append)
    assert completion.text == "".join(words)
    assert seen == [words[0], "".join(words)]


def test_an_answer_in_one_piece_is_read_too() -> None:
    message = {"message": {"content": "A tram comes."}, "finish_reason": "stop"}
    response = httpx2.Response(200, json={"choices": [message]})
    assert read(response).text == "A tram comes."


def test_a_server_that_ignores_the_limit_is_cut() -> None:
    completion = read(stream(delta("tram " * 100, "stop")), max_tokens=2)
    assert len(completion.text) == 2 * CHARACTERS_A_TOKEN
    assert completion.is_cut


@pytest.mark.parametrize(
    ("response", "fault"),
    [
        (stream(delta("A tram")), "breaks off"),
        (stream(b'data: {"choices": []}\n\n'), "without an answer"),
        (httpx2.Response(200, content=b"<html>"), "no JSON"),
    ],
)
def test_a_response_that_is_not_an_answer(response: httpx2.Response, fault: str) -> None:
    with pytest.raises(Malformed, match=fault):
        read(response)


def test_reading_ends_when_abandoned_or_out_of_time() -> None:
    with pytest.raises(Cancelled):
        read(stream(delta("A tram comes.", "stop")), is_abandoned=lambda: True)
    with pytest.raises(Transient, match="too long"):
        read(stream(delta("A tram comes.", "stop")), longest_s=-1.0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (json.dumps({"error": {"message": "no such model"}}).encode(), "no such model"),
        ("服务器正忙".encode(), "服务器正忙"),
        (b"x" * (2 * LONGEST_ERROR), "x" * LONGEST_ERROR),
    ],
)
def test_the_message_of_an_error(content: Any, message: str) -> None:
    assert error_of(httpx2.Response(500, content=content)) == message
