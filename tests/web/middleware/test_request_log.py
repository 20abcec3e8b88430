"""Request ids, and one line in the log for each request."""

import logging

import pytest
from flask.testing import FlaskClient

from tests.support.fakes import FakeService
from tests.support.http import ENGLISH, post


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("abc-123_X.y:z", True),
        ("a" * 64, True),
        ("a" * 65, False),
        ("a b", False),
        ("桥", False),
        ("", False),
        ("a\tb", False),
    ],
)
def test_request_id(client: FlaskClient, service: FakeService, sent: str, kept: bool) -> None:
    response = post(client, {"text": ENGLISH}, headers={"X-Request-Id": sent})
    assert (response.headers["X-Request-Id"] == sent) is kept
    assert service.handed[0].id == response.headers["X-Request-Id"]
    assert response.get_json()["id"] == service.handed[0].id


def test_one_line_a_request_without_its_query(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    headers = {"X-Request-Id": "r1"}
    post(client, b"a secret", "text/plain", query_string={"title": "secret"}, headers=headers)
    client.get("/x%0asecret", headers=headers)
    lines = [
        r.getMessage() for r in caplog.records if r.name == "service.web.middleware.request_log"
    ]
    assert [line.rsplit(" ", 2)[0] for line in lines] == [
        "r1 POST /summarize 200",
        "r1 GET unknown 404",
    ]
