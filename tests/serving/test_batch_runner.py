"""The batch runner over a real store and a service that answers by a script."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from service.errors import EngineFailed, NotReady, StoreFailed
from service.serving import batch_runner
from service.serving.batch_runner import Bulk, Chore
from tests.support.fakes import FakeService
from tests.support.stores import Clock, Store, entry
from tests.support.waiting import wait_until

LONG_S = 3600.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path, Clock())
    yield opened
    opened.database.close()


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@contextmanager
def working(store: Store, service: FakeService, at_once: int = 2) -> Iterator[Bulk]:
    bulk = Bulk(store.leases, store.batches, service, at_once=at_once)  # type: ignore[arg-type]
    bulk.start()
    try:
        yield bulk
    finally:
        bulk.close(10)
        assert not bulk._thread.is_alive()


def ended(store: Store, batch: str) -> list[dict[str, Any]]:
    wait_until(lambda: store.batches.get(batch, "").ended)
    return store.lines(batch)


def test_every_article_gets_its_line_in_order(store: Store, service: FakeService) -> None:
    batch = store.put(*map(entry, range(5)))
    with working(store, service):
        lines = ended(store, batch)
    assert [line["index"] for line in lines] == [0, 1, 2, 3, 4]
    assert [line["source"] for line in lines] == ["a.txt", "桥.txt"] * 2 + ["a.txt"]
    assert {handed.work for handed in service.handed} == {"bulk"}


@pytest.mark.parametrize(
    ("error", "code"),
    [(EngineFailed("no"), "engine_failed"), (RuntimeError("/secret"), "internal")],
)
def test_an_error_is_the_line_of_its_article_alone(
    store: Store, service: FakeService, error: Exception, code: str
) -> None:
    service.enqueue(error)
    batch = store.put(entry(0), entry(1))
    with working(store, service, at_once=1):
        failed, done = ended(store, batch)
    assert failed["error"]["code"] == code
    assert "secret" not in json.dumps(failed)
    assert done["source"] == "桥.txt"


def test_a_service_that_refuses_an_article_at_once_fails_it_alone(
    store: Store, service: FakeService
) -> None:
    service.refuse = EngineFailed("no")
    batch = store.put(entry(0), entry(1))
    with working(store, service, at_once=1):
        lines = ended(store, batch)
    assert [line["error"]["code"] for line in lines] == ["engine_failed"] * 2


def test_no_more_are_claimed_than_keep_the_engine_full(store: Store, service: FakeService) -> None:
    service.enqueue(*[None] * 5)
    store.put(*map(entry, range(5)))
    with working(store, service, at_once=2):
        wait_until(lambda: len(service.handed) == 2)
        time.sleep(0.05)
        assert len(service.handed) == 2


def test_nothing_is_claimed_while_the_service_loads(store: Store, service: FakeService) -> None:
    service.state = "loading"
    batch = store.put(entry(0))
    with working(store, service) as bulk:
        time.sleep(0.05)
        assert service.handed == []
        service.state = "ready"
        bulk.wake()
        assert len(ended(store, batch)) == 1


def test_a_stop_releases_articles_in_progress(store: Store, service: FakeService) -> None:
    service.enqueue(None, None)
    store.put(entry(0), entry(1))
    with working(store, service):
        wait_until(lambda: len(service.handed) == 2)
    assert all(handed.future.cancelled() for handed in service.handed)
    assert len(store.leases.claim(9, 10.0, alone=False)) == 2


def test_an_article_that_the_service_could_not_take_is_free_again(
    store: Store, service: FakeService
) -> None:
    service.refuse = NotReady("it stops")
    store.put(entry(0))
    bulk = Bulk(store.leases, store.batches, service, at_once=1)  # type: ignore[arg-type]
    bulk._fill()
    assert len(store.leases.claim(9, 10.0, alone=False)) == 1


def test_an_article_that_the_worker_died_of_keeps_its_lease(
    store: Store, service: FakeService
) -> None:
    service.enqueue(NotReady("the worker has stopped"))
    store.put(entry(0))
    bulk = Bulk(store.leases, store.batches, service, at_once=1)  # type: ignore[arg-type]
    bulk._fill()
    bulk._collect()
    assert bulk._at_work == {}
    assert store.leases.claim(9, 10.0, alone=True) == []


def test_a_cancel_ends_articles_in_progress_at_once(store: Store, service: FakeService) -> None:
    service.enqueue(None)
    batch = store.put(entry(0))
    with working(store, service) as bulk:
        wait_until(lambda: service.handed)
        store.batches.cancel(batch, "")
        bulk.wake()
        wait_until(service.handed[0].future.cancelled)


def test_a_cancel_in_the_middle_of_a_renewal_is_seen_in_the_next_turn(
    store: Store, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The renewal has looked already, so the wake must not be taken for done."""
    monkeypatch.setattr(batch_runner, "RENEW_S", LONG_S)
    service.enqueue(None)
    batch = store.put(entry(0))
    renew, looked, cancelled = store.leases.renew, threading.Event(), threading.Event()

    def interrupted(*arguments: Any) -> Any:
        lost = renew(*arguments)
        if arguments[0] and not looked.is_set():
            looked.set()
            assert cancelled.wait(10)
        return lost

    store.leases.renew = interrupted  # type: ignore[method-assign]
    with working(store, service) as bulk:
        wait_until(lambda: service.handed)
        bulk.wake()
        assert looked.wait(10)
        store.batches.cancel(batch, "")
        bulk.wake()
        cancelled.set()
        wait_until(service.handed[0].future.cancelled)


def test_a_removal_in_the_middle_of_a_sweep_is_swept_in_the_next_turn(
    store: Store, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_runner, "SWEEP_EVERY_S", LONG_S)
    batch = store.put(entry(0))
    sweep, looked, removed = store.batches.sweep, threading.Event(), threading.Event()

    def interrupted(keep_s: float | None) -> bool:
        more = sweep(keep_s)
        if not more and not looked.is_set():
            looked.set()
            assert removed.wait(10)
        return more

    store.batches.sweep = interrupted  # type: ignore[method-assign]
    with working(store, service) as bulk:
        assert looked.wait(10)
        store.batches.remove(batch, "")
        bulk.wake(sweep=True)
        removed.set()
        wait_until(lambda: store.database.read("SELECT count(*) FROM articles") == [(0,)])


def test_results_that_the_store_does_not_take_are_written_once_it_does(
    store: Store, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_runner, "AFTER_A_FAULT_S", 0.01)
    batch = store.put(entry(0))
    settle, tries = store.leases.settle, []

    def failing(settled: Any) -> int:
        tries.append(len(settled))
        if len(tries) < 3:
            raise StoreFailed("the disk is full")
        return settle(settled)

    store.leases.settle = failing  # type: ignore[method-assign]
    with working(store, service):
        assert len(ended(store, batch)) == 1
    assert tries[:3] == [1, 1, 1]


def test_a_chore_is_due_at_first_after_its_pause_and_when_it_is_hastened() -> None:
    chore = Chore()
    assert chore.begin()
    assert chore.begin()  # it did not come to its end
    chore.end(LONG_S)
    assert not chore.begin()
    chore.hasten()
    assert chore.begin()
    chore.hasten()  # while it is done
    chore.end(LONG_S)
    assert chore.begin()
    chore.end(0.0)
    assert chore.begin()
