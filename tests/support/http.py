"""Requests to the web application in this process, and what a problem must look like."""

import json
import re
from functools import cache
from typing import Any

from flask.testing import FlaskClient

from service.settings import Settings
from service.web.app import create_app
from tests.support.fakes import FakeService

ENGLISH = "The council voted to build a bridge. The mayor called it overdue."
CHINESE = "镇议会投票决定建一座桥。镇长说早该如此。"
PROBLEM = "application/problem+json"
LIMIT = 1000
"""Characters of an article, in the application of `client`."""


def post(
    client: FlaskClient, body: Any, content_type: str = "application/json", **more: Any
) -> Any:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post("/summarize", data=sent, content_type=content_type, **more)


def ask_from(
    client: FlaskClient, text: str = ENGLISH, address: str = "192.0.2.1", **headers: str
) -> Any:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(
        "/summarize", json={"text": text}, headers=sent, environ_overrides={"REMOTE_ADDR": address}
    )


@cache
def explained_codes() -> set[str]:
    """The codes that an address like /docs#code leads to."""
    response = create_app(FakeService(), Settings()).test_client().get("/docs")
    assert response.status_code == 200
    return set(re.findall(r' id="([^"]+)"', response.text))


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The problem of a response that must be one."""
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.content_type == PROBLEM
    body: dict[str, Any] = json.loads(response.data)
    assert body["status"] == status
    assert body["code"] == code
    assert body["type"] == f"/docs#{code}"
    assert code in explained_codes()
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == response.headers["X-Request-Id"]
    return body
