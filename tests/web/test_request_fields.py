from typing import Any

import pytest

from service.web.request_fields import BadFields, SummarizeBody, checked
from tests.support.http import ENGLISH


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"text": None}, "text", "must be a string"),
        ({"text": 1}, "text", "must be a string"),
        ({"summary": "a"}, "summary", "is not known; known are languages, length, source, "),
        ({"languages": ["en", "fr"]}, "languages[1]", "'en' or 'zh'"),
        ({"languages": []}, "languages", "must not be empty"),
        ({"languages": ["en", "en"]}, "languages", "twice"),
        ({"languages": "en"}, "languages", "list"),
        ({"length": "tiny"}, "length", "'short', 'medium' or 'long'"),
        ({"zh_script": "Latn"}, "zh_script", "'Hans' or 'Hant'"),
        ({"targets": [" "]}, "targets[0]", "must not be empty"),
        ({"targets": ["桥" * 201]}, "targets[0]", "at most 200 characters"),
        ({"targets": list("abcdefghi")}, "targets", "at most 8 items"),
        ({"targets": [["a"]]}, "targets[0]", "string"),
        ({"x" * 100: 1}, "x" * 59 + "…", "not known"),
    ],
)
def test_bad_field_is_named(fields: dict[str, Any], field: str, says: str) -> None:
    with pytest.raises(BadFields) as raised:
        checked(SummarizeBody, {"text": ENGLISH, **fields})
    ((named, message),) = raised.value.errors
    assert named == field
    assert says in message
    assert str(raised.value).startswith(f"{field} ")


def test_every_bad_field_is_named_at_once_but_not_endlessly() -> None:
    with pytest.raises(BadFields) as raised:
        checked(SummarizeBody, {f"f{i}": 1 for i in range(2000)})
    assert len(raised.value.errors) == 20
    assert raised.value.errors[0] == ("text", "is required")
    assert "17 more, see errors" in str(raised.value)


def test_a_valid_body_becomes_options() -> None:
    asked = {"targets": [" 新桥 ", "the mayor"], "languages": ["zh"], "length": "short"}
    options = checked(SummarizeBody, {"text": ENGLISH, **asked}).options()
    assert options.targets == ("新桥", "the mayor")
    assert (options.languages, options.length) == (("zh",), "short")
