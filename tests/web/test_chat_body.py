"""The article of a chat request and its options, whatever program wrote it."""

from typing import Any

import pytest
from flask import Flask, request

from service.errors import DiglotError
from service.tasks import Options
from service.web.chat_body import MODELS, read_chat
from tests.support.http import CHINESE, ENGLISH


def read(**body: Any) -> Any:
    body = {"model": "diglot", **body}
    with Flask(__name__).test_request_context("/", method="POST", json=body):
        return read_chat(request, 1_000)[1]


def user(content: Any) -> list[dict[str, Any]]:
    return [
        {"role": "system", "content": "Summarize in 3 words."},
        {"role": "user", "content": content},
    ]


@pytest.mark.parametrize("article", [ENGLISH, CHINESE])
@pytest.mark.parametrize("model", MODELS)
def test_the_model_is_the_languages_and_the_last_message_the_article(
    model: str, article: str
) -> None:
    earlier = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": None}]
    sent = read(model=model, messages=[*earlier, *user(f"input: \n{article}")], temperature=0.3)
    assert sent.article.text == article
    assert sent.options == Options(languages=MODELS[model])


def test_a_message_in_parts_is_one_text() -> None:
    parts = [{"type": "text", "text": ENGLISH}, {"type": "text", "text": CHINESE}]
    assert read(messages=user(parts)).article.text == f"{ENGLISH}\n{CHINESE}"


def test_diglots_own_options_are_taken() -> None:
    own = {"targets": ["新桥"], "length": "short", "zh_script": "Hant", "title": "T", "timeout": 9}
    sent = read(messages=user(CHINESE), diglot=own)
    assert (sent.options.targets, sent.options.zh_script) == (("新桥",), "Hant")
    assert (sent.article.title, sent.timeout) == ("T", 9)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"messages": []}, "bad_input"),
        ({"messages": [{"role": "system", "content": "x"}]}, "bad_input"),
        ({"messages": user(" ")}, "no_text"),
        ({"messages": user("x" * 1_001)}, "too_long"),
        ({"messages": user([{"type": "image_url", "image_url": {}}])}, "bad_input"),
        ({"messages": user("x"), "model": "gpt-4o"}, "unknown_model"),
        ({"messages": user("x"), "n": 2}, "bad_input"),
        ({"messages": user("x"), "response_format": {"type": "json_object"}}, "bad_input"),
        ({"messages": user("x"), "diglot": {"lenght": "short"}}, "bad_input"),
        ({"messages": "x"}, "bad_input"),
        ({"messages": user("x"), "model": None}, "bad_input"),
    ],
)
def test_a_body_without_an_answer_is_refused(body: Any, code: str) -> None:
    with pytest.raises(DiglotError) as caught:
        read(**body)
    assert caught.value.code == code
