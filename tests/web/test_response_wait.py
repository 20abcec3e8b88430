"""Waiting for an answer: deadlines, and clients that fall silent."""

import socket
import time
from concurrent.futures import CancelledError

import pytest
from flask.testing import FlaskClient

from service.settings import Settings
from service.web.app import create_app
from tests.support.fakes import FakeService
from tests.support.http import CHINESE, ENGLISH, post, problem


def test_service_that_closes_under_a_request(client: FlaskClient, service: FakeService) -> None:
    service.enqueue(CancelledError())
    problem(post(client, {"text": ENGLISH}), 503, "not_ready")


def test_service_that_never_answers_is_given_up(service: FakeService) -> None:
    app = create_app(service, Settings(timeout_s=0.1))
    app.config["GRACE_S"] = 0.0
    client = app.test_client()
    service.enqueue(None)
    problem(post(client, {"text": ENGLISH}), 504, "deadline")
    assert service.handed[0].future.cancelled()


@pytest.mark.parametrize("sent", [ENGLISH, CHINESE, ""])
def test_client_that_falls_silent_frees_its_thread(service: FakeService, sent: str) -> None:
    app = create_app(service, Settings(http_threads=1))
    app.config["STALLED_S"] = 0.05
    client = app.test_client()
    ours, theirs = socket.socketpair()
    started = time.monotonic()
    with ours, theirs, ours.makefile("rb") as body:
        theirs.sendall(sent.encode())
        reply = client.post(
            "/summarize",
            content_type="text/plain",
            environ_overrides={
                "CONTENT_LENGTH": "1000",
                "gunicorn.socket": ours,
                "wsgi.input": body,
            },
        )
    problem(reply, 400, "unreadable")
    assert time.monotonic() - started < 5
    assert service.handed == []
    assert post(client, {"text": CHINESE}).status_code == 200
