"""A folder of articles: read, hand in, write down, and go on where the last run stopped."""

import hashlib
import itertools
import os
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Literal

from service.article import Article
from service.engine import Identity
from service.errors import DiglotError, NotReady
from service.folder.ledger import Ledger, Line
from service.ingest.documents import Unread, read_file
from service.pipeline.fingerprint import fingerprint
from service.result import Result
from service.serving.service import Service
from service.tasks import Options

MOST_IN_FLIGHT = 64
"""Articles that are handed in and not settled: enough for any batch, little in memory."""


@dataclass(frozen=True, slots=True)
class Step:
    """One article that is settled: digested in this run, in an earlier one, or failed.

    `number` is its place in the input, from 0; articles settle in any order.
    """

    what: Literal["digested", "skipped", "failed"]
    id: str
    number: int


@dataclass(frozen=True, slots=True)
class _Entry:
    id: str
    number: int
    place: str
    source: str
    article: Article | DiglotError


def digest_folder(
    files: Sequence[Path],
    service: Service,
    ledger: Ledger,
    options: Options,
    *,
    resume: bool = True,
) -> Generator[Step, None, None]:
    """Digest every article of `files` that `ledger` does not hold; a Step as each is settled.

    Waits for `service` to be ready; only then, without `resume`, is the ledger cleared. A file that
    can't be read, or an article that can't be digested, is a line with its error, never the end.
    Raises what keeps the engine from loading, NotReady when the engine dies, and DiglotError when
    the ledger can't be written. At the end, and when the generator is closed before, what is in
    flight is cancelled and the ledger is arranged.
    """
    identity = service.wait()
    if not resume:
        ledger.clear()
    settled: SimpleQueue[tuple[_Entry, Future[Result]]] = SimpleQueue()
    in_flight: set[Future[Result]] = set()
    ids: list[str] = []
    read: set[str] = set()

    def settle() -> Step:
        entry, future = settled.get()
        in_flight.discard(future)
        return _write(ledger, entry, future.exception() or future.result())

    try:
        for entry in _entries(files, options, identity):
            ids.append(entry.id)
            read.add(entry.place)
            while len(in_flight) >= MOST_IN_FLIGHT or not settled.empty():
                yield settle()
            if ledger.is_done(entry.id):
                yield Step("skipped", entry.id, entry.number)
                continue
            future = _hand_in(entry, service, options)
            if isinstance(future, DiglotError):
                yield _write(ledger, entry, future)
            else:
                in_flight.add(future)
                future.add_done_callback(partial(_put, settled, entry))
        while in_flight:
            yield settle()
    except BaseException:
        read.clear()  # what was not read to its end replaces nothing
        raise
    finally:
        for future in in_flight:
            future.cancel()
        ledger.arrange(ids, read)


def _put(
    settled: "SimpleQueue[tuple[_Entry, Future[Result]]]", entry: _Entry, future: Future[Result]
) -> None:
    settled.put((entry, future))


def count(files: Sequence[Path]) -> int:
    """How many articles `files` hold, about: a line of .jsonl each, else one a file."""
    total = 0
    for path in files:
        if path.suffix.lower() != ".jsonl":
            total += 1
            continue
        with suppress(OSError), path.open("rb") as lines:
            total += sum(not line.isspace() for line in lines)
    return total


def _entries(files: Sequence[Path], options: Options, identity: Identity) -> Iterator[_Entry]:
    """Every article with an id that is the same in every run, wherever the file lies by then.

    A file that can't be read has its place in place of a fingerprint.
    """
    seen: Counter[str] = Counter()
    numbers = itertools.count()
    for path in files:
        place = _hash(os.path.realpath(path))
        for item in read_file(path):
            if isinstance(item, Unread):
                source, key = item.source, f"{place}\n{item.source}"
            else:
                source, key = item.source or path.as_posix(), fingerprint(item, options, identity)
            seen[key] += 1  # the same article twice in the input is two lines in the output
            article = item.error if isinstance(item, Unread) else item
            yield _Entry(_hash(f"{key}\n{seen[key]}"), next(numbers), place, source, article)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _hand_in(entry: _Entry, service: Service, options: Options) -> Future[Result] | DiglotError:
    if isinstance(entry.article, DiglotError):
        return entry.article
    try:
        return service.submit(entry.article, options, id=entry.id, work="bulk")
    except NotReady:
        raise
    except DiglotError as error:
        return error


def _write(ledger: Ledger, entry: _Entry, outcome: Result | BaseException) -> Step:
    if isinstance(outcome, Result):
        ledger.append({**outcome.model_dump(mode="json"), "place": entry.place})
        return Step("digested", entry.id, entry.number)
    if isinstance(outcome, NotReady) or not isinstance(outcome, DiglotError):
        raise outcome  # not the article's fault: what is wrong concerns all that are left
    ledger.append(_error_line(entry, outcome))
    return Step("failed", entry.id, entry.number)


def _error_line(entry: _Entry, error: DiglotError) -> Line:
    return {
        "id": entry.id,
        "source": entry.source,
        "place": entry.place,
        "error": {"code": error.code, "title": error.title, "detail": str(error)},
    }
