"""The HTTP face over the real service, worker and plan; only the engine is scripted."""

import logging
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from service.errors import BadSetting
from service.result import Result
from service.serving.service import Service
from service.settings import Settings
from service.web.app import create_app
from tests.support.scripted import EN, ZH, ScriptedEngine
from tests.support.waiting import wait_until

ENGLISH = "The council of Ashford voted to build a bridge. The mayor called it overdue."
CHINESE = "青石镇议会投票决定建一座新桥。镇长林秀兰表示，这座桥早该建了。"
SETTINGS = Settings(queue_limit=12, batch_window_ms=0, timeout_s=20.0)


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


class CountingService(Service):
    """The real service; `taken` counts what it took, so that no test guesses how long to wait."""

    taken = 0

    def submit(self, *article: Any, **options: Any) -> Future[Result]:
        future = super().submit(*article, **options)
        with self._counting:
            self.taken += 1
        return future

    _counting = threading.Lock()


@pytest.fixture
def service(engine: ScriptedEngine) -> Iterator[CountingService]:
    opened = CountingService(SETTINGS, lambda *_: engine)
    opened.open()
    opened.wait()
    yield opened
    opened.close(5.0)


@pytest.fixture
def app(service: CountingService) -> Flask:
    return create_app(service, SETTINGS)


class Gate:
    """The engine's steps wait before it; `reached` is set when one does."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._opened = threading.Event()

    def open(self) -> None:
        self._opened.set()

    def wait(self) -> None:
        self.reached.set()
        assert self._opened.wait(20)


@pytest.fixture
def gate(engine: ScriptedEngine) -> Iterator[Gate]:
    closed = Gate()
    engine.before_step = closed.wait
    yield closed
    closed.open()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as threads:
        yield threads


def post(app: Flask, text: str, id: str | None = None, **fields: Any) -> Any:
    headers = {"X-Request-Id": id} if id else {}
    return app.test_client().post("/summarize", json={"text": text, **fields}, headers=headers)


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_whole_way(app: Flask, text: str) -> None:
    result = post(app, text, "r1", targets=["桥", "mayor"], source="a.txt").get_json()
    assert result["id"] == "r1"
    assert result["source"] == "a.txt"
    assert {k: d["text"] for k, d in result["digests"].items()} == {"en": EN, "zh": ZH}
    assert [stance["target"] for stance in result["stance"]] == ["桥", "mayor"]
    assert result["reading"]["characters"] == len(text)


def test_simultaneous_requests_share_a_batch(
    app: Flask,
    service: CountingService,
    engine: ScriptedEngine,
    gate: Gate,
    pool: ThreadPoolExecutor,
) -> None:
    first = pool.submit(post, app, ENGLISH)
    assert gate.reached.wait(10)
    others = [pool.submit(post, app, CHINESE) for _ in range(8)]
    wait_until(lambda: service.taken == 9)
    gate.open()
    assert {reply.result().status_code for reply in [first, *others]} == {200}
    assert [len(batch) for batch in engine.batches] == [1, 8]


def test_over_the_bound_of_the_queue_is_503(
    app: Flask, service: CountingService, gate: Gate, pool: ThreadPoolExecutor
) -> None:
    taken = [pool.submit(post, app, ENGLISH) for _ in range(SETTINGS.queue_limit)]
    wait_until(lambda: service.taken == SETTINGS.queue_limit)
    refused = post(app, CHINESE)
    assert (refused.status_code, refused.get_json()["code"]) == (503, "overloaded")
    assert refused.headers["Retry-After"]
    gate.open()
    assert {reply.result().status_code for reply in taken} == {200}
    assert post(app, CHINESE).status_code == 200


def test_an_article_that_breaks_the_engine_fails_alone(
    app: Flask, service: CountingService, gate: Gate, pool: ThreadPoolExecutor
) -> None:
    texts = [ENGLISH, "Here is poison in the text of an article.", CHINESE]
    replies: list[Future[Any]] = [pool.submit(post, app, text) for text in texts]
    wait_until(lambda: service.taken == 3)
    gate.open()
    assert [reply.result().status_code for reply in replies] == [200, 500, 200]
    assert replies[1].result().get_json()["code"] == "engine_failed"


def test_the_same_request_id_twice_at_once(
    app: Flask, service: CountingService, gate: Gate, pool: ThreadPoolExecutor
) -> None:
    replies = [pool.submit(post, app, text, "same") for text in (ENGLISH, CHINESE)]
    wait_until(lambda: service.taken == 2)
    gate.open()
    results = [reply.result().get_json() for reply in replies]
    assert [result["id"] for result in results] == ["same", "same"]
    assert [result["reading"]["characters"] for result in results] == [len(ENGLISH), len(CHINESE)]


@pytest.mark.parametrize("text", ["\u200b \u3000", "\x00", "![](a.png)"])
def test_nothing_left_to_read(app: Flask, text: str) -> None:
    reply = post(app, text)
    assert (reply.status_code, reply.get_json()["code"]) == (422, "no_text")


def test_engine_that_can_not_be_loaded() -> None:
    def load(*_: object) -> ScriptedEngine:
        raise BadSetting("no weights")

    service = Service(SETTINGS, load)
    app = create_app(service, SETTINGS)
    assert app.test_client().get("/readyz").get_json()["state"] == "loading"
    service.open()
    wait_until(lambda: service.state == "broken")
    assert "no weights" in app.test_client().get("/readyz").get_json()["detail"]
    assert post(app, ENGLISH).get_json()["code"] == "not_ready"


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        ('{"text": "SECRET was here. It cost 5 euros. 它很贵。"}', "application/json", 200),
        ('{"text": "Here is poison for SECRET in the text."}', "application/json", 500),
        ('{"text": "a", "SECRET": 1}', "application/json", 422),
        ('{"text": "a", "length": "SECRET"}', "application/json", 422),
        ('{"text": "SECRET', "application/json", 400),
        ("SECRET" * 100_000, "text/plain", 413),
        ("<title>SECRET</title><p>SECRET is a bridge.</p>", "text/html", 200),
        ("SECRET", "application/xml", 415),
    ],
)
@pytest.mark.parametrize("secret", ["Thistledown", "蓟花絮"])
def test_the_log_never_holds_an_article(
    app: Flask, caplog: pytest.LogCaptureFixture, body: str, media: str, status: int, secret: str
) -> None:
    caplog.set_level(logging.DEBUG)
    reply = app.test_client().post(
        f"/summarize?title={secret}" if media.startswith("text/") else "/summarize",
        data=body.replace("SECRET", secret).encode(),
        content_type=media,
    )
    assert reply.status_code == status, reply.text
    assert caplog.records
    assert secret not in caplog.text
    assert "Traceback" not in reply.text
