"""The bytes that owners' articles take, kept up whatever is done with them."""

import json
import sqlite3
from pathlib import Path

from service.store.batch_tables import FILE, MIGRATIONS
from service.store.batches import Batches
from service.store.database import Database
from service.store.leases import Leases, Settled
from tests.support.stores import MEGABYTE, TEXTS, counted, on_disk, put, stored, usage


def test_settling_cancelling_and_removing_change_the_counts(database: Database) -> None:
    batches, leases = Batches(database), Leases(database)
    first = put(batches, "a", *[stored(text) for text in TEXTS * 3])
    second = put(batches, "a", stored(TEXTS[1]))
    for claim in leases.claim(4, 10, alone=False):
        leases.settle([Settled(claim, "done", json.dumps({"text": "桥" * claim.place}))])
        assert usage(database) == counted(database)
    batches.cancel(first, "a")
    assert usage(database) == counted(database)
    batches.remove(first, "a")
    while batches.sweep(None):
        pass
    assert usage(database) == counted(database) == {"a": usage(database)["a"]}
    batches.remove(second, "a")
    while batches.sweep(None):
        pass
    assert usage(database) == {"a": 0}


def test_a_file_of_an_older_version_is_counted_and_shrinks(tmp_path: Path) -> None:
    old = Database(tmp_path / FILE, MIGRATIONS[:1], durable=False)
    old.close()
    with sqlite3.connect(tmp_path / FILE) as connection:  # as an older Diglot left it
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA auto_vacuum = NONE")
        connection.execute("VACUUM")
        connection.execute(
            "INSERT INTO batches (id, owner, receiving, until, created) VALUES ('x', 'a', 0, 0, 0)"
        )
        connection.executemany(
            "INSERT INTO articles (batch, place, article) VALUES (1, ?, ?)",
            [(place, stored(TEXTS[1]).article) for place in range(1_000)],
        )
    connection.close()
    database = Database(tmp_path / FILE, MIGRATIONS, durable=False)
    try:
        assert usage(database) == counted(database) != {}
        batches = Batches(database)
        batches.remove("x", "a")
        while batches.sweep(None):
            pass
        assert usage(database) == {"a": 0}
        assert on_disk(tmp_path) < MEGABYTE
    finally:
        database.close()
