"""Who may come in: keys, rates, and what a refused client learns."""

import logging
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service import metrics
from service.settings import Settings
from service.web.api_keys import FILE, Keys
from service.web.app import create_app
from service.web.middleware import rate_limit
from service.web.middleware.rate_limit import network
from tests.support.fakes import FakeService

ENGLISH = "The council voted to build a bridge. The mayor called it overdue."
CHINESE = "镇议会投票决定建一座桥。镇长说早该如此。"
OPEN = {"/", "/docs", "/livez", "/openapi.json", "/readyz", "/metrics", "/static/<path:filename>"}


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path)


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return create_app(FakeService(), Settings(data=tmp_path))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def ask(
    client: FlaskClient, text: str = ENGLISH, address: str = "192.0.2.1", **headers: str
) -> Any:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post(
        "/summarize", json={"text": text}, headers=sent, environ_overrides={"REMOTE_ADDR": address}
    )


# Keys


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_without_keys_nobody_is_asked_for_one(client: FlaskClient, text: str) -> None:
    assert ask(client, text).status_code == 200
    assert ask(client, text, Authorization="Bearer anything").status_code == 200


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_the_first_key_shuts_the_door_and_a_revocation_holds_at_once(
    client: FlaskClient, keys: Keys, text: str
) -> None:
    assert ask(client, text).status_code == 200
    secret = keys.add("newsroom")
    assert ask(client, text).status_code == 401
    assert ask(client, text, Authorization=f"Bearer {secret}").status_code == 200
    assert ask(client, text, Authorization=f"bearer {secret}").status_code == 200
    assert ask(client, text, X_API_Key=secret).status_code == 200
    keys.revoke("newsroom")
    assert ask(client, text, Authorization=f"Bearer {secret}").status_code == 401


@pytest.mark.parametrize(
    ("sent", "challenge"),
    [
        ({}, 'Bearer realm="Diglot"'),
        ({"Authorization": "Bearer diglot_no"}, 'Bearer realm="Diglot", error="invalid_token"'),
        ({"X-API-Key": "钥匙".encode().decode("latin-1")}, 'realm="Diglot", error="invalid_token"'),
        ({"Authorization": "Bearer"}, 'Bearer realm="Diglot"'),
        ({"Authorization": "Basic YTpi"}, 'Bearer realm="Diglot"'),
        ({"Authorization": "Digest \x80"}, 'Bearer realm="Diglot"'),
    ],
)
def test_a_refusal_is_a_problem_with_a_challenge(
    client: FlaskClient, keys: Keys, sent: dict[str, str], challenge: str
) -> None:
    keys.add("a")
    before = metrics.rejections.labels("unauthorized")._value.get()
    response = client.post("/summarize", json={"text": ENGLISH}, headers=sent)
    assert response.status_code == 401
    assert response.content_type == "application/problem+json"
    assert response.headers["WWW-Authenticate"].endswith(challenge)
    body = response.get_json()
    assert (body["code"], body["type"]) == ("unauthorized", "/docs#unauthorized")
    assert body["request_id"] == response.headers["X-Request-Id"]
    assert metrics.rejections.labels("unauthorized")._value.get() == before + 1


def test_what_needs_no_key_and_what_does(client: FlaskClient, keys: Keys) -> None:
    keys.add("a")
    answered = set()
    for rule in client.application.url_map.iter_rules():
        for method in rule.methods or ():
            path = re.sub("<path:.*>", "page.js", rule.rule)
            with client.open(re.sub("<.*>", "x", path), method=method) as response:
                if response.status_code != 401:
                    answered.add(rule.rule)
    assert answered == OPEN
    # No address tells a stranger whether it exists.
    assert client.get("/no/such").status_code == 401
    assert client.get("/summarize").status_code == 401


def test_metrics_may_be_closed(tmp_path: Path, keys: Keys) -> None:
    client = create_app(FakeService(), Settings(data=tmp_path, open_metrics=False)).test_client()
    secret = keys.add("prometheus")
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"X-API-Key": secret}).status_code == 200


def test_a_setting_asks_for_keys_before_there_are_any(tmp_path: Path) -> None:
    client = create_app(FakeService(), Settings(data=tmp_path, require_key="always")).test_client()
    assert ask(client).status_code == 401
    assert client.get("/livez").status_code == 200


def test_keys_that_can_not_be_read_let_nobody_in_and_show_no_path(
    client: FlaskClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).write_text("no keys")
    response = ask(client)
    assert (response.status_code, response.get_json()["code"]) == (503, "not_ready")
    assert str(tmp_path) not in response.text
    assert str(tmp_path) in caplog.text
    assert client.get("/livez").status_code == 200


def test_the_log_names_the_key_and_never_holds_its_secret(
    client: FlaskClient, keys: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = keys.add("newsroom")
    ask(client, Authorization=f"Bearer {secret}")
    ask(client, Authorization=f"Bearer {secret}x")
    assert "ms newsroom" in caplog.text
    assert secret not in caplog.text


# Rates


@pytest.fixture
def limited(tmp_path: Path) -> FlaskClient:
    settings = Settings(data=tmp_path, rate_per_address="3/minute", rate_per_key="2/hour")
    return create_app(FakeService(), settings).test_client()


def test_an_address_may_ask_so_often_and_others_go_on(limited: FlaskClient) -> None:
    first = ask(limited)
    assert first.headers["RateLimit-Policy"] == '"address";q=3;w=60'
    assert first.headers["RateLimit"] == '"address";r=2;t=60'
    assert [ask(limited).status_code for _ in range(3)] == [200, 200, 429]
    refused = ask(limited)
    assert refused.get_json()["code"] == "rate_limited"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert '"address";r=0' in refused.headers["RateLimit"]
    assert ask(limited, address="192.0.2.2").status_code == 200
    assert limited.get("/livez", environ_overrides={"REMOTE_ADDR": "192.0.2.1"}).status_code == 200


def test_a_key_may_ask_so_often_wherever_it_comes_from(limited: FlaskClient, keys: Keys) -> None:
    secret, other = keys.add("a"), keys.add("b")
    asked = [ask(limited, address=f"192.0.2.{n}", X_API_Key=secret) for n in range(3)]
    assert [response.status_code for response in asked] == [200, 200, 429]
    assert asked[2].headers["RateLimit-Policy"] == '"address";q=3;w=60, "key";q=2;w=3600'
    assert ask(limited, address="192.0.2.9", X_API_Key=other).status_code == 200


def test_guessing_keys_is_counted_against_the_address(limited: FlaskClient, keys: Keys) -> None:
    keys.add("a")
    asked = [ask(limited, X_API_Key=f"diglot_{n}").status_code for n in range(5)]
    assert asked == [401, 401, 401, 429, 429]


def test_a_forwarded_address_is_believed_only_of_known_proxies(tmp_path: Path) -> None:
    def statuses(proxies: int) -> list[int]:
        settings = Settings(data=tmp_path, rate_per_address="1/minute", proxies=proxies)
        client = create_app(FakeService(), settings).test_client()
        return [ask(client, X_Forwarded_For=f"6.6.6.6, 7.7.7.{n}").status_code for n in range(3)]

    assert statuses(0) == [200, 429, 429]
    assert statuses(1) == [200, 200, 200]
    assert statuses(2) == [200, 429, 429]


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("", "unknown"),
        (None, "unknown"),
        ("unix:", "unknown"),
    ],
)
def test_whose_an_address_is(address: str | None, counted: str) -> None:
    assert network(address) == counted


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(rate_limit, "MOST_CLIENTS", 2)
    yield


@pytest.mark.usefixtures("few")
def test_more_clients_than_are_counted_share_one_count(limited: FlaskClient) -> None:
    assert {ask(limited, address=f"192.0.2.{n}").status_code for n in range(5)} == {200}
    assert ask(limited, address="192.0.2.77").status_code == 429
    assert ask(limited, address="192.0.2.0").status_code == 200


@pytest.mark.usefixtures("few")
def test_windows_that_ended_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(data=tmp_path, rate_per_address="1/second")
    client = create_app(FakeService(), settings).test_client()
    now = time.time()
    for second in range(5):
        monkeypatch.setattr(rate_limit.time, "time", lambda later=2 * second: now + later)
        asked = [
            ask(client, address=f"192.0.2.{n}").status_code for n in (2 * second, 2 * second + 1)
        ]
        assert asked == [200, 200]


# Headers


@pytest.mark.parametrize("address", ["/", "/docs", "/livez", "/nothing", "/static/page.css"])
def test_every_answer_tells_the_browser_to_load_and_frame_nothing_else(
    client: FlaskClient, address: str
) -> None:
    with client.get(address) as response:
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert "Access-Control-Allow-Origin" not in response.headers
