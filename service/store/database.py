"""One SQLite file: opened, brought up to date, its faults in plain words.

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
