"""A service below a path, behind proxies: links, addresses, and headers that are not believed."""

import http.client
import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

import pytest
from flask.testing import FlaskClient

from service.settings import Settings
from service.web.app import create_app
from service.web.middleware.proxies import address_of
from tests.support import reverse_proxies
from tests.support.fakes import FakeService
from tests.support.reverse_proxies import needs_caddy, needs_nginx
from tests.support.serving import Reply, Served, serving

DOCS = Path(__file__).parents[3] / "docs" / "operating.md"
SERVE = ("-m", "service", "serve", "--engine", "extractive", "--port", "0")
TEXTS = ["The council voted to build a bridge.", "镇议会投票决定建一座桥。"]
LOCATIONS = "".join(
    f"""
    location {path}/ {{
      proxy_pass http://diglot{rest};
      include headers;
      proxy_set_header X-Forwarded-Prefix {path};
    }}
    """
    for path, rest in [("/plain", "/"), ("/whole", ""), ("/摘要", "/")]
)


def client_of(tmp_path: Path, **settings: Any) -> FlaskClient:
    return create_app(FakeService(), Settings(data=tmp_path, **settings)).test_client()


def links(html: str) -> list[str]:
    return re.findall(r'(?:href|src|data-address)="([^"]+)"', html)


# Path prefixes


@pytest.mark.parametrize("sent", ["/summarize", "/diglot/summarize"])
def test_a_prefix_may_be_left_in_the_path_or_taken_away(tmp_path: Path, sent: str) -> None:
    client = client_of(tmp_path, path_prefix="/diglot")
    assert [client.post(sent, json={"text": text}).status_code for text in TEXTS] == [200, 200]
    problem = client.post(sent, json={}).get_json()
    assert problem["type"] == "/diglot/docs#bad_input"
    assert client.get("/openapi.json").get_json()["servers"] == [{"url": "/diglot"}]
    assert client.get("/diglotsummarize").status_code == 404


@pytest.mark.parametrize("page", ["/diglot", "/diglot/", "/", "/docs"])
def test_every_link_of_the_pages_has_the_prefix(tmp_path: Path, page: str) -> None:
    found = links(client_of(tmp_path, path_prefix="/diglot").get(page).text)
    assert found
    assert [link for link in found if not link.startswith("/diglot/")] == []


@pytest.mark.parametrize(
    ("proxies", "sent", "prefix"),
    [
        (0, "/a", ""),
        (1, "/a/", "/a"),
        (1, "/evil, /a", "/a"),
        (2, "/a, /b", "/a/b"),
        (2, "/evil, /a, /b", "/a/b"),
        (2, "/a", "/a"),
        (1, "//evil.example", ""),
        (1, "", ""),
    ],
)
def test_a_forwarded_prefix_is_believed_of_known_proxies_only(
    tmp_path: Path, proxies: int, sent: str, prefix: str
) -> None:
    answer = client_of(tmp_path, proxies=proxies).get(
        "/nothing", headers={"X-Forwarded-Prefix": sent}
    )
    assert answer.get_json()["type"] == f"{prefix}/docs#not_found"


def test_the_setting_goes_before_a_forwarded_prefix(tmp_path: Path) -> None:
    client = client_of(tmp_path, proxies=1, path_prefix="/own")
    answer = client.get("/nothing", headers={"X-Forwarded-Prefix": "/other"})
    assert answer.get_json()["type"] == "/own/docs#not_found"


def test_the_problem_of_a_stream_has_the_prefix(tmp_path: Path) -> None:
    service = FakeService()
    service.enqueue(ValueError("broken"))
    settings = Settings(data=tmp_path, path_prefix="/diglot")
    answer = (
        create_app(service, settings)
        .test_client()
        .post("/summarize", json={"text": TEXTS[1]}, headers={"Accept": "text/event-stream"})
    )
    assert '"type": "/diglot/docs#internal"' in answer.text


# Addresses


@pytest.mark.parametrize(
    ("sent", "address"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("1.2.3.4:1111", "1.2.3.4"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ('"[2001:db8::1]:443"', "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("unknown", "unknown"),
        ("unknown:80", "unknown:80"),
        ("", ""),
    ],
)
def test_an_address_is_read_with_and_without_its_port(sent: str, address: str) -> None:
    assert address_of(sent) == address


def test_clients_behind_a_gateway_that_sends_ports_are_counted_apart(tmp_path: Path) -> None:
    client = client_of(tmp_path, proxies=1, rate_per_address="1/minute")
    sent = ["1.2.3.4:1111", "5.6.7.8:2222", "1.2.3.4:3333", "[2001:db8::1]:443", "[2001:db8::2]:1"]
    asked = [
        client.post("/summarize", json={"text": TEXTS[1]}, headers={"X-Forwarded-For": address})
        for address in sent
    ]
    assert [answer.status_code for answer in asked] == [200, 200, 429, 200, 429]


# A real nginx


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    log = tmp_path_factory.mktemp("served") / "log"
    with serving(
        log,
        *SERVE,
        environment={
            "DIGLOT_PROXIES": "1",
            "DIGLOT_KEEP_ALIVE_S": "2",
            "SCRIPT_NAME": "/other-program",
        },
    ) as server:
        server.wait_until_ready()
        yield server


@pytest.fixture(scope="module")
def nginx(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("nginx")
    with reverse_proxies.nginx(folder, served.host, served.port, LOCATIONS) as port:
        yield replace(served, port=port)


@pytest.mark.slow
@needs_nginx
@pytest.mark.parametrize("prefix", ["/plain", "/whole", quote("/摘要")])
def test_the_page_and_its_parts_answer_behind_nginx(nginx: Served, prefix: str) -> None:
    for page in (f"{prefix}/", f"{prefix}/docs"):
        html = nginx.get(page)
        assert html.status == 200
        for link in links(html.body.decode()):
            method = "POST" if link.endswith("/summarize") else "GET"
            reply = nginx.ask(method, urljoin(page, link))
            assert reply.status == (415 if method == "POST" else 200), link
    assert nginx.get(f"{prefix}/openapi.json").json["servers"] == [{"url": prefix}]


@pytest.mark.slow
@needs_nginx
@pytest.mark.parametrize("text", TEXTS)
def test_a_batch_can_be_followed_behind_nginx(nginx: Served, text: str) -> None:
    line = json.dumps({"text": text}).encode()
    sent = nginx.ask("POST", "/plain/batches", line, {"Content-Type": "application/x-ndjson"})
    assert sent.headers["Location"] == f"/plain/batches/{sent.json['id']}"
    assert nginx.get(sent.headers["Location"]).json["results"] == sent.json["results"]
    assert nginx.get(sent.json["results"]).status == 200
    problem = nginx.get("/plain/batches/none").json
    assert problem["type"] == "/plain/docs#unknown_batch"
    assert nginx.get(problem["type"].partition("#")[0]).status == 200


@pytest.mark.slow
@needs_nginx
def test_nginx_goes_on_when_its_idle_connections_were_closed(nginx: Served) -> None:
    for _ in range(3):
        assert nginx.get("/plain/livez").status == 200
        time.sleep(2.2)  # about as long as the service keeps an idle connection


def documented(language: str, served: Served) -> str:
    """The configuration that the docs show, for the service that runs here."""
    (shown,) = re.findall(f"```{language}\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    return str(shown).replace("127.0.0.1:8000", f"{served.host}:{served.port}")


@needs_nginx
@pytest.mark.parametrize("text", TEXTS)
def test_the_nginx_of_the_docs_works(served: Served, tmp_path: Path, text: str) -> None:
    locations = documented("nginx", served)
    with reverse_proxies.nginx(tmp_path, served.host, served.port, locations) as port:
        works_below_diglot(replace(served, port=port), text)


@needs_caddy
@pytest.mark.parametrize("text", TEXTS)
def test_the_caddy_of_the_docs_works(
    served: Served, tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with reverse_proxies.caddy(tmp_path, documented("caddy", served)) as port:
        works_below_diglot(replace(served, port=port), text)


def works_below_diglot(proxy: Served, text: str) -> None:
    found = links(proxy.get("/diglot/").body.decode())
    assert {proxy.get(link).status for link in found if "static" in link or "docs" in link} == {200}
    body, kind = json.dumps({"text": text}).encode(), {"Content-Type": "application/json"}
    assert proxy.ask("POST", "/diglot/summarize", body, kind).json["language"][:2] in {"en", "zh"}
    stream = proxy.ask("POST", "/diglot/summarize", body, kind | {"Accept": "text/event-stream"})
    assert b"event: result" in stream.body
    sent = proxy.ask("POST", "/diglot/batches", b"[" + body + b"]", kind)
    assert proxy.get(sent.headers["Location"]).json["articles"] == 1
    assert proxy.get("/diglot/nothing").json["type"] == "/diglot/docs#not_found"


# Headers that are not believed


@pytest.mark.parametrize("header", ["SCRIPT_NAME", "Script-Name", "PATH_INFO", "Path-Info"])
def test_a_header_does_not_change_the_path(served: Served, header: str) -> None:
    reply = served.ask("GET", "/livez/metrics", headers={header: "/livez"})
    assert reply.status == 404
    assert b"python_info" not in reply.body


def test_an_idle_connection_stays_as_long_as_the_setting_says(served: Served) -> None:
    assert Settings().keep_alive_s > 60  # nginx, and the load balancers of AWS and Google
    connection = served.connect()
    answers = [_get(connection), _get(connection)]
    assert [answer.status for answer in answers] == [200, 200]
    assert connection.sock is not None
    connection.sock.settimeout(30)
    assert connection.sock.recv(1) == b""  # closed by the service
    connection.close()


def _get(connection: http.client.HTTPConnection) -> Reply:
    connection.request("GET", "/livez")
    response = connection.getresponse()
    return Reply(response.status, response.headers, response.read())
