"""Server-sent events over the real service and worker; only the engine is scripted."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from service.errors import DiglotError
from service.serving.service import Service
from service.settings import Settings
from service.tasks import Answer, DigestAnswer, DigestTask, Draft, Request
from service.web.app import create_app
from service.web.streaming import Newest
from tests.support.scripted import EN, ZH, ScriptedEngine, written
from tests.support.serving import serving
from tests.support.waiting import wait_until

ENGLISH = "The council of Ashford voted to build a bridge. The mayor called it overdue."
CHINESE = "青石镇议会投票决定建一座新桥。镇长林秀兰表示，这座桥早该建了。"
STREAM = {"Accept": "text/event-stream"}
SETTINGS = Settings(batch_window_ms=0, timeout_s=20.0)


def events(reply: Any) -> list[tuple[str, Any]]:
    found = []
    for block in reply.get_data(as_text=True).split("\n\n"):
        if block and not block.startswith(":"):
            name, data = block.split("\n")
            found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


@pytest.fixture
def engine() -> ScriptedEngine:
    engine = ScriptedEngine(steps=4)
    engine.before_step = lambda: time.sleep(0.05)
    return engine


@pytest.fixture
def service(engine: ScriptedEngine) -> Iterator[Service]:
    opened = Service(SETTINGS, lambda *_: engine)
    opened.open()
    opened.wait()
    yield opened
    opened.close(5.0)


@pytest.fixture
def client(service: Service) -> FlaskClient:
    return create_app(service, SETTINGS).test_client()


@pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_digests_grow_and_then_comes_the_result(client: FlaskClient, text: str) -> None:
    reply = client.post("/summarize", json={"text": text, "zh_script": "Hant"}, headers=STREAM)
    assert reply.status_code == 200
    assert reply.mimetype == "text/event-stream"
    found = events(reply)
    drafts = [event for name, event in found if name == "digest"]
    english = [draft["text"] for draft in drafts if draft["language"] == "en"]
    assert len(english) > 1
    assert english == sorted(english, key=len)
    assert english[-1] == EN
    chinese = [draft["text"] for draft in drafts if draft["language"] == "zh"]
    name, result = found[-1]
    assert name == "result"
    assert result["digests"]["zh"]["text"] == chinese[-1] != ZH  # both in the script asked for
    assert {(draft["story"], draft["attempt"]) for draft in drafts} == {(0, 1)}
    assert result["id"] == reply.headers["X-Request-Id"]


def test_a_second_attempt_at_a_digest_starts_over(service: Service, engine: ScriptedEngine) -> None:
    def script(request: Request) -> Answer | DiglotError:
        answers = list(written(request).tasks)
        for place, task in enumerate(request.tasks):
            if isinstance(task, DigestTask) and task.language == "zh":
                answers[place] = DigestAnswer(EN, "abstractive")
        return Answer(tuple(answers))

    engine._script = script
    reply = (
        create_app(service, SETTINGS)
        .test_client()
        .post("/summarize", json={"text": CHINESE}, headers=STREAM)
    )
    found = events(reply)
    attempts = [e["attempt"] for name, e in found if name == "digest" and e["language"] == "zh"]
    assert attempts == sorted(attempts)
    assert set(attempts) == {1, 2, 3}
    assert found[-1][1]["digests"]["zh"]["kind"] == "extractive"


def test_an_error_on_the_way_is_an_event(client: FlaskClient) -> None:
    reply = client.post("/summarize", json={"text": f"{ENGLISH} poison"}, headers=STREAM)
    name, problem = events(reply)[-1]
    assert (name, problem["code"], problem["status"]) == ("problem", "engine_failed", 500)
    assert problem["request_id"] == reply.headers["X-Request-Id"]


def test_an_error_before_the_stream_is_an_ordinary_problem(client: FlaskClient) -> None:
    reply = client.post("/summarize", json={"text": ""}, headers=STREAM)
    assert (reply.status_code, reply.get_json()["code"]) == (422, "no_text")


@pytest.mark.parametrize(
    "accept", ["application/json", "*/*", "application/json, text/event-stream"]
)
def test_json_unless_events_are_wanted(client: FlaskClient, accept: str) -> None:
    reply = client.post("/summarize", json={"text": CHINESE}, headers={"Accept": accept})
    assert reply.is_json


def test_a_client_that_leaves_frees_its_row_and_its_slot(service: Service) -> None:
    app = create_app(service, Settings(http_threads=1))
    reply = app.test_client().post(
        "/summarize", json={"text": ENGLISH}, headers=STREAM, buffered=False
    )
    next(iter(reply.response))
    reply.close()
    wait_until(lambda: service._worker is not None and service._worker.open_jobs == 0)
    assert app.test_client().post("/summarize", json={"text": CHINESE}).status_code == 200


def test_of_each_digest_a_slow_reader_gets_the_newest_draft_only() -> None:
    newest = Newest()
    for length in range(1, 1_000):
        newest.put(Draft(0, "en", 1, "a" * length))
        newest.put(Draft(1, "zh", 1, "桥" * length))
    assert [len(draft.text) for draft in newest.take(0)] == [999, 999]
    assert newest.take(0.01) == []
    writer = threading.Timer(0.05, newest.put, [Draft(0, "en", 2, "again")])
    writer.start()
    assert [draft.attempt for draft in newest.take(5)] == [2]


@pytest.mark.parametrize("how", ["json", "query"])
def test_a_timeout_of_ones_own_ends_running_work(
    client: FlaskClient, service: Service, engine: ScriptedEngine, how: str
) -> None:
    engine.before_step = lambda: time.sleep(0.2)
    if how == "json":
        reply = client.post("/summarize", json={"text": ENGLISH, "timeout": 0.3})
    else:
        reply = client.post("/summarize?timeout=0.3", data=CHINESE, content_type="text/plain")
    assert (reply.status_code, reply.get_json()["code"]) == (504, "deadline")
    wait_until(lambda: service._worker is not None and service._worker.open_jobs == 0)
    assert len(engine.cancelled) == 1


@pytest.mark.parametrize("timeout", [0, -1, "soon", float("inf")])
def test_a_timeout_that_can_not_be(client: FlaskClient, timeout: Any) -> None:
    query = client.post(f"/summarize?timeout={timeout}", data="桥", content_type="text/plain")
    assert query.get_json()["errors"][0]["field"] == "timeout"


def test_it_streams_over_a_real_socket(tmp_path: Path) -> None:
    with serving(tmp_path / "log", "-m", "tests.support.scripted_server", "0.3") as server:
        server.wait_until_ready()
        connection = server.connect()
        connection.request(
            "POST", "/summarize", CHINESE.encode(), {"Content-Type": "text/plain", **STREAM}
        )
        response = connection.getresponse()
        assert response.read1().startswith(b"event: digest\n")
        assert b"event: result\n" in response.read()
        connection.close()
