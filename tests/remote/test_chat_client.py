"""The client alone: what it sends, what it remembers, and when it gives up."""

from collections.abc import Iterator

import pytest

from service.errors import Cancelled, RemoteFailed
from service.remote.chat_client import ChatClient, ChatRequest
from service.remote.endpoint import Endpoint
from tests.support import chat_server as scripted
from tests.support.chat_server import ChatServer, Text

REQUEST = ChatRequest("<article>\n镇\n</article>", 64, {"seed": 7})


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with scripted.chat_server() as opened:
        yield opened


@pytest.fixture
def client(server: ChatServer) -> ChatClient:
    return ChatClient(Endpoint(server.url, "here", True), timeout_s=5, tries=2, connections=2)


def test_the_body_of_a_request(server: ChatServer, client: ChatClient) -> None:
    server.reply = scripted.streamed(Text("镇上建桥。"))
    seen: list[str] = []
    found = client.complete("m", REQUEST, watch=seen.append)
    assert found.text == seen[-1] == "镇上建桥。"
    (asked,) = server.asked
    assert asked.path == "/v1/chat/completions"
    assert "Authorization" not in asked.headers
    assert asked.body == {
        "model": "m", "messages": [{"role": "user", "content": REQUEST.message}],
        "max_tokens": 64, "stream": True, "stream_options": {"include_usage": True}, "seed": 7,
    }  # fmt: skip


def test_a_pause_that_is_too_long_is_not_waited_for(server: ChatServer, client: ChatClient) -> None:
    server.script.append(scripted.error(429, "tomorrow", {"Retry-After": "80000"}))
    with pytest.raises(RemoteFailed) as caught:
        client.complete("m", REQUEST)
    assert caught.value.retry_after_s == 80_000
    assert len(server.asked) == 1


def test_an_abandoned_request_is_not_sent(server: ChatServer, client: ChatClient) -> None:
    with pytest.raises(Cancelled):
        client.complete("m", REQUEST, lambda: True)
    assert not server.asked


def test_an_address_without_a_list_of_models_is_noticed(
    server: ChatServer, client: ChatClient, caplog: pytest.LogCaptureFixture
) -> None:
    assert [each["id"] for each in client.models()] == ["scripted"]
    assert not caplog.text
    server.models = scripted.error(404)
    assert client.models() == []
    assert "most addresses end in /v1" in caplog.text


@pytest.mark.parametrize(
    "sent",
    [b"[" * 200_000, b'{"data": 5}', b"[]", b"\xff"],
    ids=["deep", "number", "list", "bytes"],
)
def test_a_list_of_models_that_is_none_names_no_model(
    server: ChatServer, client: ChatClient, sent: bytes
) -> None:
    server.models = scripted.raw(sent, "application/json")
    assert client.models() == []


def test_a_redirect_is_not_followed(server: ChatServer, client: ChatClient) -> None:
    """The text and the key go to the server that was named, and to no other."""
    server.reply = scripted.whole({}, 307, {"Location": "http://127.0.0.1:9/elsewhere"})
    with pytest.raises(RemoteFailed, match="307"):
        client.complete("m", REQUEST)


def test_a_huge_error_is_cut(server: ChatServer, client: ChatClient) -> None:
    server.reply = scripted.whole({"error": {"message": "x" * 1_000_000}}, 404)
    with pytest.raises(RemoteFailed) as caught:
        client.complete("m", REQUEST)
    assert len(str(caught.value)) < 400


def test_an_answer_without_choices_is_told_as_such(server: ChatServer, client: ChatClient) -> None:
    server.reply = scripted.whole({"choices": []})
    with pytest.raises(RemoteFailed, match="a completion without an answer: its choices are empty"):
        client.complete("m", REQUEST)
    assert len(server.asked) == 2
