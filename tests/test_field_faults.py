"""The faults of fields are told in a reader's words, in English and Chinese."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from service import messages
from service.checks.report import CheckRequest
from service.field_faults import FieldFault, field_faults
from service.messages import localized
from service.web.chat_body import ChatBody
from service.web.request_fields import SummarizeBody

VALIDATORS_WORDS = (
    "valid ",
    "validation",
    "instance of",
    "Input",
    "[key]",
    "list[",
    ".str",
    "Chat",
)


@pytest.fixture
def chinese() -> Iterator[None]:
    messages.use("zh")
    yield
    messages.use("en")


def faults(model: type[BaseModel], sent: dict[str, Any]) -> list[FieldFault]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(sent)
    return list(field_faults(caught.value, model))


def chat(content: Any, **more: Any) -> dict[str, Any]:
    return {"model": "diglot", "messages": [{"role": "user", "content": content}], **more}


PART = "messages[0].content[0]"
CASES: list[tuple[type[BaseModel], dict[str, Any], str, str]] = [
    (ChatBody, chat([{"type": "image_url"}]), PART,
     "is of the type image_url; only text is read here"),
    (ChatBody, chat([{"type": "text"}]), f"{PART}.text", "is required"),
    (ChatBody, chat([{"type": "text", "text": 5}]), f"{PART}.text", "must be a string"),
    (ChatBody, chat([{"text": "市议会"}]), f"{PART}.type", "is required"),
    (ChatBody, chat(["市议会"]), PART, "must be an object"),
    (ChatBody, chat(5), "messages[0].content", "must be a string or a list of parts"),
    (ChatBody, {"model": "diglot", "messages": []}, "messages", "must not be empty"),
    (ChatBody, {"model": "diglot", "messages": ["市"]}, "messages[0]", "must be an object"),
    (ChatBody, chat("x", stream="ja"), "stream", "must be true or false"),
    (ChatBody, chat("x", n=2), "n", "must be at most 1"),
    (ChatBody, chat("x", n="many"), "n", "must be a whole number"),
    (ChatBody, chat("x", diglot={"文": 1}), "diglot.文",
     "is not known; known are languages, length, source, style, targets, timeout, title,"
     " whole_page, zh_script"),
    (CheckRequest, {"text": "a", "digests": {"fr": "x"}}, "digests.fr",
     "is not known; known are en, zh"),
    (CheckRequest, {"text": "a", "digests": {}}, "digests", "must not be empty"),
    (CheckRequest, {"text": "a", "digests": []}, "digests", "must be an object"),
    (SummarizeBody, {"text": "市", "targets": ["市"] * 9}, "targets", "must hold at most 8 items"),
    (SummarizeBody, {"text": "市", "targets": [" "]}, "targets[0]", "must not be empty"),
    (SummarizeBody, {"text": "市", "timeout": 0}, "timeout", "must be at least 0.1"),
    (SummarizeBody, {"text": "市", "timeout": float("nan")}, "timeout", "must be a number"),
    (SummarizeBody, {"text": "市", "length": "tiny"}, "length",
     "must be 'short', 'medium' or 'long'"),
    (SummarizeBody, {"text": "市", "title": "题" * 1001}, "title",
     "must have at most 1000 characters"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "sent", "field", "message"), CASES)
def test_a_fault_names_its_field_and_the_remedy(
    model: type[BaseModel], sent: dict[str, Any], field: str, message: str
) -> None:
    assert faults(model, sent)[0] == FieldFault(field, message)


@pytest.mark.parametrize(("model", "sent"), [case[:2] for case in CASES])
def test_no_fault_speaks_of_the_validator(model: type[BaseModel], sent: dict[str, Any]) -> None:
    for field, message in faults(model, sent):
        assert not any(word in f"{field} {message}" for word in VALIDATORS_WORDS)


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize(("model", "sent"), [case[:2] for case in CASES if case[0] != ChatBody])
def test_the_terminal_shows_each_fault_in_chinese(
    model: type[BaseModel], sent: dict[str, Any]
) -> None:
    for field, message in faults(model, sent):
        told = localized(f"The field {field} {message}.")
        assert told.startswith(f"{field} 字段")
        assert localized(message) != message


def test_a_fault_without_words_of_its_own_is_told_all_the_same() -> None:
    class Url(BaseModel):
        place: bytes

    assert faults(Url, {"place": 5}) == [FieldFault("place", "has a value that is not allowed")]
