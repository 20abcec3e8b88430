"""Requests per address and per key, and whose an address is."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from service.settings import Settings
from service.web.api_keys import Keys
from service.web.app import create_app
from service.web.middleware import rate_limit
from service.web.middleware.rate_limit import network
from tests.support.fakes import FakeService
from tests.support.http import ask_from


@pytest.fixture
def limited(tmp_path: Path) -> FlaskClient:
    settings = Settings(data=tmp_path, rate_per_address="3/minute", rate_per_key="2/hour")
    return create_app(FakeService(), settings).test_client()


def test_an_address_may_ask_so_often_and_others_go_on(limited: FlaskClient) -> None:
    first = ask_from(limited)
    assert first.headers["RateLimit-Policy"] == '"address";q=3;w=60'
    assert first.headers["RateLimit"] == '"address";r=2;t=60'
    assert [ask_from(limited).status_code for _ in range(3)] == [200, 200, 429]
    refused = ask_from(limited)
    assert refused.get_json()["code"] == "rate_limited"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert '"address";r=0' in refused.headers["RateLimit"]
    assert ask_from(limited, address="192.0.2.2").status_code == 200
    assert limited.get("/livez", environ_overrides={"REMOTE_ADDR": "192.0.2.1"}).status_code == 200


def test_a_key_may_ask_so_often_wherever_it_comes_from(limited: FlaskClient, keys: Keys) -> None:
    secret, other = keys.add("a"), keys.add("b")
    asked = [ask_from(limited, address=f"192.0.2.{n}", X_API_Key=secret) for n in range(3)]
    assert [response.status_code for response in asked] == [200, 200, 429]
    assert asked[2].headers["RateLimit-Policy"] == '"address";q=3;w=60, "key";q=2;w=3600'
    assert ask_from(limited, address="192.0.2.9", X_API_Key=other).status_code == 200


def test_guessing_keys_is_counted_against_the_address(limited: FlaskClient, keys: Keys) -> None:
    keys.add("a")
    asked = [ask_from(limited, X_API_Key=f"diglot_{n}").status_code for n in range(5)]
    assert asked == [401, 401, 401, 429, 429]


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
def test_the_rate_limit_key_of_an_address(address: str | None, counted: str) -> None:
    assert network(address) == counted


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(rate_limit, "MOST_CLIENTS", 2)
    yield


@pytest.mark.usefixtures("few")
def test_more_clients_than_are_counted_share_one_count(limited: FlaskClient) -> None:
    assert {ask_from(limited, address=f"192.0.2.{n}").status_code for n in range(5)} == {200}
    assert ask_from(limited, address="192.0.2.77").status_code == 429
    assert ask_from(limited, address="192.0.2.0").status_code == 200


@pytest.mark.usefixtures("few")
def test_windows_that_ended_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(data=tmp_path, rate_per_address="1/second")
    client = create_app(FakeService(), settings).test_client()
    now = time.time()
    for second in range(5):
        monkeypatch.setattr(rate_limit.time, "time", lambda later=2 * second: now + later)
        asked = [
            ask_from(client, address=f"192.0.2.{n}").status_code
            for n in (2 * second, 2 * second + 1)
        ]
        assert asked == [200, 200]
