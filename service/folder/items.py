"""The articles of an input, and the lines that tell how each was settled."""

import hashlib
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from service.article import Article
from service.engine import Identity
from service.errors import DiglotError, NotReady
from service.folder.ledger import Line
from service.folder.places import place_of
from service.ingest.documents import read_file
from service.ingest.records import Unread
from service.ingest.storage import InputFile
from service.ingest.tables import TEXT_COLUMN
from service.pipeline.fingerprint import fingerprint
from service.result import Result
from service.tasks import Options


@dataclass(frozen=True, slots=True)
class Item:
    """An article of the input; `fingerprint` is its Result's, empty where it can't be read."""

    id: str
    number: int
    place: str
    source: str
    fingerprint: str
    article: Article | DiglotError


@dataclass(frozen=True, slots=True)
class Step:
    """One article that is settled: digested in this run, in an earlier one, or failed.

    `number` is its place in the input, from 0; articles settle in any order. `failure` is the
    source of one that failed, and what is wrong with it.
    """

    what: Literal["digested", "skipped", "failed"]
    id: str
    number: int
    failure: tuple[str, str] = ("", "")


def articles_of(
    files: Sequence[Path], options: Options, identity: Identity, column: str = TEXT_COLUMN
) -> Iterator[tuple[str, Article]]:
    """The id and the article of every readable item of `files`, as a run has them."""
    for item in items(files, options, identity, column):
        if isinstance(item.article, Article):
            yield item.id, item.article


def items(
    files: Sequence[InputFile], options: Options, identity: Identity, column: str
) -> Iterator[Item]:
    """Every article with an id that is the same in every run, as long as file and text are."""
    numbers = itertools.count()
    for path in files:
        place = place_of(path)
        seen: Counter[int] = Counter()
        for found in read_file(path, column):
            article = found.error if isinstance(found, Unread) else found
            source = found.source or path.as_posix()
            key = "" if isinstance(found, Unread) else fingerprint(found, options, identity)
            short = int(key[-16:], 16) if key else 0  # a file may hold millions
            seen[short] += 1  # the same article twice in a file is two lines in the output
            own = _hash(f"{place}\n{key}\n{seen[short]}")
            yield Item(own, next(numbers), place, source, key, article)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def line_of(item: Item, outcome: Result | BaseException) -> Line:
    """The line of an article that is settled: its Result, or the error that is its own.

    Raises an outcome that is not the article's fault: the same would meet all that are left.
    """
    if isinstance(outcome, Result):
        return {**outcome.model_dump(mode="json"), "place": item.place}
    if isinstance(outcome, NotReady) or not isinstance(outcome, DiglotError):
        raise outcome
    return _error_line(item, outcome)


def _error_line(item: Item, error: DiglotError) -> Line:
    return {
        "id": item.id,
        "source": item.source,
        "place": item.place,
        "error": {"code": error.code, "title": error.title, "detail": str(error)},
    }
