"""Removed batches, and the space that they give back."""

import json
from pathlib import Path
from typing import Any

import pytest

from service.errors import DeadlineExceeded, UnknownBatch
from service.store.batches import RECEIVE_S, Batches, Received, StoredArticle
from service.store.database import Database
from tests.support.stores import MEGABYTE, TEXTS, Clock, Store, on_disk, put, stored


def test_a_removed_batch_is_gone_at_once_and_only_for_its_owner(database: Database) -> None:
    batches = Batches(database)
    batch = put(batches, "a", stored(TEXTS[0]))
    with pytest.raises(UnknownBatch):
        batches.remove(batch, "b")
    assert batches.remove(batch, "a").state == "cancelled"
    for look in (batches.get, batches.cancel, batches.remove):
        with pytest.raises(UnknownBatch):
            look(batch, "a")


@pytest.mark.parametrize("text", TEXTS)
def test_the_end_of_a_batch_is_told_when_its_last_row_is_gone(
    database: Database, text: str
) -> None:
    told: list[str] = []
    batches = Batches(database, on_removed=told.append)
    batch, kept = (put(batches, "a", stored(text)) for _ in range(2))
    batches.remove(batch, "a")
    assert told == []
    while batches.sweep(None):
        pass
    assert told == [batch]
    assert batches.get(kept, "a").waiting == 1


def test_space_is_given_back_to_the_disk(database: Database, tmp_path: Path) -> None:
    batches = Batches(database)
    batch = put(batches, "a", *[stored(TEXTS[0], 20_000) for _ in range(1_500)])
    kept = put(batches, "a", stored(TEXTS[1]))
    assert on_disk(tmp_path) > 30 * MEGABYTE
    batches.remove(batch, "a")
    turns = 1
    while batches.sweep(None):
        turns += 1
    assert on_disk(tmp_path) < 6 * MEGABYTE
    assert turns < 20  # each may take a second: a batch runner's turn
    assert batches.get(kept, "a").waiting == 1


@pytest.fixture(params=TEXTS, ids=["en", "zh"])
def half_swept(request: pytest.FixtureRequest, store: Store, clock: Clock) -> Received:
    """A batch that took too long to arrive, and of which a part is removed already."""
    received = store.batches.begin("")
    store.batches.add(received, 0, [stored(request.param, 10)] * 1_500)
    clock.now += RECEIVE_S
    assert store.batches.sweep(None)
    assert store.database.read("SELECT count(*) FROM articles") == [(500,)]
    return received


def test_a_batch_that_was_given_up_takes_no_more(store: Store, half_swept: Received) -> None:
    with pytest.raises(DeadlineExceeded):
        store.batches.add(half_swept, 1_500, [stored("x", 10)])
    while store.batches.sweep(None):
        pass
    assert store.database.read("SELECT count(*) FROM articles, batches") == [(0,)]


def test_half_of_a_batch_is_never_accepted(store: Store, half_swept: Received) -> None:
    with pytest.raises(DeadlineExceeded):
        store.batches.accept(half_swept, "", "key", "body")
    assert store.leases.claim(1, 10.0, alone=True) == []
    assert store.batches.accept(store.batches.begin(""), "", "key", "body")


@pytest.mark.parametrize("text", TEXTS)
def test_results_never_end_short_when_their_batch_is_removed(store: Store, text: str) -> None:
    batch = store.put(*[StoredArticle(None, json.dumps({"line": text}))] * 250)
    pages = store.batches.results(batch, "")
    assert next(pages).count("\n") == 100
    store.batches.remove(batch, "")
    while store.batches.sweep(None):
        pass
    with pytest.raises(UnknownBatch):
        list(pages)


@pytest.mark.parametrize("text", TEXTS)
def test_a_large_batch_is_cancelled_bit_by_bit(
    store: Store, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = store.put(*[stored(text, 10)] * 2_500)
    writes, write = [], store.database.write

    def counted_write() -> Any:
        writes.append(True)
        return write()

    monkeypatch.setattr(store.database, "write", counted_write)
    cancelled = store.batches.cancel(batch, "")
    assert (cancelled.state, cancelled.cancelled, cancelled.waiting) == ("cancelled", 2_500, 0)
    assert len(writes) == 3, "others may write in between"
