"""Conditional answers."""

from datetime import UTC, datetime

import pytest
from flask import Flask

from service.web.conditional import validators

WHEN = datetime(2026, 11, 27, 12, 0, 0, tzinfo=UTC)
TAG = 'W/"'


def status(headers: dict[str, str], *parts: object, modified: datetime | None = None) -> int:
    with Flask(__name__).test_request_context(headers=headers):
        return validators(*parts, modified=modified).status_code


def tag(*parts: object) -> str:
    with Flask(__name__).test_request_context():
        return validators(*parts).headers["ETag"]


def test_the_tag_stands_for_all_parts() -> None:
    assert tag("a", 1) == tag("a", 1) != tag("a", 2)
    assert tag("报告", 1).startswith(TAG)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 200),
        ({"If-None-Match": tag("a", 1)}, 304),
        ({"If-None-Match": tag("a", 2)}, 200),
        ({"If-Modified-Since": "Fri, 27 Nov 2026 12:00:00 GMT"}, 304),
        ({"If-Modified-Since": "Fri, 27 Nov 2026 11:59:59 GMT"}, 200),
        # The tag decides where both came.
        ({"If-None-Match": tag("b"), "If-Modified-Since": "Fri, 27 Nov 2026 12:00:00 GMT"}, 200),
    ],
)
def test_304_is_for_the_same_state(headers: dict[str, str], code: int) -> None:
    assert status(headers, "a", 1, modified=WHEN) == code


def test_without_a_date_only_the_tag_counts() -> None:
    assert status({"If-Modified-Since": "Fri, 27 Nov 2026 12:00:00 GMT"}, "a") == 200
