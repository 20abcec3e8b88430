"""Every provider's errors are told apart by their status and their sentence."""

import pytest

from service.errors import NotReady, RemoteFailed, TooLong
from service.remote.endpoint import Endpoint
from service.remote.failures import FieldsRefused, Filtered, Transient, failure

ENDPOINT = Endpoint("https://h/v1", "h", False, "sk-secret")
BODY = {
    "model": "m", "messages": [], "max_tokens": 9, "stream": True, "seed": 0,
    "top_logprobs": 5, "logprobs": True, "chat_template_kwargs": {"enable_thinking": False},
}  # fmt: skip


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (400, "This model's maximum context length is 8192 tokens", TooLong),
        (400, "the request exceeds the available context size", TooLong),
        (400, "Content Exists Risk", Filtered),
        (400, "DataInspectionFailed: data_inspection_failed", Filtered),
        (400, "API key not valid. Please pass a valid API key.", NotReady),
        (401, "", NotReady),
        (402, "Insufficient Balance", NotReady),
        (429, "You exceeded your current quota: insufficient_quota", NotReady),
        (429, "Rate limit reached", Transient),
        (408, "", Transient),
        (500, "", Transient),
        (529, "overloaded_error", Transient),
        (404, "model not found", RemoteFailed),
        (301, "", RemoteFailed),
        (400, "Unrecognized request argument supplied: seed", FieldsRefused),
        (500, "logprobs is not supported for models created with logits_all=False", FieldsRefused),
    ],
)
def test_an_error_has_the_meaning_of_its_provider(
    status: int, text: str, kind: type[Exception]
) -> None:
    assert type(failure(ENDPOINT, status, text, {}, BODY)) is kind


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ('Unknown name "seed": Cannot find field.', {"seed"}),
        ("enable_thinking is not a parameter", {"chat_template_kwargs"}),
        ("logprobs are not available with this model", {"logprobs", "top_logprobs"}),
        ("Use 'max_completion_tokens' instead of 'max_tokens'", {"max_tokens"}),
        ("the seedling is too old", {"seed", "logprobs", "top_logprobs", "chat_template_kwargs"}),
    ],
)
def test_the_refused_fields_are_those_that_are_named(text: str, fields: set[str]) -> None:
    found = failure(ENDPOINT, 400, text, {}, BODY)
    assert isinstance(found, FieldsRefused)
    assert found.fields == fields


def test_a_bare_request_has_nothing_to_leave_out() -> None:
    bare = {name: BODY[name] for name in ("model", "messages", "max_tokens", "stream")}
    assert isinstance(failure(ENDPOINT, 400, "no", {}, bare), RemoteFailed)


def test_a_quotation_is_short_and_without_the_key() -> None:
    told = str(failure(ENDPOINT, 404, "sk-secret\n" + "x" * 9_999, {}, BODY))
    assert "sk-secret" not in told
    assert len(told) < 300
    assert "\n" not in told


def test_the_time_to_wait_is_the_servers() -> None:
    found = failure(ENDPOINT, 429, "slow", {"retry-after": "7"}, BODY)
    assert isinstance(found, Transient)
    assert found.wait_s == 7
