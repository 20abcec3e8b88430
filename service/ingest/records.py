"""Articles from records: JSON objects, rows of a table, entries of a feed."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from service.article import Article, Markup
from service.errors import DiglotError, NoText, Unreadable

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Unread:
    """A file, or a line or an item of one, that holds no article; `error` says why."""

    source: str
    error: DiglotError


def each(records: Iterable[Any], source: str) -> Iterator[Article | Unread]:
    """The article of each record; `source` and the record's number name what has no source."""
    for number, record in enumerate(records, start=1):
        here = f"{source}#{number}"
        try:
            yield article_of(record, here)
        except DiglotError as error:
            yield Unread(here, error)


def article_of(record: Any, source: str) -> Article:
    """The article of a record with `text` (or `html`), and `title` and `source` where it has them.

    Raises Unreadable where there is no text, and NoText where it is empty.
    """
    if not isinstance(record, dict):
        raise Unreadable("An article must be a JSON object with a text.")
    markup: Markup = "plain"
    text = record.get("text")
    if text is None and "html" in record:
        text, markup = record["html"], "html"
    if not isinstance(text, str):
        raise Unreadable('The JSON object has no "text" that is a string.')
    if not text.strip():
        raise NoText('The "text" is empty.')
    title = record.get("title")
    named = record.get("source")
    return Article(
        text,
        title=title if isinstance(title, str) and title.strip() else None,
        source=printable(named) if isinstance(named, str) and named.strip() else source,
        markup=markup,
    )


def printable(name: str) -> str:
    """A name that can be written as UTF-8 and shown on a terminal; what can't be is replaced."""
    written = name.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return _CONTROL.sub("\ufffd", written)
