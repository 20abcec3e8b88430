"""The queue of the store: an article is claimed for a while, and settled once.

A lease that runs out, because whoever held it was killed, gives the article back. It may have been
the article that killed them: what was lost once is claimed again only after everything else, alone,
and after MOST_LOSSES it is settled with an error.
"""

import sqlite3
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from service.errors import EngineFailed
from service.store.codec import error_line, result_id, source_of
from service.store.database import Database

MOST_LOSSES = 5

Outcome = Literal["done", "failed"]


@dataclass(frozen=True, slots=True)
class Claim:
    """An article that is ours until the lease runs out, unless it is renewed."""

    row: int
    token: str
    batch: str
    place: int
    article: str
    owner: str


@dataclass(frozen=True, slots=True)
class Settled:
    claim: Claim
    outcome: Outcome
    line: str


class Leases:
    """Every method raises StoreFailed, and has done nothing then. `clock` gives Unix time."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def claim(self, most: int, lease_s: float, *, alone: bool) -> list[Claim]:
        """Claim at most `most` articles in the order of arrival; with `alone`, when there is
        nothing else, one that was lost before.
        """
        now = self._clock()
        with self._database.write() as connection:
            self._give_back(connection, now)
            found = _open(connection, "losses = 0 ORDER BY batch, place LIMIT ?", most)
            if not found and alone:
                found = _open(connection, "losses > 0 ORDER BY losses, batch, place LIMIT ?", 1)
            token = uuid.uuid4().hex
            connection.executemany(
                "UPDATE articles SET claim = ?, until = ? WHERE rowid = ?",
                [(token, now + lease_s, row) for row, *_ in found],
            )
        return [
            Claim(row, token, batch, place, text, owner) for row, batch, place, text, owner in found
        ]

    def renew(self, claims: Sequence[Claim], lease_s: float) -> list[Claim]:
        """Renew `claims`; returns those that are lost, as after a cancel."""
        until = self._clock() + lease_s
        with self._database.write() as connection:
            return [
                claim for claim in claims if not _changed(connection, claim, "until = ?", until)
            ]

    def release(self, claims: Iterable[Claim]) -> None:
        """Give articles back as they were: somebody else may have them at once."""
        with self._database.write() as connection:
            for claim in claims:
                _changed(connection, claim, "claim = NULL, until = ?", 0)

    def settle(self, settled: Iterable[Settled]) -> int:
        """Write down how articles ended; returns how many of them were still ours to settle."""
        with self._database.write() as connection:
            return sum(self._settle(connection, one) for one in settled)

    def _settle(self, connection: sqlite3.Connection, settled: Settled) -> bool:
        ours = _changed(
            connection,
            settled.claim,
            "outcome = ?, line = ?, article = NULL, claim = NULL",
            settled.outcome,
            settled.line,
        )
        if ours:
            end(connection, self._clock(), "id = ?", settled.claim.batch)
        return ours

    def _give_back(self, connection: sqlite3.Connection, now: float) -> None:
        connection.execute(
            "UPDATE articles SET claim = NULL, losses = losses + 1"
            " WHERE claim IS NOT NULL AND until <= ? AND outcome IS NULL",
            (now,),
        )
        for row, batch, place, text, _ in _open(
            connection, f"losses >= {MOST_LOSSES} LIMIT ?", 100
        ):
            error = EngineFailed("the service died each time that it was at work on this article")
            line = error_line(result_id(batch, place), source_of(text), error)
            connection.execute(
                "UPDATE articles SET outcome = 'failed', line = ?, article = NULL WHERE rowid = ?",
                (line, row),
            )
            end(connection, now, "id = ?", batch)


def end(connection: sqlite3.Connection, now: float, which: str, value: object) -> None:
    """Note that the batches `which` have ended, where every article of theirs is settled."""
    connection.execute(
        f"UPDATE batches SET ended = ? WHERE {which} AND ended IS NULL AND NOT EXISTS"
        " (SELECT 1 FROM articles WHERE batch = batches.number AND outcome IS NULL)",
        (now, value),
    )


def _open(
    connection: sqlite3.Connection, which: str, most: int
) -> list[tuple[int, str, int, str, str]]:
    return connection.execute(
        "SELECT articles.rowid, (SELECT id FROM batches WHERE number = batch), place, article,"
        " (SELECT owner FROM batches WHERE number = batch)"
        " FROM articles WHERE outcome IS NULL AND claim IS NULL AND batch IN"
        f" (SELECT number FROM batches WHERE NOT receiving AND ended IS NULL) AND {which}",
        (most,),
    ).fetchall()


def _changed(connection: sqlite3.Connection, claim: Claim, change: str, *values: object) -> bool:
    """Change an article that is still claimed as `claim` says; False when it is not."""
    done = connection.execute(
        f"UPDATE articles SET {change} WHERE rowid = ? AND claim = ? AND outcome IS NULL",
        (*values, claim.row, claim.token),
    )
    return done.rowcount == 1
