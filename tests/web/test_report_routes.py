"""GET /batches/{id}/report: the stories of a batch, as a page."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from service.engine_factory import load_engine
from service.serving.batch_runner import Bulk
from service.serving.service import Service
from service.settings import Settings
from service.store.batches import Batches
from service.store.database import FILE, MIGRATIONS, Database
from service.store.leases import Leases
from service.web import report_routes
from service.web.app import create_app
from tests.support.told_stories import TEXTS
from tests.support.waiting import wait_until

SETTINGS = Settings(engine="extractive", batch_window_ms=0)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[FlaskClient]:
    database = Database(tmp_path / FILE, MIGRATIONS, durable=False)
    service, batches = Service(SETTINGS, load_engine), Batches(database)
    bulk = Bulk(Leases(database), batches, service, at_once=4)
    service.open()
    service.wait()
    bulk.start()
    yield create_app(service, SETTINGS, batches, bulk).test_client()
    bulk.close(10)
    service.close(10)
    database.close()


@pytest.fixture
def batch(client: FlaskClient) -> str:
    articles = [{"text": text, "source": name} for name, text in TEXTS.items()]
    reply = client.post("/batches", json=[*articles, {"text": ""}]).get_json()
    address = f"/batches/{reply['id']}"
    wait_until(lambda: client.get(address).get_json()["waiting"] == 0)
    return address


def test_the_page_tells_the_stories_of_the_batch(client: FlaskClient, batch: str) -> None:
    reply = client.get(f"{batch}/report")
    assert reply.status_code == 200
    assert reply.mimetype == "text/html"
    found = re.search(r'id="data">(.*?)</script>', reply.text, re.DOTALL)
    assert found is not None
    data = json.loads(found.group(1))
    sources = [[article["source"] for article in s["articles"]] for s in data["stories"]]
    assert sources == [["en-1", "zh", "en-2"], ["race"]]
    assert data["stories"][0]["briefs"]["zh"]["text"].startswith("智利北部周二发生7.1级地震")
    assert len(data["failures"]) == 1


def test_the_policy_lets_the_pages_own_script_run_alone(client: FlaskClient, batch: str) -> None:
    policy = client.get(f"{batch}/report").headers["Content-Security-Policy"]
    assert "script-src 'sha256-" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_an_unknown_batch_has_no_report(client: FlaskClient) -> None:
    assert client.get("/batches/none/report").status_code == 404


def test_a_batch_that_is_too_large_is_refused(
    client: FlaskClient, batch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_routes, "MOST_ARTICLES", 4)
    reply = client.get(f"{batch}/report")
    assert reply.status_code == 422
    assert "at most 4 articles" in reply.get_json()["detail"]


def test_one_report_is_made_at_a_time(client: FlaskClient, batch: str) -> None:
    with client.application.config["REPORTS"].one():
        reply = client.get(f"{batch}/report")
        assert client.get(f"{batch}/feed").status_code == 200
    assert (reply.status_code, reply.get_json()["code"]) == (503, "overloaded")
    assert reply.headers["Retry-After"].isdigit()
    assert client.get(f"{batch}/report").status_code == 200


def test_the_batch_is_a_feed(client: FlaskClient, batch: str) -> None:
    feedparser = pytest.importorskip("feedparser")
    reply = client.get(f"{batch}/feed")
    assert reply.mimetype == "application/atom+xml"
    found = feedparser.parse(reply.data)
    assert not found.bozo
    assert [entry.title for entry in found.entries][1] == "柏林马拉松高温开跑"
    assert found.entries == feedparser.parse(client.get(f"{batch}/feed").data).entries


def test_an_unknown_batch_has_no_feed(client: FlaskClient) -> None:
    assert client.get("/batches/none/feed").status_code == 404
