"""A run on a cluster: articles are read here, digested by the pool, and written down here.

Workers need to reach neither the input nor the results, and nothing waits in Ray's object store:
a chunk is read when a worker has room for it.
"""

import logging
from array import array
from collections.abc import Generator, Iterator, Sequence
from typing import Protocol

from service.engine import Identity
from service.errors import DiglotError, EngineFailed, NotReady
from service.folder.items import Item, Step, items, line_of
from service.ingest.records import printable
from service.ingest.storage import InputFile
from service.scale.claims import MOST_LOSSES, Chunk, Claims
from service.scale.engine_actor import Hello, row_of
from service.scale.partitions import Partitions, Row
from service.scale.pool import Died, Rows
from service.tasks import Options

log = logging.getLogger(__name__)

MOST_ITEMS = 32
"""Articles of a chunk: two of them keep any batch full."""
MOST_CHARACTERS = 2_000_000
_TURN_S = 1.0
_LOOK_EVERY = 256
MOST_DEATHS = 20
"""Deaths one after another, with nothing digested between them, after which the run ends."""


class Pool(Protocol):
    """A pool of engines, of which EnginePool is the one on Ray."""

    hello: Hello | None

    @property
    def ready(self) -> list[int]: ...

    def submit(self, worker: int, chunk: Chunk) -> None: ...

    def wait(self, timeout_s: float) -> list[Rows | Died]: ...


def digest_on(  # noqa: PLR0913  # each is said by name
    pool: Pool,
    files: Sequence[InputFile],
    partitions: Partitions,
    options: Options,
    *,
    column: str,
    resume: bool = True,
) -> Generator[Step, None, None]:
    """Digest every article of `files` that `partitions` do not hold; a Step as each is settled.

    As `service.folder.run.digest_folder`, with these differences: rows are saved every few seconds,
    and rows stay of files that are not among `files`, or break off while they are read. Raises what
    keeps the engines from loading, NotReady when they die again and again, and DiglotError when a
    partition can't be written. When the generator is closed, what is done is saved.
    """
    run = _ClusterRun(pool, partitions)
    identity = run.identity()
    if not resume:
        partitions.clear()
    ids, read, broken = array("Q"), set[str](), set[str]()
    names = {printable(file.as_posix()) for file in files}
    try:
        for item in items(files, options, identity, column):
            ids.append(int(item.id, 16))
            read.add(item.place)
            if isinstance(item.article, DiglotError) and item.source in names:
                broken.add(item.place)
            yield from run.take(item)
        yield from run.finish()
    finally:
        partitions.save()
    partitions.arrange(ids, read - broken)


class _ClusterRun:
    """The articles that are read and not settled."""

    def __init__(self, pool: Pool, partitions: Partitions) -> None:
        self._pool = pool
        self._partitions = partitions
        self._claims = Claims()
        self._open: list[Item] = []
        self._characters = 0
        self._skipped = 0
        self._deaths = 0

    def identity(self) -> Identity:
        """The engine of the first worker; waits for it."""
        while self._pool.hello is None:
            self._pool.wait(_TURN_S)
        return self._pool.hello.identity

    def take(self, item: Item) -> Iterator[Step]:
        """Take an article in; a Step for each that is settled meanwhile."""
        if self._partitions.is_done(item.id):
            yield Step("skipped", item.id, item.number)
            self._skipped += 1
            if self._skipped % _LOOK_EVERY == 0:
                yield from self._turn(0)
            return
        if isinstance(item.article, DiglotError):
            yield self._write(item, row_of(line_of(item, item.article)))
            return
        self._open.append(item)
        self._characters += len(item.article.text)
        if len(self._open) >= MOST_ITEMS or self._characters >= MOST_CHARACTERS:
            yield from self._hand_out()

    def finish(self) -> Iterator[Step]:
        """Hand out the rest, and wait until everything is settled."""
        if self._open:
            yield from self._hand_out()
        self._claims.is_last = True
        while len(self._claims):
            yield from self._turn(_TURN_S)

    def _hand_out(self) -> Iterator[Step]:
        """Make a chunk of what is open, and wait until a worker has taken it."""
        self._claims.add(Chunk(self._open))
        self._open, self._characters = [], 0
        yield from self._turn(0)
        while self._claims.fresh:
            yield from self._turn(_TURN_S)

    def _turn(self, timeout_s: float) -> Iterator[Step]:
        """Hand out what can be, and write down what has ended, after `timeout_s` at most."""
        self._submit()
        for event in self._pool.wait(timeout_s):
            if isinstance(event, Died):
                yield from self._bury(event.worker)
                continue
            self._deaths = 0
            for row in event.rows:
                yield self._write(self._claims.settle(event.worker, event.chunk, row["id"]), row)
        self._submit()
        self._partitions.save_if_due()

    def _submit(self) -> None:
        for worker in self._pool.ready:
            while (chunk := self._claims.take(worker)) is not None:
                self._pool.submit(worker, chunk)

    def _bury(self, worker: int) -> Iterator[Step]:
        self._deaths += 1
        if self._deaths >= MOST_DEATHS:
            raise NotReady(
                f"the engine's process died {self._deaths} times, and digested nothing in between;"
                " is there enough memory for each worker?"
            )
        log.info("worker %d died; what it had is tried again", worker)
        for item in self._claims.lose(worker):
            error = EngineFailed(f"the engine's process died of this article {MOST_LOSSES} times")
            yield self._write(item, row_of(line_of(item, error)))

    def _write(self, item: Item, row: Row) -> Step:
        self._partitions.append(row)
        if not row["error"]:
            return Step("digested", item.id, item.number)
        return Step("failed", item.id, item.number, (row["source"], row["error"]))
