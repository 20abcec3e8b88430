"""The files of a database: who may read them, what a disk can do to them, and older ones."""

import json
import os
import sqlite3
import stat
from pathlib import Path

import pytest

from service.article import Article
from service.errors import StoreFailed, StoreFull
from service.store.batch_tables import FILE, MIGRATIONS
from service.store.batches import Batches, StoredArticle
from service.store.codec import pack
from service.store.database import Damaged, Database
from service.store.leases import Settled
from service.store.result_cache import FILE as CACHE
from service.tasks import Options
from tests.support.stores import LEASE_S, Clock, Store, done, entry


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


@pytest.fixture(autouse=True)
def open_to_all() -> object:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.parametrize("name", [FILE, CACHE])
def test_only_the_owner_may_read_the_files(tmp_path: Path, name: str) -> None:
    path = tmp_path / "数据" / name
    database = Database(path, MIGRATIONS)
    with database.write() as connection:
        connection.execute("INSERT INTO usage VALUES ('报社', 1)")
    found = modes(path.parent)
    assert len(found) == 3, "the database, its log and its index"
    assert set(found.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    database.close()


def test_a_file_that_was_open_to_all_is_closed(tmp_path: Path) -> None:
    Database(tmp_path / FILE, MIGRATIONS).close()
    (tmp_path / FILE).chmod(0o644)
    Database(tmp_path / FILE, MIGRATIONS).close()
    assert modes(tmp_path)[FILE] == 0o600


def test_a_full_disk_is_said_and_loses_nothing(store: Store) -> None:
    batch = store.put(entry())
    ((pages,),) = store.database.read("PRAGMA page_count")
    store.database.read(f"PRAGMA max_page_count = {pages}")
    received = store.batches.begin("")
    big = StoredArticle(pack(Article("桥" * 10_000), Options()))
    with pytest.raises(StoreFull, match="full"):
        store.batches.add(received, 0, [big] * 50)
    assert store.batches.get(batch, "").waiting == 1
    (claim,) = store.leases.claim(5, LEASE_S, alone=True)
    with pytest.raises(StoreFull):
        store.leases.settle([Settled(claim, "done", json.dumps({"id": "桥" * 100_000}))])
    store.database.read("PRAGMA max_page_count = 1000000")
    assert store.leases.settle([done(claim)]) == 1


def test_a_locked_database_is_said(tmp_path: Path, store: Store) -> None:
    short = Database(tmp_path / FILE, MIGRATIONS, busy_s=0.05)
    other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreFailed, match="locked"):
        Batches(short).begin("")
    other.execute("ROLLBACK")
    Batches(short).begin("")
    other.close()
    short.close()


def test_a_damaged_database_is_said(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database " * 1_000)
    with pytest.raises(Damaged, match=r"diglot\.db.*backup"):
        Database(tmp_path / FILE, MIGRATIONS)


def test_damage_in_the_middle_is_found_by_a_check(tmp_path: Path, clock: Clock) -> None:
    store = Store(tmp_path, clock)
    store.put(*[entry(n) for n in range(500)])
    store.database.close()
    whole = bytearray((tmp_path / FILE).read_bytes())
    whole[len(whole) // 2 :] = b"\xff" * (len(whole) - len(whole) // 2)
    (tmp_path / FILE).write_bytes(whole)
    damaged = Database(tmp_path / FILE, MIGRATIONS)
    with pytest.raises(Damaged):
        damaged.check()
    damaged.close()


def test_a_folder_that_can_not_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreFailed, match="folder"):
        Database(tmp_path / "file" / FILE, MIGRATIONS)


def test_an_older_file_is_brought_up_to_date_and_a_newer_one_is_left_alone(tmp_path: Path) -> None:
    Database(tmp_path / FILE, MIGRATIONS).close()
    newer = (*MIGRATIONS, "CREATE TABLE more (a INTEGER); CREATE INDEX b ON more (a);")
    database = Database(tmp_path / FILE, newer)
    assert database.read("PRAGMA user_version") == [(len(newer),)]
    assert database.read("SELECT * FROM more") == []
    database.close()
    with pytest.raises(StoreFailed, match="newer"):
        Database(tmp_path / FILE, MIGRATIONS)


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    Database(tmp_path / FILE, MIGRATIONS).close()
    with pytest.raises(StoreFailed):
        Database(tmp_path / FILE, (*MIGRATIONS, "CREATE TABLE one (a); CREATE NONSENSE;"))
    database = Database(tmp_path / FILE, MIGRATIONS)
    assert database.read("SELECT name FROM sqlite_master WHERE name = 'one'") == []
    database.close()
