"""A page is fetched within its bounds, and nothing of the private network is."""

import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.errors import BadInput, DiglotError, TooLong, Unreadable
from service.ingest import fetch as fetching
from service.ingest.fetch import Fetched, fetch, is_public, is_url
from tests.support import chat_server as scripted
from tests.support.certificates import make_certificate
from tests.support.chat_server import ChatServer, Handler

PAGE = "<html><body><p>镇议会投票决定建桥。</p></body></html>".encode()


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with scripted.chat_server() as opened:
        opened.models = page(PAGE)
        yield opened


def page(content: bytes, kind: str = "text/html; charset=utf-8", **headers: str) -> Any:
    def reply(handler: Handler, body: Any) -> None:
        handler.begin(kind, headers={"Content-Length": str(len(content)), **headers})
        handler.send(content)

    return reply


def redirect(to: str) -> Any:
    return scripted.whole({}, 302, {"Location": to})


def address(server: ChatServer, path: str = "/page") -> str:
    return server.url.removesuffix("/v1") + path


def test_a_page_comes_with_its_kind(server: ChatServer) -> None:
    found = fetch(address(server, "/新闻?a=1#top"), allow_private=True)
    assert found == Fetched(address(server, "/新闻?a=1#top"), PAGE, "text/html", "utf-8")
    (asked,) = server.asked
    assert asked.path == "/%E6%96%B0%E9%97%BB?a=1"
    assert asked.headers["Host"] == address(server, "").removeprefix("http://")


def test_a_redirect_is_followed_a_few_times(server: ChatServer) -> None:
    steps = iter([redirect("/b"), redirect(address(server, "/c")), page(PAGE)])

    def step(handler: Handler, body: Any) -> None:
        next(steps)(handler, body)

    server.models = step
    assert fetch(address(server), allow_private=True).url == address(server, "/c")
    server.models = redirect("/again")
    with pytest.raises(Unreadable, match="redirects"):
        fetch(address(server), allow_private=True)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://10.0.0.1/", "http://0/",
     "http://192.168.1.1/", "http://169.254.169.254/latest/meta-data", "http://[fe80::1]/",
     "http://[::ffff:127.0.0.1]/", "http://2130706433/", "http://0x7f.1/", "http://100.64.0.1/",
     "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://224.0.0.1/",
     "http://[fd00::1]/"],
)  # fmt: skip
def test_an_address_of_the_private_network_is_refused(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("it was connected to"))
    with pytest.raises(DiglotError) as caught:
        fetch(url)
    assert "private network" in str(caught.value) or "not known" in str(caught.value)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"]
)
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://example.org/", "gopher://x/", "http://", "http://user:pw@example.org/",
     "http://example.org:99999/", "http://[/", "http://" + "a" * 300 + "/"],
)  # fmt: skip
def test_another_kind_of_address_is_refused(url: str) -> None:
    with pytest.raises(BadInput):
        fetch(url)


@pytest.fixture
def public_server(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> ChatServer:
    """The server under the name public.test, which counts as public; its own address does not."""
    names = {
        "public.test": ["127.0.0.1"],
        "inside.test": ["127.0.0.2"],
        "both.test": ["127.0.0.1", "127.0.0.2"],
    }
    monkeypatch.setattr(fetching, "resolve", lambda host, port: names.get(host, [host]))
    monkeypatch.setattr(fetching, "is_public", lambda found: found == "127.0.0.1")
    return server


def named(server: ChatServer, host: str) -> str:
    return f"http://{host}:{server.server_address[1]}/"


def test_a_redirect_into_the_private_network_is_refused(public_server: ChatServer) -> None:
    assert fetch(named(public_server, "public.test")).content == PAGE
    for target in ("http://127.0.0.2/", "http://inside.test/", "file:///etc/passwd", "//10.0.0.1/"):
        public_server.models = redirect(target)
        with pytest.raises(BadInput):
            fetch(named(public_server, "public.test"))


def test_a_name_with_one_private_address_is_refused(public_server: ChatServer) -> None:
    with pytest.raises(BadInput, match="private network"):
        fetch(named(public_server, "both.test"))


def test_the_name_is_not_asked_for_again_between_look_and_connection(
    public_server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    monkeypatch.setattr(fetching, "resolve", lambda host, port: next(answers))
    assert fetch(named(public_server, "rebinding.test")).content == PAGE
    assert public_server.asked[-1].headers["Host"].startswith("rebinding.test:")


def test_a_page_that_is_too_large_is_cut_off(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MOST_BYTES", 1_000)
    server.models = page(b"x" * 100_000)
    with pytest.raises(TooLong):
        fetch(address(server), allow_private=True)


def test_a_page_that_drips_is_given_up(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MOST_SECONDS", 0.3)

    def drip(handler: Handler, body: Any) -> None:
        handler.begin("text/html")
        for _ in range(600):
            handler.send(b"x")
            time.sleep(0.05)

    for reply in (drip, scripted.silent(30)):
        server.models = reply
        begun = time.monotonic()
        with pytest.raises(Unreadable, match="seconds"):
            fetch(address(server), allow_private=True)
        assert time.monotonic() - begun < 20


@pytest.mark.parametrize("reply", [scripted.error(404), scripted.reset])
def test_a_page_that_is_not_there_says_so(reply: Any, server: ChatServer) -> None:
    server.models = reply
    with pytest.raises(Unreadable):
        fetch(address(server), allow_private=True)


def test_addresses_are_told_from_paths() -> None:
    assert is_url("HTTPS://example.org")
    assert not is_url("http/article.txt")
    assert not is_url("-")


def test_a_certificate_has_to_be_the_hosts(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Though the connection goes to an address, and not to a name."""
    signed = make_certificate(tmp_path, "DNS:public.test")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(signed)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    monkeypatch.setattr(fetching, "resolve", lambda host, port: ["127.0.0.1"])
    url = named(server, "public.test").replace("http:", "https:")
    with pytest.raises(Unreadable):  # no authority has signed the certificate
        fetch(url, allow_private=True)
    client = fetching.httpx2.Client
    trusting = ssl.create_default_context(cafile=str(signed))
    monkeypatch.setattr(fetching.httpx2, "Client", lambda **more: client(**more, verify=trusting))
    assert fetch(url, allow_private=True).content == PAGE
    with pytest.raises(Unreadable):
        fetch(url.replace("public", "other"), allow_private=True)
