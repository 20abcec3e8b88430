"""Batches over HTTP, from upload to results; only the engine is scripted."""

import gzip
import json
import random
import threading
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.errors import DiglotError, EngineFailed
from service.serving.batch_runner import Bulk
from service.serving.service import Service
from service.settings import Settings
from service.store.batch_tables import FILE, MIGRATIONS
from service.store.batches import Batches
from service.store.database import Database
from service.store.leases import Leases
from service.tasks import Answer, Request
from service.web import uploads
from service.web.app import create_app
from tests.support.scripted import EN, ScriptedEngine, written
from tests.support.waiting import wait_until

ENGLISH = "The council of Ashford voted to build a bridge. The mayor called it overdue."
CHINESE = "青石镇议会投票决定建一座新桥。镇长林秀兰表示，这座桥早该建了。"
SETTINGS = Settings(batch_window_ms=0, max_characters=1_000, batch_rows=2)
LINES = "application/x-ndjson"


def script(request: Request) -> Answer | DiglotError:
    return EngineFailed("no") if "cursed" in request.document.text else written(request)


class Served:
    """One process of a service, on a folder that outlives it."""

    def __init__(self, folder: Path, engine: ScriptedEngine) -> None:
        self.engine = engine
        self.database = Database(folder / FILE, MIGRATIONS, durable=False)
        self.service = Service(SETTINGS, lambda *_: engine)
        self.batches = Batches(self.database)
        self.bulk = Bulk(Leases(self.database), self.batches, self.service, at_once=4)
        self.app: Flask = create_app(self.service, SETTINGS, self.batches, self.bulk)
        self.client: FlaskClient = self.app.test_client()
        self.service.open()
        self.service.wait()

    def work(self) -> None:
        self.bulk.start()

    def close(self) -> None:
        self.bulk.close(10)
        self.service.close(10)
        self.database.close()

    def post(self, body: bytes | list[Any], kind: str = "", query: str = "", **headers: str) -> Any:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = kind or (LINES if isinstance(body, bytes) else "application/json")
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post("/batches" + query, data=sent, content_type=kind, headers=named)

    def finished(self, batch: str) -> list[dict[str, Any]]:
        wait_until(lambda: self.client.get(f"/batches/{batch}").get_json()["waiting"] == 0)
        reply = self.client.get(f"/batches/{batch}/results")
        assert reply.headers["X-Diglot-Complete"] == "true"
        return [json.loads(line) for line in reply.data.splitlines()]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    opened = Served(tmp_path, ScriptedEngine(script))
    yield opened
    if opened.bulk._thread.ident is None:
        opened.work()
    opened.close()


def lines(*articles: Any) -> bytes:
    return "\n".join(json.dumps(article, ensure_ascii=False) for article in articles).encode()


@pytest.mark.parametrize("kind", [LINES, "application/json"])
def test_a_batch_is_taken_and_digested_in_order(served: Served, kind: str) -> None:
    articles = [{"text": text, "source": f"{n}.txt"} for n, text in enumerate((ENGLISH, CHINESE))]
    body = lines(*articles) if kind == LINES else json.dumps(articles).encode()
    reply = served.post(body, kind)
    assert reply.status_code == 202, reply.data
    batch = reply.get_json()
    assert reply.headers["Location"] == f"/batches/{batch['id']}"
    assert (batch["state"], batch["articles"], batch["waiting"]) == ("waiting", 2, 2)
    served.work()
    found = served.finished(batch["id"])
    assert [(line["index"], line["source"]) for line in found] == [(0, "0.txt"), (1, "1.txt")]
    assert [line["language"] for line in found] == ["en", "zh-Hans"]
    assert found[0]["digests"]["en"]["text"] == EN
    assert found[1]["id"] == f"{batch['id']}-1"
    done = served.client.get(f"/batches/{batch['id']}").get_json()
    assert (done["state"], done["done"], done["failed"]) == ("done", 2, 0)
    assert done["ended"]


def test_a_bad_article_is_an_error_and_its_neighbours_are_not(served: Served) -> None:
    articles = [
        {"text": ENGLISH},
        {"text": " "},
        "no object",
        {"text": CHINESE, "length": "endless", "source": "bad.txt"},
        {"text": "字" * 1_001},
        {"text": "![](image.png)"},
        {"text": f"{ENGLISH} It is cursed."},
        {"text": CHINESE, "markup": "html"},
    ]
    served.work()
    found = served.finished(served.post(articles).get_json()["id"])
    codes = [line.get("error", {}).get("code") for line in found]
    assert codes == [
        None, "no_text", "bad_input", "bad_input", "too_long", "no_text", "engine_failed", None,
    ]  # fmt: skip
    assert found[3]["source"] == "bad.txt"
    assert "length" in found[3]["error"]["detail"]


def test_options_of_the_batch_hold_for_articles_without_their_own(served: Served) -> None:
    served.work()
    query = "?languages=zh&length=short&zh_script=Hant&targets=桥&targets=the mayor"
    own = {"text": CHINESE, "languages": ["en"], "targets": []}
    found = served.finished(served.post([{"text": ENGLISH}, own], query=query).get_json()["id"])
    assert list(found[0]["digests"]) == ["zh"]
    assert found[0]["digests"]["zh"]["script"] == "Hant"
    assert [stance["target"] for stance in found[0]["stance"]] == ["桥", "the mayor"]
    assert list(found[1]["digests"]) == ["en"]
    assert found[1]["stance"]["target_source"] == "detected"


@pytest.mark.parametrize(
    ("body", "kind", "status", "says"),
    [
        (b"", LINES, 422, "no article"),
        (b" \n\n", LINES, 422, "no article"),
        (b"[]", "application/json", 422, "no article"),
        (b'{"text": "a"}\n{"text": ', LINES, 400, "Line 2"),
        (b'{"text": "a"}\n\xff', LINES, 400, "Line 2 is not UTF-8"),
        (b'[{"text": "a"}', "application/json", 400, "JSON"),
        (b'[{"text": "a"}] x', "application/json", 400, "JSON"),
        (b'[{"text": "a\xff"}]', "application/json", 400, "JSON"),
        (b'{"text": "a"}', "application/json", 400, "array"),
        (b"[" * 100_000, "application/json", 400, "JSON"),
        (b'[{"text": "' + b"a" * 300_000 + b'"}]', "application/json", 413, "77,536"),
        (b"a", "text/plain", 415, "application/x-ndjson"),
        (b"a", "application/json; charset=big5", 415, "UTF-8"),
    ],
)
def test_a_malformed_body_stores_nothing(
    served: Served, body: bytes, kind: str, status: int, says: str
) -> None:
    reply = served.post(body, kind)
    assert reply.status_code == status, reply.data
    assert says in reply.get_json()["detail"]
    while served.batches.sweep(None):
        pass
    assert served.database.read("SELECT count(*) FROM batches") == [(0,)]


def test_a_body_that_breaks_off_stores_nothing(served: Served) -> None:
    whole = lines({"text": ENGLISH}, {"text": CHINESE})
    reply = served.client.post(
        "/batches",
        content_type=LINES,
        environ_overrides={"wsgi.input": BytesIO(whole[:-30]), "CONTENT_LENGTH": str(len(whole))},
    )
    assert (reply.status_code, reply.get_json()["code"]) == (400, "unreadable")
    assert served.batches.waiting() == 0


@pytest.mark.parametrize("kind", [LINES, "application/json"])
@pytest.mark.parametrize("level", [0, 9])
def test_a_batch_may_come_compressed(served: Served, kind: str, level: int) -> None:
    noise = random.Random(0)
    articles = [
        {"text": f"{text} {noise.randbytes(400).hex()}", "source": f"{n}"}
        for n, text in enumerate([ENGLISH, CHINESE] * 200)
    ]
    body = lines(*articles) if kind == LINES else json.dumps(articles).encode()
    packed = gzip.compress(body, level)
    reply = served.post(packed, kind, Content_Encoding="gzip", Idempotency_Key="k")
    assert (reply.status_code, reply.get_json()["articles"]) == (202, 400), reply.data
    stored = served.database.read("SELECT article FROM articles ORDER BY place")
    texts = [json.loads(article)["article"]["text"] for (article,) in stored]
    assert texts == [article["text"] for article in articles]
    plain = served.post(body, kind, Idempotency_Key="k")
    assert plain.get_json()["id"] == reply.get_json()["id"]  # the body is the same


ONE = json.dumps({"text": CHINESE}).encode()
HUGE = b'{"text": "' + b"a" * 1_000_000 + b'"}\n'
PACKED = gzip.compress(ONE)


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (PACKED[:-1], 400, "broke off"),
        (PACKED[:5], 400, "broke off"),
        (b"", 400, "broke off"),
        (PACKED + PACKED, 400, "more than one gzip frame"),
        (PACKED + b"\0", 400, "more than one gzip frame"),
        (ONE, 400, "not gzip"),
        (PACKED[:-8] + b"checksum", 400, "not gzip"),
        (gzip.compress(PACKED), 400, "Line 1 is not UTF-8"),
    ],
    ids=["cut", "head", "nothing", "two", "more", "none", "sum", "twice"],
)
def test_bad_gzip_stores_nothing(served: Served, body: bytes, status: int, says: str) -> None:
    reply = served.post(body, LINES, Content_Encoding="gzip")
    assert reply.status_code == status, reply.data
    assert says in reply.get_json()["detail"]
    assert served.batches.waiting() == 0


@pytest.mark.parametrize(
    ("part", "times", "says"), [(HUGE, 210, "once it is unpacked"), (b"\n", 10**8, "blank ones")]
)
def test_a_bomb_stores_nothing(served: Served, part: bytes, times: int, says: str) -> None:
    reply = served.post(gzip.compress(part * times, 1), LINES, Content_Encoding="gzip")
    assert reply.status_code == 413, reply.data
    assert says in reply.get_json()["detail"]
    assert served.batches.waiting() == 0


def test_a_bomb_takes_no_memory(served: Served) -> None:
    bomb = gzip.compress(HUGE * 190, 1)
    tracemalloc.start()
    try:
        reply = served.post(bomb, LINES, Content_Encoding="gzip")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (reply.status_code, reply.get_json()["failed"]) == (202, 190), reply.data
    assert most < 10_000_000


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip"])
def test_another_coding_is_refused_with_the_one_that_is_read(served: Served, coding: str) -> None:
    reply = served.post(ONE, LINES, Content_Encoding=coding)
    assert (reply.status_code, reply.headers["Accept-Encoding"]) == (415, "gzip")


def test_a_line_that_is_too_long_is_passed_by(served: Served) -> None:
    served.work()
    huge = b'{"text": "' + b"a" * 10_000_000 + b'"}'
    body = b"\n".join([lines({"text": ENGLISH}), huge, lines({"text": CHINESE})])
    found = served.finished(served.post(body).get_json()["id"])
    assert [line.get("error", {}).get("code") for line in found] == [None, "too_long", None]


def test_limits_on_a_batch(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_ARTICLES", 2)
    many = served.post([{"text": CHINESE}] * 3)
    assert (many.status_code, "At most 2" in many.get_json()["detail"]) == (413, True)
    monkeypatch.setattr(uploads, "MOST_BYTES", 500)
    large = served.post(lines({"text": "a" * 600}))
    assert (large.status_code, "500 bytes" in large.get_json()["detail"]) == (413, True)
    assert served.batches.waiting() == 0


@pytest.mark.parametrize("kind", [LINES, "application/json"])
def test_half_a_surrogate_pair_and_a_name_that_stands_twice(served: Served, kind: str) -> None:
    served.work()
    half = rb'{"text": "The bridge \ud83c is new."}'
    twice = '{"text": "桥", "text": "桥"}'.encode()
    if kind == LINES:
        reply = served.post(half)
        assert served.post(twice).status_code == 400
    else:
        reply = served.post(b"[" + half + b"," + twice + b"]", kind)
    found = served.finished(reply.get_json()["id"])
    assert found[0]["reading"]["characters"] == len("The bridge \ufffd is new.")
    assert [line["error"]["code"] for line in found[1:]] in ([], ["bad_input"])


@pytest.mark.parametrize("kind", [LINES, "application/json"])
@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_numbers_of_any_size_are_read(served: Served, kind: str, text: str) -> None:
    served.work()
    article = {"text": text, "timeout": 20.5, "views": 55109751369265979392, "share": 1e-300}
    body = lines(article) if kind == LINES else json.dumps([article]).encode()
    reply = served.post(body, kind)
    assert reply.status_code == 202, reply.data
    (found,) = served.finished(reply.get_json()["id"])
    assert "views" in found["error"]["detail"]  # the article's own fault


def test_the_same_idempotency_key_is_the_same_batch(served: Served) -> None:
    first = served.post([{"text": ENGLISH}], Idempotency_Key="k1")
    again = served.post([{"text": ENGLISH}], Idempotency_Key="k1")
    assert again.status_code == 202
    assert again.get_json()["id"] == first.get_json()["id"]
    other = served.post([{"text": CHINESE}], Idempotency_Key="k1")
    assert (other.status_code, other.get_json()["code"]) == (422, "key_reused")
    optioned = served.post([{"text": ENGLISH}], query="?length=short", Idempotency_Key="k1")
    assert optioned.status_code == 422
    assert served.post([{"text": ENGLISH}], Idempotency_Key="").status_code == 422
    assert served.batches.waiting() == 1


def test_results_come_while_it_runs_and_from_where_one_wants(served: Served) -> None:
    gate = threading.Event()
    batch = served.post([{"text": f"{CHINESE} {n}"} for n in range(8)]).get_json()["id"]

    def hold() -> None:
        if len(served.engine.batches) == 2:
            gate.wait(20)

    served.engine.before_step = hold
    served.work()
    address = f"/batches/{batch}/results"
    wait_until(lambda: bool(served.client.get(address).data))
    reply = served.client.get(address)
    assert reply.headers["X-Diglot-Complete"] == "false"
    assert json.loads(reply.data.splitlines()[0])["index"] == 0
    assert served.client.get(f"/batches/{batch}").get_json()["state"] == "running"
    gate.set()
    served.finished(batch)
    last = served.client.get(address + "?first=6").data.splitlines()
    assert [json.loads(line)["index"] for line in last] == [6, 7]
    assert served.client.get(address + "?first=x").status_code == 422
    assert served.client.get(address + "?last=1").status_code == 422


def test_cancelling_ends_running_work_too(served: Served) -> None:
    gate = threading.Event()
    served.engine.before_step = lambda: gate.wait(20)  # type: ignore[assignment]
    batch = served.post([{"text": ENGLISH}] * 8).get_json()["id"]
    served.work()
    wait_until(lambda: served.engine.admitted > 0)
    reply = served.client.delete(f"/batches/{batch}")
    assert reply.get_json()["state"] == "cancelled"
    gate.set()
    found = served.finished(batch)
    assert [line["error"]["code"] for line in found] == ["cancelled"] * 8
    wait_until(lambda: served.service._worker is not None and served.service._worker.open_jobs == 0)
    assert served.client.delete(f"/batches/{batch}").get_json()["cancelled"] == 8


@pytest.mark.parametrize("method", ["get", "delete"])
def test_a_batch_that_is_not_there(served: Served, method: str) -> None:
    reply = getattr(served.client, method)("/batches/nothing")
    assert (reply.status_code, reply.get_json()["code"]) == (404, "unknown_batch")


def test_a_clean_stop_releases_articles_in_progress(tmp_path: Path) -> None:
    first = Served(tmp_path, ScriptedEngine(rows=1))
    gate = threading.Event()
    first.engine.before_step = lambda: gate.wait(20)  # type: ignore[assignment]
    batch = first.post([{"text": CHINESE}] * 6).get_json()["id"]
    first.work()
    wait_until(lambda: first.engine.admitted > 0)
    closing = threading.Thread(target=first.close)
    closing.start()
    first.bulk._thread.join(10)
    gate.set()
    closing.join(10)
    second = Served(tmp_path, ScriptedEngine())
    second.work()
    assert ["error" in line for line in second.finished(batch)] == [False] * 6
    assert second.database.read("SELECT sum(losses) FROM articles") == [(0,)]
    second.close()


def test_online_work_goes_before_a_batch(served: Served) -> None:
    gate = threading.Event()
    served.engine.before_step = lambda: gate.wait(20)  # type: ignore[assignment]
    served.post([{"text": f"{ENGLISH} {n}"} for n in range(12)])
    served.work()
    wait_until(lambda: served.engine.admitted > 0)
    answered: list[int] = []
    asker = threading.Thread(
        target=lambda: answered.append(
            served.client.post("/summarize", json={"text": CHINESE}).status_code
        )
    )
    asker.start()
    worker = served.service._worker
    assert worker is not None
    # Not when it is counted: it is cleaned first, in its own thread.
    wait_until(lambda: any(job.work == "online" for job in worker._arrived))
    gate.set()
    asker.join(10)
    assert answered == [200]
    steps = [any(CHINESE in passage for passage in batch) for batch in served.engine.batches]
    assert steps.index(True) <= 1


def test_a_full_disk_is_said_and_the_queue_goes_on_when_there_is_room(served: Served) -> None:
    batch = served.post([{"text": ENGLISH}, {"text": CHINESE}]).get_json()["id"]
    ((pages,),) = served.database.read("PRAGMA page_count")
    served.database.read(f"PRAGMA max_page_count = {pages}")
    refused = served.post([{"text": CHINESE * 20}] * 100)
    assert (refused.status_code, refused.get_json()["code"]) == (507, "store_full")
    served.work()
    time.sleep(0.3)
    served.database.read("PRAGMA max_page_count = 1000000")
    assert ["error" in line for line in served.finished(batch)] == [False, False]


def test_without_a_store_batches_are_refused() -> None:
    app = create_app(Service(SETTINGS, lambda *_: ScriptedEngine()), replace(SETTINGS))
    reply = app.test_client().get("/batches/x")
    assert (reply.status_code, reply.get_json()["code"]) == (503, "store_failed")
