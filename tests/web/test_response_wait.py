"""Waiting for an answer: deadlines, and clients that fall silent."""

import socket
from concurrent.futures import CancelledError

import pytest
from flask.testing import FlaskClient

from service.errors import NotReady
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


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_client_that_hangs_up_gives_its_article_up(service: FakeService, text: str) -> None:
    client = create_app(service, Settings(http_threads=1)).test_client()
    service.enqueue(None)
    ours, theirs = socket.socketpair()
    with ours:
        theirs.close()
        reply = client.post(
            "/summarize", json={"text": text}, environ_overrides={"gunicorn.socket": ours}
        )
    assert reply.status_code == 499
    assert service.handed[0].future.cancelled()
    service.enqueue(NotReady())
    assert post(client, {"text": CHINESE}).status_code == 503  # its place is free again
