"""One SQLite file and the tables of batches: opened, brought up to date, its faults in plain words.

It is in WAL mode, so that readers never wait for a writer. One connection serves all threads of
the process, one at a time; other processes may have the file open too.
"""

import contextlib
import logging
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from service.errors import StoreFailed, StoreFull

log = logging.getLogger(__name__)

FILE = "diglot.db"
RESULT_BYTES = 4096
"""Counted for the result of an article that has none so far."""
_ROW_BYTES = 200


def _size(row: str) -> str:
    """The SQL of the bytes that an article takes, with its place in the indexes."""
    return (
        f"{_ROW_BYTES} + coalesce(length(CAST({row}.article AS BLOB)), 0)"
        f" + coalesce(length(CAST({row}.line AS BLOB)), 0)"
        f" + CASE WHEN {row}.outcome IS NULL THEN {RESULT_BYTES} ELSE 0 END"
    )


_USAGE = f"""
    CREATE TABLE usage (owner TEXT PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO usage (owner, bytes)
        SELECT owner, sum({_size("articles")}) FROM articles
        JOIN batches ON batches.number = articles.batch GROUP BY owner;

    CREATE TRIGGER articles_added AFTER INSERT ON articles BEGIN
        INSERT INTO usage (owner, bytes)
            SELECT owner, {_size("NEW")} FROM batches WHERE number = NEW.batch
            ON CONFLICT (owner) DO UPDATE SET bytes = bytes + excluded.bytes;
    END;
    CREATE TRIGGER articles_changed AFTER UPDATE OF article, line, outcome ON articles BEGIN
        UPDATE usage SET bytes = bytes + ({_size("NEW")}) - ({_size("OLD")})
            WHERE owner = (SELECT owner FROM batches WHERE number = NEW.batch);
    END;
    CREATE TRIGGER articles_removed AFTER DELETE ON articles BEGIN
        UPDATE usage SET bytes = bytes - ({_size("OLD")})
            WHERE owner = (SELECT owner FROM batches WHERE number = OLD.batch);
    END;
"""
MIGRATIONS = (
    """
    CREATE TABLE batches (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        owner TEXT NOT NULL,
        key TEXT,
        body TEXT,
        receiving INTEGER NOT NULL DEFAULT 1,
        until REAL NOT NULL,
        created REAL NOT NULL,
        ended REAL,
        cancelled INTEGER NOT NULL DEFAULT 0
    );
    CREATE UNIQUE INDEX batches_key ON batches (owner, key) WHERE key IS NOT NULL;

    CREATE TABLE articles (
        batch INTEGER NOT NULL REFERENCES batches (number),
        place INTEGER NOT NULL,
        article TEXT,
        outcome TEXT CHECK (outcome IN ('done', 'failed', 'cancelled')),
        line TEXT,
        claim TEXT,
        until REAL NOT NULL DEFAULT 0,
        losses INTEGER NOT NULL DEFAULT 0,
        UNIQUE (batch, place),
        CHECK (outcome IS NULL OR article IS NULL)
    );
    CREATE INDEX articles_open ON articles (losses, batch, place) WHERE outcome IS NULL;
    CREATE INDEX articles_outcome ON articles (batch, outcome);
    CREATE INDEX articles_claimed ON articles (until) WHERE claim IS NOT NULL;
    """,
    _USAGE,
)
"""The tables of batches, version by version.

A batch is numbered in the order of arrival. It is `receiving` until its body has come to the end:
before, nobody sees it. An article that is not settled has its text and what is asked; one that is
settled has its line instead. `until` is a Unix time: till then the lease of whoever holds `claim`
runs, or, for a batch, that of whoever receives it. `losses` counts leases that ran out. `usage`
is kept up by triggers: how many bytes each owner's articles and results take.
"""

BUSY_S = 5.0
"""Seconds that another connection or thread may hold the file before it counts as locked."""
_LARGEST_LOG = 64 * 1024 * 1024  # bytes that the write-ahead log keeps on the disk when it is empty
_SPARE_PAGES = 1_000  # of 4 KiB: so many free ones stay in the file for what comes next
_PAGES_AT_ONCE = 1_000  # other writers wait meanwhile
_SMALL = 64 * 1024 * 1024  # bytes in use of a file that is written anew in a moment

_WORDS = {
    sqlite3.SQLITE_BUSY: "it is locked by another program",
    sqlite3.SQLITE_LOCKED: "it is locked by another program",
    sqlite3.SQLITE_READONLY: "it is read-only",
    sqlite3.SQLITE_CANTOPEN: "it can't be opened; its folder may be missing or read-only",
    sqlite3.SQLITE_PERM: "it may not be opened",
    sqlite3.SQLITE_CORRUPT: "it is damaged; restore a backup",
    sqlite3.SQLITE_NOTADB: "it is no database, or is damaged; restore a backup",
    sqlite3.SQLITE_IOERR: "the disk has a fault, or is full",
}


class Damaged(StoreFailed):
    """The file is damaged, or not a database."""


class Unknown(StoreFailed):
    """The file holds other tables than were expected."""


class TooNew(StoreFailed):
    """The file was written by a newer Diglot."""


def _make_private(path: Path) -> None:
    """Let only the owner read the articles; SQLite gives the files beside it the same mode.

    A file that can't be made or changed is left for SQLite to complain about.
    """
    with contextlib.suppress(OSError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        for file in (path, *path.parent.glob(f"{path.name}-*")):
            file.chmod(0o600)


class Database:
    """`migrations[n]` is the SQL that brings a file from version n to n + 1.

    `durable` syncs every commit to the disk, so that it outlives a power cut; without, only a
    crash of the process. Raises StoreFailed when the file can't be used, as every method does.
    """

    def __init__(
        self, path: Path, migrations: Sequence[str], *, durable: bool = True, busy_s: float = BUSY_S
    ) -> None:
        self._name = path.name
        self._busy_s = busy_s
        self._lock = threading.RLock()
        self._failing = False
        try:
            path.parent.mkdir(0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._fault(f"its folder can't be made: {error.strerror}") from error
        _make_private(path)
        with self._told():
            self._connection = sqlite3.connect(
                path, timeout=busy_s, isolation_level=None, check_same_thread=False
            )
        try:
            self._prepare("FULL" if durable else "NORMAL")
            self._migrate(migrations)
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def read(self, sql: str, *values: Any) -> list[Any]:
        """All rows of a query; ask for few at a time."""
        with self._held(), self._told():
            return self._connection.execute(sql, values).fetchall()

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it is on the disk at the end, or none after an error."""
        with self._held(), self._told():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException as error:
                if self._connection.in_transaction:  # a full disk ends it by itself
                    self._connection.execute("ROLLBACK")
                if _code(error) == sqlite3.SQLITE_FULL:
                    self._make_room()
                raise

    def _make_room(self) -> None:
        """Empty the write-ahead log into the file; for the next try, as nothing else would do it
        while every write fails.
        """
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def check(self) -> None:
        """Read every page. Raises StoreFailed when the file is damaged."""
        found = self.read("PRAGMA quick_check(1)")
        if found != [("ok",)]:
            raise Damaged(f"{self._name}: {_WORDS[sqlite3.SQLITE_CORRUPT]}")

    def shrink(self) -> bool:
        """Give some of what the file has no use for back to the disk; True while there is more."""
        with self._held(), self._told():
            if self._pragma("freelist_count") <= _SPARE_PAGES:
                return False
            if self._pragma("auto_vacuum"):
                # A script, because `execute` takes the first step only: one page.
                self._connection.executescript(f"PRAGMA incremental_vacuum({_PAGES_AT_ONCE})")
                more = self._pragma("freelist_count") > _SPARE_PAGES
            else:
                more = self._rewrite()
            if not more:
                self._make_room()
            return more

    def _rewrite(self) -> bool:
        """Write the file anew, so that it can shrink from then on, where that takes a moment."""
        pages = self._pragma("page_count") - self._pragma("freelist_count")
        if pages * self._pragma("page_size") <= _SMALL:
            self._connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            self._connection.execute("VACUUM")
        return False

    def _pragma(self, name: str) -> int:
        return int(self._connection.execute(f"PRAGMA {name}").fetchone()[0])

    def _prepare(self, synchronous: Literal["FULL", "NORMAL"]) -> None:
        with self._told():
            # In a new file alone: it writes, and a full disk has no room for that. One of an older
            # Diglot gets it when `shrink` writes it anew.
            if not self._pragma("page_count"):
                self._connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            (mode,) = self._connection.execute("PRAGMA journal_mode = WAL").fetchone()
            if mode != "wal":
                raise self._fault("its folder can't hold a write-ahead log; take a local disk")
            self._connection.execute(f"PRAGMA synchronous = {synchronous}")
            self._connection.execute(f"PRAGMA journal_size_limit = {_LARGEST_LOG}")

    def _migrate(self, migrations: Sequence[str]) -> None:
        with self.write() as connection:  # raises where nothing could be written later
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > len(migrations):
                raise TooNew(
                    f"{self._name}: it is of a newer Diglot (version {version}, and"
                    f" {len(migrations)} is known)"
                )
            for script in migrations[version:]:
                for statement in _statements(script):
                    connection.execute(statement)
            if version < len(migrations):  # else nothing is written: a full disk has no room for it
                connection.execute(f"PRAGMA user_version = {len(migrations)}")

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=self._busy_s):
            raise self._fault(_WORDS[sqlite3.SQLITE_BUSY])
        try:
            yield
        finally:
            self._lock.release()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what SQLite raises into StoreFailed; the log gets the first of a row of failures."""
        try:
            yield
        except sqlite3.Error as error:
            if not self._failing:
                log.error("the store %s: %s", self._name, error)
            self._failing = True
            code = _code(error)
            if code == sqlite3.SQLITE_FULL:
                raise StoreFull(f"{self._name}: the disk is full") from error
            words = _WORDS.get(code, "it failed; the log says more")
            if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise Damaged(f"{self._name}: {words}") from error
            if code == sqlite3.SQLITE_ERROR:
                raise Unknown(f"{self._name}: {words}") from error
            raise self._fault(words) from error
        else:
            self._failing = False

    def _fault(self, words: str) -> StoreFailed:
        return StoreFailed(f"{self._name}: {words}")


def _statements(script: str) -> Iterator[str]:
    """The statements of a script; a trigger holds some of its own."""
    statement = ""
    for part in script.split(";"):
        statement += f"{part};"
        if part.strip() and sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _code(error: BaseException) -> int:
    """SQLite's number of the error, without the details."""
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)) & 0xFF
