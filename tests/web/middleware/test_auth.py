"""API keys over HTTP: who must send one, and what a refused client learns."""

import logging
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from service import metrics
from service.settings import Settings
from service.web.api_keys import FILE, Keys
from service.web.app import create_app
from tests.support.fakes import FakeService
from tests.support.http import CHINESE, ENGLISH, ask_from

OPEN = {"/", "/docs", "/livez", "/openapi.json", "/readyz", "/metrics", "/static/<path:filename>"}


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_without_keys_no_request_needs_one(client: FlaskClient, text: str) -> None:
    assert ask_from(client, text).status_code == 200
    assert ask_from(client, text, Authorization="Bearer anything").status_code == 200


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_the_first_key_makes_keys_required_and_a_revocation_holds_at_once(
    client: FlaskClient, keys: Keys, text: str
) -> None:
    assert ask_from(client, text).status_code == 200
    secret = keys.add("newsroom")
    assert ask_from(client, text).status_code == 401
    assert ask_from(client, text, Authorization=f"Bearer {secret}").status_code == 200
    assert ask_from(client, text, Authorization=f"bearer {secret}").status_code == 200
    assert ask_from(client, text, X_API_Key=secret).status_code == 200
    keys.revoke("newsroom")
    assert ask_from(client, text, Authorization=f"Bearer {secret}").status_code == 401


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


def test_routes_with_and_without_a_key(client: FlaskClient, keys: Keys) -> None:
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
    assert ask_from(client).status_code == 401
    assert client.get("/livez").status_code == 200


def test_unreadable_keys_refuse_every_request_and_show_no_path(
    client: FlaskClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).write_text("no keys")
    response = ask_from(client)
    assert (response.status_code, response.get_json()["code"]) == (503, "not_ready")
    assert str(tmp_path) not in response.text
    assert str(tmp_path) in caplog.text
    assert client.get("/livez").status_code == 200


def test_the_log_names_the_key_and_never_holds_its_secret(
    client: FlaskClient, keys: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = keys.add("newsroom")
    ask_from(client, Authorization=f"Bearer {secret}")
    ask_from(client, Authorization=f"Bearer {secret}x")
    assert "ms newsroom" in caplog.text
    assert secret not in caplog.text


def test_a_forwarded_address_is_believed_only_of_known_proxies(tmp_path: Path) -> None:
    def statuses(proxies: int) -> list[int]:
        settings = Settings(data=tmp_path, rate_per_address="1/minute", proxies=proxies)
        client = create_app(FakeService(), settings).test_client()
        return [
            ask_from(client, X_Forwarded_For=f"6.6.6.6, 7.7.7.{n}").status_code for n in range(3)
        ]

    assert statuses(0) == [200, 429, 429]
    assert statuses(1) == [200, 200, 200]
    assert statuses(2) == [200, 429, 429]
