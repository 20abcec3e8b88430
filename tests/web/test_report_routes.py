"""GET /batches/{id}/report: the stories of a batch, as a page."""

import json
import re
import threading
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from service.engine_factory import load_engine
from service.report.report_maker import ReportMaker
from service.serving.batch_runner import Bulk
from service.serving.service import Service
from service.settings import Settings
from service.store.batch_tables import FILE, MIGRATIONS
from service.store.batches import Batches
from service.store.database import Database
from service.store.leases import Leases
from service.web import report_routes
from service.web.app import create_app
from tests.support.told_stories import TEXTS
from tests.support.waiting import wait_until

SETTINGS = Settings(engine="extractive", batch_window_ms=0)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """One for all, as the process that makes reports takes seconds to start."""
    database = Database(tmp_path_factory.mktemp("store") / FILE, MIGRATIONS, durable=False)
    service, batches = Service(SETTINGS, load_engine), Batches(database)
    bulk = Bulk(Leases(database), batches, service, at_once=4)
    service.open()
    service.wait()
    bulk.start()
    app = create_app(service, SETTINGS, batches, bulk)
    yield app.test_client()
    app.config["REPORTS"].close()
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


def test_a_report_that_its_reader_has_is_not_made_again(client: FlaskClient, batch: str) -> None:
    tag = client.get(f"{batch}/report").headers["ETag"]
    again = client.get(f"{batch}/report", headers={"If-None-Match": tag})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert client.get(f"{batch}/report", headers={"If-None-Match": '"x"'}).status_code == 200


def test_a_report_of_a_batch_that_has_got_on_is_another(client: FlaskClient) -> None:
    texts = {"en": TEXTS["en-1"], "zh": TEXTS["zh"]}
    tags = set()
    for text in texts.values():
        reply = client.post("/batches", json=[{"text": text}]).get_json()
        tags.add(client.get(f"/batches/{reply['id']}/report").headers["ETag"])
    assert len(tags) == 2


def test_the_report_of_a_removed_batch_is_gone(client: FlaskClient, batch: str) -> None:
    maker: ReportMaker = client.application.config["REPORTS"]
    assert client.get(f"{batch}/report").status_code == 200
    id_ = batch.removeprefix("/batches/")
    assert id_ in maker._kept
    client.delete(f"{batch}?remove=true")
    assert client.get(f"{batch}/report").status_code == 404
    assert id_ not in maker._kept


def test_another_report_is_refused_meanwhile(client: FlaskClient, batch: str) -> None:
    maker: ReportMaker = client.application.config["REPORTS"]
    may_go_on = threading.Event()

    def lines() -> str:
        may_go_on.wait(60)
        return ""

    other = maker.page("other", 0, lines)
    reply = client.get(f"{batch}/report")
    assert client.get(f"{batch}/feed").status_code == 200
    may_go_on.set()
    other.result(60)
    assert (reply.status_code, reply.get_json()["code"]) == (503, "overloaded")
    assert reply.headers["Retry-After"] == "5"
    assert client.get(f"{batch}/report").status_code == 200


def test_the_batch_is_a_feed(client: FlaskClient, batch: str) -> None:
    feedparser = pytest.importorskip("feedparser")
    reply = client.get(f"{batch}/feed")
    assert reply.mimetype == "application/atom+xml"
    found = feedparser.parse(reply.data)
    assert not found.bozo
    assert [entry.title for entry in found.entries][1] == "柏林马拉松高温开跑"
    assert found.entries == feedparser.parse(client.get(f"{batch}/feed").data).entries


def test_a_feed_that_its_reader_has_is_not_sent_again(client: FlaskClient, batch: str) -> None:
    first = client.get(f"{batch}/feed").headers
    for name, value in (
        ("If-None-Match", first["ETag"]),
        ("If-Modified-Since", first["Last-Modified"]),
    ):
        again = client.get(f"{batch}/feed", headers={name: value})
        assert (again.status_code, again.data) == (304, b"")
    before = {"If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"}
    assert client.get(f"{batch}/feed", headers=before).status_code == 200


def test_an_unknown_batch_has_no_feed(client: FlaskClient) -> None:
    assert client.get("/batches/none/feed").status_code == 404
