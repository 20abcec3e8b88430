"""Every error below /v1 has OpenAI's shape, with the status that it has elsewhere."""

import json

import pytest
from flask.testing import FlaskClient

from service.web.api_keys import Keys
from service.web.chat_errors import shaped
from tests.support.http import PROBLEM

BODY = {"model": "diglot", "messages": [{"role": "user", "content": "The council voted."}]}


@pytest.mark.parametrize(
    ("path", "sent", "status", "code"),
    [
        ("/v1/chat/completions", {**BODY, "model": "x"}, 404, "unknown_model"),
        ("/v1/chat/completions", {"model": "diglot"}, 422, "bad_input"),
        ("/v1/chat/completions", [], 422, "bad_input"),
        ("/v1/completions", BODY, 404, "not_found"),
        ("/v1/models", BODY, 405, "method_not_allowed"),
    ],
)
def test_an_error_has_openais_shape(
    client: FlaskClient, path: str, sent: object, status: int, code: str
) -> None:
    response = client.post(path, json=sent)
    assert response.status_code == status
    error = json.loads(response.data)["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", code)
    assert error["message"]


def test_the_wrong_field_is_named(client: FlaskClient) -> None:
    response = client.post("/v1/chat/completions", json={**BODY, "n": 3})
    assert json.loads(response.data)["error"]["param"] == "n"


def test_a_key_is_asked_for(client: FlaskClient, keys: Keys) -> None:
    key = keys.add("reader")
    response = client.post("/v1/chat/completions", json=BODY)
    assert response.status_code == 401
    assert json.loads(response.data)["error"]["type"] == "authentication_error"
    assert "WWW-Authenticate" in response.headers
    bearer = {"Authorization": f"Bearer {key}"}
    assert client.post("/v1/chat/completions", json=BODY, headers=bearer).status_code == 200
    assert client.get("/v1/models").status_code == 401


def test_other_addresses_keep_their_problems(client: FlaskClient) -> None:
    assert client.post("/summarize", json={}).content_type == PROBLEM


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "invalid_request_error"), (429, "rate_limit_error"), (503, "server_error")],
)
def test_the_type_is_that_of_the_status(status: int, kind: str) -> None:
    assert shaped({"status": status, "code": "x", "detail": "d"})["error"]["type"] == kind
