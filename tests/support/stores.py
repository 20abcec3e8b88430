"""The store of batches as one process sees it, and a clock that a test sets."""

import json
from pathlib import Path
from typing import Any

from service.article import Article
from service.store.batches import Batches, StoredArticle
from service.store.codec import pack
from service.store.database import FILE, MIGRATIONS, Database
from service.store.leases import Claim, Leases, Settled
from service.tasks import Options

LEASE_S = 10.0
ARTICLES = (
    Article("The council will build a bridge.", title="Bridge", source="a.txt"),
    Article("镇议会将建一座桥。", title="桥", source="桥.txt", markup="html"),
)


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Store:
    """Both sides of one file, as a process sees it."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.database = Database(folder / FILE, MIGRATIONS, durable=False)
        self.batches = Batches(self.database, clock=clock)
        self.leases = Leases(self.database, clock=clock)

    def put(self, *entries: StoredArticle, key: str | None = None, body: str = "") -> str:
        received = self.batches.begin("")
        self.batches.add(received, 0, entries)
        return self.batches.accept(received, "", key, body)

    def lines(self, batch: str) -> list[dict[str, Any]]:
        return [
            json.loads(line)
            for some in self.batches.results(batch, "")
            for line in some.splitlines()
        ]


def entry(number: int = 0) -> StoredArticle:
    return StoredArticle(pack(ARTICLES[number % 2], Options(targets=("桥",))))


def done(claim: Claim) -> Settled:
    return Settled(claim, "done", json.dumps({"id": claim.token, "source": claim.place}))
