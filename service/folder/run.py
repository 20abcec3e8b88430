"""A folder of articles: read, hand in, write down, and go on where the last run stopped."""

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from service.errors import BudgetSpent, DiglotError, NotReady
from service.folder.items import Item, Step, items, line_of
from service.folder.ledger import Ledger
from service.folder.places import Places
from service.ingest.tables import TEXT_COLUMN
from service.result import Result
from service.serving.service import Service
from service.tasks import Options

MOST_IN_FLIGHT = 64
"""Articles that are handed in and not settled: enough for any batch, little in memory."""


def digest_folder(  # noqa: PLR0913  # each is said by name
    files: Sequence[Path],
    service: Service,
    ledger: Ledger,
    options: Options,
    *,
    resume: bool = True,
    places: Places | None = None,
    column: str = TEXT_COLUMN,
) -> Generator[Step, None, None]:
    """Digest every article of `files` that `ledger` does not hold; a Step as each is settled.

    Waits for `service` to be ready; only then, without `resume`, is the ledger cleared. A file that
    can't be read, or an article that can't be digested, is a line with its error and does not end
    the run. An article that `ledger` holds under another name, because its file was renamed or
    copied, is not digested again: its line is written under the name that it has now. Tables
    have their texts in `column`. With `places` the lines of deleted files are dropped. Raises
    what keeps the engine from loading, NotReady when the engine dies, BudgetSpent when a remote
    model may cost no more (what is at work is finished first), and DiglotError when the ledger
    can't be written. At the end, and when the generator is closed before, what is in flight is
    cancelled and the ledger is arranged.
    """
    identity = service.wait()
    if not resume:
        ledger.clear()
    run = _Run(service, ledger, options)
    ids: list[str] = []
    read: set[str] = set()
    try:
        for item in items(files, options, identity, column):
            ids.append(item.id)
            read.add(item.place)
            yield from run.settle(MOST_IN_FLIGHT - 1)
            if run.spent:
                break
            if (step := run.take(item)) is not None:
                yield step
        yield from run.settle(0)
        if run.spent:
            raise run.spent
        read |= places.deleted() if places else set()
    except BaseException:
        read.clear()  # a file not read to its end replaces nothing
        raise
    finally:
        run.cancel()
        ledger.arrange(ids, read)


class _Run:
    """The articles of one run that are handed in and not settled."""

    def __init__(self, service: Service, ledger: Ledger, options: Options) -> None:
        self._service = service
        self._ledger = ledger
        self._options = options
        self._settled: SimpleQueue[tuple[Item, Future[Result]]] = SimpleQueue()
        self._in_flight: set[Future[Result]] = set()
        self.spent: BudgetSpent | None = None
        """Set when an article was not digested because the budget is spent."""

    def take(self, item: Item) -> Step | None:
        """Hand an article in; a Step where it is settled at once."""
        if self._is_done(item):
            return Step("skipped", item.id, item.number)
        future = hand_in(item, self._service, self._options)
        if isinstance(future, DiglotError):
            return _write(self._ledger, item, future)
        self._in_flight.add(future)
        future.add_done_callback(partial(_put, self._settled, item))
        return None

    def settle(self, most: int) -> Iterator[Step]:
        """Write down what has ended, and wait until at most `most` articles are in flight."""
        while len(self._in_flight) > most or not self._settled.empty():
            item, future = self._settled.get()
            self._in_flight.discard(future)
            outcome = future.exception() or future.result()
            if isinstance(outcome, BudgetSpent):
                self.spent = outcome
            else:
                yield _write(self._ledger, item, outcome)

    def cancel(self) -> None:
        for future in self._in_flight:
            future.cancel()

    def _is_done(self, item: Item) -> bool:
        """Whether the ledger holds the Result of an article; its line gets the present name."""
        line = self._ledger.find(item.id, item.fingerprint)
        if line is None:
            return False
        own = {"id": item.id, "source": item.source, "place": item.place}
        if {**line, **own} != line:
            self._ledger.append({**line, **own})
        return True


def _put(
    settled: "SimpleQueue[tuple[Item, Future[Result]]]", item: Item, future: Future[Result]
) -> None:
    settled.put((item, future))


def count(files: Sequence[Path]) -> int:
    """The approximate number of articles in `files`: a line of .jsonl each, else one a file."""
    total = 0
    for path in files:
        if path.suffix.lower() != ".jsonl":
            total += 1
            continue
        with suppress(OSError), path.open("rb") as lines:
            total += sum(not line.isspace() for line in lines)
    return total


def hand_in(item: Item, service: Service, options: Options) -> Future[Result] | DiglotError:
    """The Future of an article's Result, or what is wrong with it. Raises NotReady."""
    if isinstance(item.article, DiglotError):
        return item.article
    try:
        return service.submit(item.article, options, id=item.id, work="bulk")
    except NotReady:
        raise
    except DiglotError as error:
        return error


def _write(ledger: Ledger, item: Item, outcome: Result | BaseException) -> Step:
    line = line_of(item, outcome)
    ledger.append(line)
    if "error" not in line:
        return Step("digested", item.id, item.number)
    return Step("failed", item.id, item.number, (line["source"], line["error"]["detail"]))
