"""Batches as their owner sees them: received, looked at, cancelled, removed."""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from service.errors import DeadlineExceeded, KeyReused, UnknownBatch
from service.store.batch import Batch, State
from service.store.codec import shown
from service.store.database import Database
from service.store.leases import end
from service.store.quota import Quota

RECEIVE_S = 600.0
"""Seconds without an article after which a body is given up."""
_OUT_OF_SIGHT = "receiving = 1, until = 0, key = NULL"
_STILL_RECEIVED = "number = ? AND receiving AND until > ?"
"""Not given up so far: of one that was, some rows may be removed already."""
_TOO_LATE = "The body took too long to arrive."
_PAGE = 100  # lines that are read at once
_CHANGED_AT_ONCE = 1_000  # rows: other writers wait meanwhile
_PAUSE_S = 0.001


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """A batch's article: packed, or the result line that says why it was refused."""

    article: str | None
    line: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A batch that is being received, and not visible yet."""

    number: int
    id: str


class Batches:
    """`owner` names whose batches are meant: what belongs to another does not exist.

    "" is the owner of all that came without a key. Every method raises StoreFailed, and has done
    nothing then. `clock` gives Unix time. `on_removed` is told the id of each batch whose last row
    is gone.
    """

    def __init__(
        self,
        database: Database,
        *,
        quota: Quota | None = None,
        clock: Callable[[], float] = time.time,
        on_removed: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._quota = quota or Quota()
        self._clock = clock
        self._on_removed = on_removed

    # Receiving

    def begin(self, owner: str) -> Received:
        """Start to receive a batch. Raises OverQuota when there is no room for anything more."""
        now = self._clock()
        new = str(uuid.uuid4())
        with self._database.write() as connection:
            self._quota.check(connection, owner)
            made = connection.execute(
                "INSERT INTO batches (id, owner, until, created) VALUES (?, ?, ?, ?)",
                (new, owner, now + RECEIVE_S, now),
            )
        assert made.lastrowid is not None  # a row was inserted
        return Received(made.lastrowid, new)

    def add(self, batch: Received, first: int, entries: Sequence[StoredArticle]) -> None:
        """Store articles; the first of them has the place `first`.

        Raises DeadlineExceeded when the last ones came so long ago that the batch was given up, and
        OverQuota.
        """
        now = self._clock()
        with self._database.write() as connection:
            waits = connection.execute(
                f"UPDATE batches SET until = ? WHERE {_STILL_RECEIVED} RETURNING owner",
                (now + RECEIVE_S, batch.number, now),
            ).fetchone()
            if waits is None:
                raise DeadlineExceeded(_TOO_LATE)
            connection.executemany(
                "INSERT INTO articles (batch, place, article, outcome, line)"
                " VALUES (?, ?, ?, ?, ?)",
                [
                    (batch.number, first + i, e.article, "failed" if e.line else None, e.line)
                    for i, e in enumerate(entries)
                ],
            )
            self._quota.check(connection, waits[0])

    def accept(self, batch: Received, owner: str, key: str | None, body: str) -> str:
        """Let the queue have the batch; returns its id.

        `body` is a hash of all that was sent. An owner's `key` that came with the same body before
        gives the batch of then. Raises KeyReused when it came with another, and DeadlineExceeded.
        """
        now = self._clock()
        with self._database.write() as connection:
            before = connection.execute(
                "SELECT id, body FROM batches WHERE owner = ? AND key = ?", (owner, key)
            ).fetchone()
            if before is None:
                taken = connection.execute(
                    "UPDATE batches SET receiving = 0, key = ?, body = ?, until = 0"
                    f" WHERE {_STILL_RECEIVED}",
                    (key, body, batch.number, now),
                )
                if taken.rowcount != 1:
                    raise DeadlineExceeded(_TOO_LATE)
                end(connection, now, "number = ?", batch.number)
                return batch.id
        self.discard(batch)
        if before[1] != body:
            raise KeyReused("Send a new Idempotency-Key with a new body or new options.")
        return str(before[0])

    def discard(self, batch: Received) -> None:
        """Forget a batch that is being received; its rows are removed bit by bit."""
        with self._database.write() as connection:
            connection.execute("UPDATE batches SET until = 0 WHERE number = ?", (batch.number,))

    # Looking

    def get(self, id: str, owner: str) -> Batch:
        """A batch's state and counts. Raises UnknownBatch."""
        number, created, ended, cancelled = self._find(id, owner)
        counts: dict[str | None, int] = dict(
            self._database.read(
                "SELECT outcome, count(*) FROM articles WHERE batch = ? GROUP BY outcome", number
            )
        )
        total, waiting = sum(counts.values()), counts.get(None, 0)
        has_begun = counts.get("done") or self._at_work(number)  # some were refused before
        state: State = "running" if has_begun else "waiting"
        if ended is not None:
            state = "cancelled" if cancelled else "done"
        return Batch(
            id=id,
            state=state,
            articles=total,
            waiting=waiting,
            done=counts.get("done", 0),
            failed=counts.get("failed", 0),
            cancelled=counts.get("cancelled", 0),
            created=datetime.fromtimestamp(created, UTC),
            ended=None if ended is None else datetime.fromtimestamp(ended, UTC),
            results=f"/batches/{id}/results",
        )

    def results(self, id: str, owner: str, first: int = 0) -> Iterator[str]:
        """The lines of the articles that are settled, from the place `first` on, some at a time.

        Raises UnknownBatch, also in the middle when the batch is removed meanwhile.
        """
        while True:
            number, *_ = self._find(id, owner)
            page = self._database.read(
                "SELECT place, line FROM articles WHERE batch = ? AND place >= ?"
                " AND outcome IS NOT NULL ORDER BY place LIMIT ?",
                number, first, _PAGE,
            )  # fmt: skip
            self._find(id, owner)  # rows are removed only after the batch is out of sight
            yield "".join(shown(id, place, line) for place, line in page)
            if len(page) < _PAGE:
                return
            first = page[-1][0] + 1

    # Ending

    def cancel(self, id: str, owner: str) -> Batch:
        """Settle the open articles as cancelled; a batch that has ended stays as it is.

        Raises UnknownBatch.
        """
        number, *_ = self._find(id, owner)
        while self._cancel_some(number):
            time.sleep(_PAUSE_S)  # others may write: all at once would take seconds
        return self.get(id, owner)

    def _cancel_some(self, number: int) -> bool:
        """Cancel some articles of a batch; True while there may be more."""
        with self._database.write() as connection:
            stopped = connection.execute(
                "UPDATE articles SET outcome = 'cancelled', article = NULL, claim = NULL"
                " WHERE rowid IN (SELECT rowid FROM articles"
                " WHERE batch = ? AND outcome IS NULL LIMIT ?)",
                (number, _CHANGED_AT_ONCE),
            )
            if stopped.rowcount:
                connection.execute("UPDATE batches SET cancelled = 1 WHERE number = ?", (number,))
            end(connection, self._clock(), "number = ?", number)
        return stopped.rowcount == _CHANGED_AT_ONCE

    def remove(self, id: str, owner: str) -> Batch:
        """Cancel the open articles, and forget the batch; its rows are removed bit by bit.

        Raises UnknownBatch.
        """
        last = self.cancel(id, owner)
        with self._database.write() as connection:
            connection.execute(f"UPDATE batches SET {_OUT_OF_SIGHT} WHERE id = ?", (id,))
        return last

    def sweep(self, keep_s: float | None) -> bool:
        """Remove some rows that are not needed, and give their space back to the disk.

        These are bodies that broke off, and batches that ended more than `keep_s` seconds ago
        (None: never). True while there is more to remove.
        """
        return self._remove_some(keep_s) or self._database.shrink()

    def _remove_some(self, keep_s: float | None) -> bool:
        now = self._clock()
        oldest = -1.0 if keep_s is None else now - keep_s
        with self._database.write() as connection:
            connection.execute(  # out of sight first: a part of a batch is never shown
                f"UPDATE batches SET {_OUT_OF_SIGHT} WHERE ended <= ?",
                (oldest,),
            )
            found = connection.execute(
                "SELECT number, id FROM batches WHERE receiving AND until <= ? LIMIT 1", (now,)
            ).fetchone()
            if found is None:
                return False
            number, removed_id = found
            removed = connection.execute(
                "DELETE FROM articles WHERE rowid IN"
                " (SELECT rowid FROM articles WHERE batch = ? LIMIT ?)",
                (number, _CHANGED_AT_ONCE),
            )
            if removed.rowcount < _CHANGED_AT_ONCE:
                connection.execute("DELETE FROM batches WHERE number = ?", (number,))
                self._on_removed(removed_id)
        return True

    def waiting(self) -> int:
        """Number of articles of accepted batches that are not settled."""
        ((count,),) = self._database.read(
            "SELECT count(*) FROM articles WHERE outcome IS NULL AND batch IN"
            " (SELECT number FROM batches WHERE NOT receiving AND ended IS NULL)"
        )
        return int(count)

    def _find(self, id: str, owner: str) -> tuple[int, float, float | None, bool]:
        found = self._database.read(
            "SELECT number, created, ended, cancelled FROM batches"
            " WHERE id = ? AND owner = ? AND NOT receiving",
            id, owner,
        )  # fmt: skip
        if not found:
            raise UnknownBatch("No batch has this id. One that ended long ago may be removed.")
        number, created, ended, cancelled = found[0]
        return number, created, ended, cancelled

    def _at_work(self, number: int) -> bool:
        return bool(
            self._database.read(
                "SELECT 1 FROM articles WHERE batch = ? AND outcome IS NULL"
                " AND claim IS NOT NULL LIMIT 1",
                number,
            )
        )
