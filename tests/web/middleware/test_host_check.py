"""A service on one's own machine, and pages that try to use it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.setting_types import HostsType
from service.settings import Settings
from service.web.api_keys import Keys
from service.web.app import create_app
from tests.support.fakes import FakeService
from tests.support.serving import Served, serving

TEXTS = ["The council voted to build a bridge.", "镇议会投票决定建一座桥。"]
SERVE = ("-m", "service", "serve", "--engine", "extractive", "--port", "0")


def ask(tmp_path: Path, headers: dict[str, str], **settings: Any) -> int:
    client = create_app(FakeService(), Settings(data=tmp_path, **settings)).test_client()
    answer = client.post("/summarize", json={"text": TEXTS[1]}, headers=headers)
    if answer.status_code == 403:
        assert answer.get_json()["code"] == "forbidden"
    return answer.status_code


@pytest.mark.parametrize("listening", ["127.0.0.1", "::1", "localhost", "127.0.0.9"])
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost", 200),
        ("LOCALHOST.:8000", 200),
        ("diglot.localhost:8000", 200),
        ("[::1]:8000", 200),
        ("192.168.1.5", 200),  # through a tunnel: an address can't be led elsewhere
        ("evil.example:8000", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("notlocalhost", 403),
        ("[evil", 403),
        ("127.0.0.1@evil.example", 403),
    ],
)
def test_on_loopback_a_foreign_name_is_refused(
    tmp_path: Path, listening: str, host: str, status: int
) -> None:
    assert ask(tmp_path, {"Host": host}, host=listening) == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1:8000", 200),
        ("http://localhost:3000", 200),
        ("http://[::1]:8000", 200),
        ("http://evil.example", 403),
        ("https://evil.example:8000", 403),
        ("http://6.6.6.6", 403),
        ("chrome-extension://abcdefghijklmnop", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_on_loopback_a_foreign_page_is_refused(tmp_path: Path, origin: str, status: int) -> None:
    assert ask(tmp_path, {"Host": "127.0.0.1:8000", "Origin": origin}) == status


def test_a_page_that_came_through_a_tunnel_may_ask_its_own_service(tmp_path: Path) -> None:
    own = {"Host": "192.168.1.5:9000", "Origin": "http://192.168.1.5:9000"}
    assert ask(tmp_path, own) == 200
    assert ask(tmp_path, {**own, "Origin": "http://192.168.1.6:9000"}) == 403


@pytest.mark.parametrize(
    ("allowed", "host", "status"),
    [
        ("diglot.example", "diglot.example", 200),
        ("diglot.example", "DIGLOT.example:443", 200),
        ("diglot.example", "other.example", 403),
        ("diglot.example", "localhost", 200),
        ("*.example", "a.b.example", 200),
        ("*.example", "example", 403),
        ("a.example,文摘.example", "xn--k4u4z.example", 200),
        ("*", "evil.example", 200),
    ],
)
@pytest.mark.parametrize("listening", ["127.0.0.1", "0.0.0.0"])
def test_a_setting_allows_names_wherever_it_listens(
    tmp_path: Path, listening: str, allowed: str, host: str, status: int
) -> None:
    names = HostsType().convert(allowed, None, None)
    headers = {"Host": host, "Origin": f"https://{host}"}
    assert ask(tmp_path, headers, host=listening, allowed_hosts=names) == status


def test_a_service_for_others_or_with_keys_is_called_by_any_name(tmp_path: Path) -> None:
    foreign = {"Host": "evil.example", "Origin": "http://evil.example"}
    assert ask(tmp_path, foreign, host="0.0.0.0") == 200
    assert ask(tmp_path, foreign, host="no such name") == 200
    secret = Keys(tmp_path).add("newsroom")
    assert ask(tmp_path, foreign) == 401
    assert ask(tmp_path, {**foreign, "X-API-Key": secret}) == 200


# Over a real socket


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("local") / "log", *SERVE) as server:
        server.wait_until_ready()
        yield server


@pytest.mark.parametrize("path", ["/", "/docs", "/livez", "/metrics", "/batches/x"])
def test_a_page_of_a_rebound_name_reads_nothing(served: Served, path: str) -> None:
    reply = served.ask("GET", path, headers={"Host": f"evil.example:{served.port}"})
    assert (reply.status, reply.json["code"]) == (403, "forbidden")


@pytest.mark.parametrize("text", TEXTS)
def test_a_foreign_page_feeds_nothing(served: Served, text: str) -> None:
    for path, kind in [("/summarize", "text/plain"), ("/batches", "application/x-ndjson")]:
        body = json.dumps({"text": text}).encode()
        headers = {"Content-Type": kind, "Origin": "https://evil.example"}
        assert served.ask("POST", path, body, headers).status == 403
        own = {**headers, "Origin": f"http://127.0.0.1:{served.port}"}
        assert served.ask("POST", path, body, own).status in {200, 202}
