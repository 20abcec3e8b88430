"""All that one process serves with: opened, closed in order, and ended when its worker dies."""

import gc
import os
import signal
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from service import metrics
from service.article import Article
from service.errors import StoreFailed
from service.report.report_maker import ReportMaker
from service.serving.service import Service
from service.settings import Settings
from service.store.batch_tables import FILE
from service.store.batches import Batches
from service.tasks import Options
from service.web import runtime
from service.web.runtime import Runtime, check_store
from tests.support.scripted import EN, ScriptedEngine
from tests.support.waiting import wait_until

TEXTS = [
    "The council of Ashford voted to build a bridge. The mayor called it overdue.",
    "青石镇议会投票决定建一座新桥。镇长林秀兰表示，这座桥早该建了。",
]


def opened(folder: Path, engine: ScriptedEngine | None = None, **settings: Any) -> Runtime:
    chosen = Settings(data=folder, batch_window_ms=0, **settings)
    scripted = engine or ScriptedEngine()
    made = Runtime(chosen, lambda settings: Service(settings, lambda *_: scripted))
    made.open()
    made._service.wait()
    return made


@pytest.mark.parametrize("text", TEXTS)
def test_answers_and_accepted_batches_outlive_the_process(tmp_path: Path, text: str) -> None:
    first = opened(tmp_path)
    client = first.app.test_client()
    answer = client.post("/summarize", json={"text": text})
    assert answer.json["digests"]["en"]["text"] == EN
    batch = client.post("/batches", json=[{"text": text + text}])
    assert batch.status_code == 202
    wait_until(lambda: client.get(batch.json["results"]).data)
    first.close(10)

    engine = ScriptedEngine()
    second = opened(tmp_path, engine)
    client = second.app.test_client()
    assert client.post("/summarize", json={"text": text}).json["kept"]
    assert client.get(batch.json["results"]).data.count(b"\n") == 1
    assert engine.batches == []
    second.close(10)


def test_results_are_kept_only_where_there_may_be_some(tmp_path: Path) -> None:
    without = opened(tmp_path, keep_results_mb=0)
    assert without._kept is None
    assert not (tmp_path / "kept.db").exists()
    without.close(10)


def test_a_cache_that_can_not_be_used_is_done_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "kept.db").mkdir()
    without = opened(tmp_path)
    assert without._kept is None
    assert "results are not kept" in caplog.text
    without.close(10)


def test_quotas_are_in_megabytes_and_0_is_none(tmp_path: Path) -> None:
    quota = runtime._quota(Settings(data=tmp_path, batches_mb=2, batches_mb_per_key=0))
    assert (quota.in_all, quota.per_key) == (2_000_000, None)


def test_a_store_that_can_not_be_used_is_told_before_the_start(tmp_path: Path) -> None:
    check_store(Settings(data=tmp_path / "new"))
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / FILE).write_bytes(b"no database" * 1_000)
    with pytest.raises(StoreFailed, match="no database"):
        check_store(Settings(data=damaged))
    newer = tmp_path / "newer"
    newer.mkdir()
    with sqlite3.connect(newer / FILE) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreFailed, match="newer Diglot"):
        check_store(Settings(data=newer))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_the_process_ends_when_its_worker_has_died(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(runtime, "PAUSE_S", 0.01)
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: killed.append((pid, number)))
    dying = opened(tmp_path)
    dying._service.submit(Article("This one is fatal for the engine."), Options())
    wait_until(lambda: killed)
    assert killed == [(os.getpid(), signal.SIGTERM)]
    dying.close(10)


def test_the_report_of_an_aged_batch_goes_with_it(tmp_path: Path) -> None:
    made = opened(tmp_path)
    reports: ReportMaker = made.app.config["REPORTS"]
    client = made.app.test_client()
    batch = client.post("/batches", json=[{"text": text} for text in TEXTS]).json
    wait_until(lambda: client.get(f"/batches/{batch['id']}").json["waiting"] == 0)
    assert client.get(batch["results"].replace("/results", "/report")).status_code == 200
    assert batch["id"] in reports._kept
    assert exposed_memory() == made._service.plans.memory_bytes() + reports.memory_bytes() > 0
    store: Batches = made.app.config["BATCHES"]
    while store.sweep(0.0):
        pass
    assert batch["id"] not in reports._kept
    made.close(10)


def exposed_memory() -> float:
    """The memory of all processes beside the service's own, as `/metrics` shows it."""
    (value,) = (
        float(line.split()[1])
        for line in metrics.exposition().decode().splitlines()
        if line.startswith("diglot_reading_memory_bytes ")
    )
    return value


def test_the_collector_is_spared_all_that_is_loaded(tmp_path: Path) -> None:
    gc.unfreeze()
    made = opened(tmp_path)
    wait_until(lambda: gc.get_freeze_count() > 10_000)
    made.close(10)
    gc.unfreeze()
