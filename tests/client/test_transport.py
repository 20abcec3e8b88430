"""The transport alone: a wait that is too long is not waited for."""

from collections.abc import Iterator

import pytest

from service.client.client_errors import NoAnswer, ServiceProblem
from service.client.transport import Transport
from tests.support import chat_server as scripted
from tests.support.chat_server import ChatServer


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with scripted.chat_server() as opened:
        yield opened


def test_a_long_wait_is_left_to_the_caller(server: ChatServer) -> None:
    server.reply = scripted.whole({"code": "rate_limited"}, 429, {"Retry-After": "7200"})
    transport = Transport(server.url, None, 5, 3)
    with pytest.raises(ServiceProblem):
        transport.request("POST", "/x", json={})
    transport.close()
    assert len(server.asked) == 1


def torn(handler: scripted.Handler, body: scripted.Body) -> None:
    handler.begin("application/json", headers={"Content-Length": "99"})
    handler.send(b"{")


def test_an_answer_that_breaks_off_is_none(server: ChatServer) -> None:
    server.reply = torn
    transport = Transport(server.url, "key", 5, 1)
    with pytest.raises(NoAnswer):
        transport.request("POST", "/x", json={})
    transport.close()
    assert server.asked[0].headers["Authorization"] == "Bearer key"
