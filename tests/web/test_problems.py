"""Errors as problem documents."""

import logging

import pytest
from flask.testing import FlaskClient

from service import errors
from tests.support.fakes import FakeService
from tests.support.http import CHINESE, ENGLISH, post, problem


def test_unknown_address_and_wrong_method(client: FlaskClient) -> None:
    assert "POST /summarize" in problem(client.get("/summarise"), 404, "not_found")["detail"]
    response = client.get("/summarize")
    problem(response, 405, "method_not_allowed")
    assert "POST" in response.headers["Allow"]


@pytest.mark.parametrize(
    ("error", "retry"),
    [
        (errors.NotReady("the engine is being loaded"), "5"),
        (errors.Overloaded("256 articles wait already"), "2"),
        (errors.NoText("nothing is left once menus are removed"), None),
    ],
)
def test_service_refuses(
    client: FlaskClient, service: FakeService, error: errors.DiglotError, retry: str | None
) -> None:
    service.refuse = error
    response = post(client, {"text": ENGLISH})
    assert problem(response, error.status, error.code)["detail"] == str(error)
    assert response.headers.get("Retry-After") == retry


@pytest.mark.parametrize(
    "error",
    [
        errors.DeadlineExceeded("not done within 600 s"),
        errors.EngineFailed("the model wrote nothing"),
        errors.NoRoom("full"),
        errors.TooLong("too long for the model"),
    ],
)
def test_service_fails(
    client: FlaskClient, service: FakeService, error: errors.DiglotError
) -> None:
    service.enqueue(error)
    problem(post(client, {"text": CHINESE}), error.status, error.code)


def test_surprise_is_logged_and_not_shown(
    client: FlaskClient, service: FakeService, caplog: pytest.LogCaptureFixture
) -> None:
    service.enqueue(ZeroDivisionError("/secret/path"))
    response = post(client, {"text": ENGLISH})
    body = problem(response, 500, "internal")
    assert "secret" not in response.get_data(as_text=True)
    surprises = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert body["request_id"] in surprises[0].getMessage()
    assert surprises[0].exc_info


def test_problems_of_http_itself_have_no_address(client: FlaskClient) -> None:
    with client.get("/static/page.css", headers={"Range": "bytes=99999999-"}) as response:
        assert response.status_code == 416
        assert response.get_json()["type"] == "about:blank"
