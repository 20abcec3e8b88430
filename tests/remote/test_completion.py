"""Chunks in every provider's shape become one completion, and no chunk breaks the reader."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.remote import completion
from service.remote.completion import Completion, Malformed, ServerError, error_text, events


def chunk(**delta: Any) -> dict[str, Any]:
    return {"choices": [{"delta": delta, "finish_reason": None}]}


@given(st.lists(st.integers(1, 40), max_size=60))
def test_events_do_not_depend_on_where_the_bytes_are_cut(sizes: list[int]) -> None:
    stream = (
        'data: {"a": "镇"}\r\n\r\n: a comment\n\nevent: x\ndata: {"b":\ndata: 2}\n\n'
        "data: [DONE]\n\n"
        'data: {"after": 1}\n\n'
    ).encode()
    chunks, start = [], 0
    for size in [*sizes, len(stream)]:
        chunks.append(stream[start : start + size])
        start += size
    assert list(events(chunks)) == [{"a": "镇"}, {"b": 2}]


def test_a_last_event_needs_no_empty_line() -> None:
    assert list(events([b'data: {"a": 1}'])) == [{"a": 1}]


def test_a_line_that_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completion, "LONGEST_EVENT", 1_000)
    with pytest.raises(Malformed):
        list(events([b"data: " + b"x" * 600, b"x" * 600]))


@pytest.mark.parametrize(
    "data",
    [[], "text", {"choices": "x"}, {"choices": [1]}, {"choices": [{"message": "镇上建桥"}]}],
)
def test_another_body_is_malformed(data: Any) -> None:
    with pytest.raises(Malformed):
        Completion().add(data)


def test_text_thoughts_and_usage_are_gathered() -> None:
    found = Completion()
    found.add(chunk(role="assistant", content=None))
    found.add(chunk(reasoning="hm"))
    found.add(chunk(content="镇上"))
    found.add(chunk(content=[{"type": "thinking"}, {"type": "text", "text": "建桥"}]))
    found.add({"choices": [{"delta": {}, "finish_reason": "length"}]})
    found.add({"choices": [], "usage": {
        "prompt_tokens": 7, "completion_tokens": 3, "prompt_cache_hit_tokens": 5}})  # fmt: skip
    assert found.text == "镇上建桥"
    assert found.has_thought
    assert found.is_cut
    assert (found.prompt_tokens, found.cached_tokens, found.completion_tokens) == (7, 5, 3)


def test_alternatives_are_those_of_the_first_token_of_the_answer() -> None:
    found = Completion()
    first = {"token": "none", "top_logprobs": [{"token": "none", "logprob": -0.1}]}
    second = {"token": "x", "top_logprobs": [{"token": "x", "logprob": -9.0}]}
    for token in (first, second):
        choice = {"delta": {"content": token["token"]}, "logprobs": {"content": [token]}}
        found.add({"choices": [choice]})
    assert found.alternatives == {"none": -0.1}


def test_an_error_is_one_wherever_it_comes() -> None:
    for data in ({"error": {"message": "boom", "code": 503}}, {"base_resp": {"status_code": 1002}}):
        with pytest.raises(ServerError):
            Completion().add(data)


@pytest.mark.parametrize(
    "detail",
    ["boom", {"error": {"message": "boom"}}, {"message": "boom"}, {"detail": [{"msg": "boom"}]},
     [{"error": {"message": "boom"}}], {"error": "boom"}],
)  # fmt: skip
def test_the_sentence_of_an_error_is_found(detail: Any) -> None:
    assert error_text(detail) == "boom"


def test_an_error_without_a_sentence_is_shown_as_it_is() -> None:
    assert json.loads(error_text({"code": 3})) == {"code": 3}
