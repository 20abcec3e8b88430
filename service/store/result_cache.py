"""Result cache: the same article, asked the same of the same engine, is answered at once.

Engines answer the same request in the same way, so a kept Result is as good as a new one. The file
is a cache: it may be lost, and one that is damaged is begun anew. Writing is left to a thread of
its own, so that nobody waits for the disk; when there is more to write than it manages, some
results are not kept. It writes what has come meanwhile in one transaction, a few times a second.
"""

import logging
import queue
import sqlite3
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from service import __version__
from service.errors import StoreFailed
from service.result import Result
from service.store.database import Damaged, Database, TooNew, Unknown

log = logging.getLogger(__name__)

FILE = "kept.db"
MIGRATIONS = (
    """
    CREATE TABLE results (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        fingerprint TEXT NOT NULL UNIQUE,
        result TEXT NOT NULL,
        bytes INTEGER NOT NULL
    );
    """,
)
_MOST_UNWRITTEN = 256
_PAUSE_S = 0.05
"""Between two transactions: each costs as much as ten results."""
_BUSY_S = 0.5  # an answer can be made again: not worth a long wait


class ResultCache:
    """At most `limit` bytes of results in `folder`; the oldest go first. A result is found by its
    owner only.

    Raises StoreFailed when the file can't be made. Afterwards nothing here raises: a cache that
    fails is passed by, and the log says so once.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._limit = limit
        self._database, self._bytes = _open(folder / FILE)
        self._closing = threading.Event()
        self._unwritten: queue.Queue[tuple[str, Result] | None] = queue.Queue(_MOST_UNWRITTEN)
        self._writer = threading.Thread(target=self._write, name="diglot-kept", daemon=True)
        self._writer.start()

    def find(self, fingerprint: str, owner: str = "") -> Result | None:
        try:
            found = self._database.read(
                "SELECT result FROM results WHERE fingerprint = ?", self._key(fingerprint, owner)
            )
            return Result.model_validate_json(found[0][0]) if found else None
        except (StoreFailed, ValidationError):
            return None

    def note(self, done: Future[Result], owner: str = "") -> None:
        """Keep the Result of a Future that is done, if it has one; returns at once."""
        if not done.cancelled() and done.exception() is None:
            try:
                self._unwritten.put_nowait((owner, done.result()))
            except queue.Full:
                log.debug("a result is not kept: too many wait to be written")

    def close(self) -> None:
        """Write the pending results, and close the file."""
        self._closing.set()
        self._unwritten.put(None)
        self._writer.join()
        self._database.close()

    @staticmethod
    def _key(fingerprint: str, owner: str) -> str:
        # Another version of Diglot may read or check the same article in another way.
        return f"{fingerprint} {__version__} {owner}".rstrip()

    def _write(self) -> None:
        is_open = True
        while is_open:
            results, is_open = self._take()
            try:
                self._keep(results)
            except StoreFailed as error:
                log.debug("results are not kept: %s", error)
            except Exception:  # else nothing would be kept any more, and `close` would wait forever
                log.exception("results are not kept")
            self._closing.wait(_PAUSE_S)

    def _take(self) -> tuple[list[tuple[str, Result]], bool]:
        """The results that wait, once there are any, and whether more may come."""
        taken = [self._unwritten.get()]
        with suppress(queue.Empty):
            while taken[-1] is not None:
                taken.append(self._unwritten.get_nowait())
        return [each for each in taken if each is not None], taken[-1] is not None

    def _keep(self, results: Sequence[tuple[str, Result]]) -> None:
        with self._database.write() as connection:
            total = self._bytes
            for owner, result in results:
                text = result.model_dump_json()
                size = len(text.encode("utf-8", "replace"))
                if size <= self._limit:
                    kept = connection.execute(
                        "INSERT OR IGNORE INTO results (fingerprint, result, bytes)"
                        " VALUES (?, ?, ?)",
                        (self._key(result.fingerprint, owner), text, size),
                    )
                    total += size * kept.rowcount
            total -= _evict(connection, total - self._limit)
        self._bytes = total


def _evict(connection: sqlite3.Connection, over: int) -> int:
    """Remove the oldest results, until `over` bytes are gone; returns how many went."""
    gone = 0
    while gone < over:
        number, size = connection.execute(
            "SELECT number, bytes FROM results ORDER BY number LIMIT 1"
        ).fetchone()
        connection.execute("DELETE FROM results WHERE number = ?", (number,))
        gone += size
    return gone


def _open(path: Path) -> tuple[Database, int]:
    """The file at `path`, made again where it is not a cache of this version, and its bytes."""
    try:
        return _opened(path)
    except (Damaged, TooNew, Unknown) as error:
        log.warning("%s; the kept results are begun anew", error)
    _remove(path)
    return _opened(path)


def _opened(path: Path) -> tuple[Database, int]:
    database = Database(path, MIGRATIONS, durable=False, busy_s=_BUSY_S)
    try:
        ((size,),) = database.read("SELECT coalesce(sum(bytes), 0) FROM results")
    except BaseException:
        database.close()
        raise
    return database, size


def _remove(path: Path) -> None:
    try:
        for left in ("", "-wal", "-shm"):
            path.with_name(FILE + left).unlink(missing_ok=True)
    except OSError as error:
        raise StoreFailed(f"{FILE}: it can't be removed: {error.strerror}") from error
