"""The addresses: articles, health, the page, the metrics."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from service import metrics
from service.result import Checks, Digest, Evidence, ReadingReport, Stance, Story
from service.settings import Settings
from tests.support.fakes import DIGESTS, FakeService
from tests.support.http import CHINESE, ENGLISH, post, problem


@pytest.mark.parametrize("text", [ENGLISH, CHINESE, "خبر 🎉\x00 end"])
def test_json_article_is_digested(client: FlaskClient, service: FakeService, text: str) -> None:
    response = post(client, {"text": text, "title": "桥 Bridge", "source": "a.txt"})
    assert response.status_code == 200
    assert response.content_type == "application/json"
    assert DIGESTS["zh"] in response.data.decode()  # readable, not \u escapes
    result = response.get_json()
    assert result["id"] == response.headers["X-Request-Id"]
    assert (result["title"], result["source"]) == ("桥 Bridge", "a.txt")
    assert service.handed[0].article.text == text
    assert service.handed[0].article.markup == "plain"
    assert service.handed[0].timeout_s == Settings().timeout_s


@pytest.mark.parametrize("state", ["loading", "draining", "broken"])
def test_not_ready(client: FlaskClient, service: FakeService, state: Any) -> None:
    service.state, service.reason, service.identity = state, "weights are being read", None
    body = problem(client.get("/readyz"), 503, "not_ready")
    assert body["state"] == state
    assert body["detail"] == "weights are being read"
    assert client.get("/livez").status_code == 200


def test_ready_says_which_engine(client: FlaskClient) -> None:
    response = client.get("/readyz")
    assert response.get_json()["state"] == "ready"
    assert response.get_json()["engine"]["name"] == "scripted"
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("address", ["/", "/docs"])
def test_page_needs_nothing_from_elsewhere(client: FlaskClient, address: str) -> None:
    response = client.get(address)
    html = response.get_data(as_text=True)
    assert response.content_type.startswith("text/html")
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "//" not in html.replace("<!doctype", "")
    assert "style=" not in html
    assert "文章" in html
    for name in ("page.js", "page.css"):
        with client.get(f"/static/{name}") as asset:
            assert asset.status_code == 200
            assert "innerHTML" not in asset.get_data(as_text=True)


def test_page_asks_for_a_key_and_keeps_it_in_its_tab(client: FlaskClient) -> None:
    assert re.search(
        r'<input id="key" type="password"[^>]* autocomplete="off"', client.get("/").text
    )
    with client.get("/static/page.js") as asset:
        script = asset.text
    assert "sessionStorage" in script
    assert not re.search("localStorage|document.cookie|indexedDB", script)


@pytest.mark.parametrize("part", [Checks, ReadingReport, Digest, Stance, Story, Evidence])
def test_page_hides_nothing_that_a_reader_must_know(client: FlaskClient, part: Any) -> None:
    shown_elsewhere = {"engine", "label_zh", "start", "end"}  # offsets are for programs
    with client.get("/static/page.js") as asset:
        script = asset.get_data(as_text=True)
    for field in part.model_fields.keys() - shown_elsewhere | {"warnings", "stories", "revision"}:
        assert re.search(rf"\b{field}\b", script), field


@pytest.mark.parametrize("option", ["targets", "languages", "whole_page"])
def test_docs_page_names_the_options(client: FlaskClient, option: str) -> None:
    assert f"<code>{option}</code>" in client.get("/docs").text


def test_no_client_can_make_new_series(client: FlaskClient) -> None:
    def series() -> set[str]:
        lines = client.get("/metrics").text.splitlines()
        return {line.rpartition(" ")[0] for line in lines if line.startswith("diglot_")}

    def ask(number: int) -> None:
        client.open(f"/no/such/{number}", method=f"WORD{number}", headers={"X-Request-Id": "a"})
        post(client, b"a", f"text/x{number}", query_string={f"q{number}": "1"})
        post(client, {f"f{number}": 1}, headers={"Content-Encoding": f"c{number}"})
        client.get(f"/batches/{number}")

    ask(0)
    series()  # the first look at /metrics is counted too
    known = series()
    for number in range(1, 20):
        ask(number)
    assert series() == known


def test_figures_are_told_in_the_format_of_prometheus(client: FlaskClient) -> None:
    metrics.digests_refused.labels("zh", "language").inc()
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.mimetype == "text/plain"
    assert 'diglot_digests_refused_total{gate="language",language="zh"}' in response.text
