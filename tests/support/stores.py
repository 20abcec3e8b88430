"""The store of batches as one process sees it, and a clock that a test sets."""

import json
from pathlib import Path
from typing import Any

from service.article import Article
from service.errors import OverQuota
from service.store.batch_tables import FILE, MIGRATIONS, RESULT_BYTES
from service.store.batches import Batches, StoredArticle
from service.store.codec import pack
from service.store.database import Database
from service.store.leases import Claim, Leases, Settled
from service.tasks import Options

LEASE_S = 10.0
MEGABYTE = 1_000_000
TEXTS = ["The council voted to build a bridge. ", "镇议会投票决定建一座桥。"]
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


def stored(text: str, size: int = 10_000) -> StoredArticle:
    """An article of so many characters, which are `text` again and again."""
    return StoredArticle(pack(Article((text * size)[:size]), Options()))


def put(batches: Batches, owner: str, *articles: StoredArticle) -> str:
    """Store a batch; returns its id."""
    received = batches.begin(owner)
    try:
        batches.add(received, 0, articles)
    except OverQuota:
        batches.discard(received)
        raise
    return batches.accept(received, owner, None, "")


def usage(database: Database) -> dict[str, int]:
    """The bytes of each owner, as the database counts them."""
    return dict(database.read("SELECT owner, bytes FROM usage"))


def counted(database: Database) -> dict[str, int]:
    """The expected `usage`, counted from the rows."""
    found: dict[str, int] = dict.fromkeys(usage(database), 0)
    for owner, article, line, outcome in database.read(
        "SELECT owner, article, line, outcome FROM articles JOIN batches ON number = batch"
    ):
        size = 200 + len((article or "").encode()) + len((line or "").encode())
        found[owner] += size + (0 if outcome else RESULT_BYTES)
    return found


def on_disk(folder: Path) -> int:
    """The bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.iterdir())
