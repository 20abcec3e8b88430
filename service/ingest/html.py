"""A web page to the text of its article."""

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from service.ingest.extraction import extract
from service.ingest.publication_date import Dated, day_by_htmldate

_SKIPPED = frozenset({"script", "style", "noscript", "template", "svg", "head", "iframe", "select"})
_INLINE = frozenset(
    "a b i u s em strong span font small big sup sub mark code q cite abbr time label bdi bdo kbd"
    " var samp ins del ruby".split()
)
# libxml2 builds no deeper tree, and a page of people is nowhere near.
_DEEPEST = 200


@dataclass(frozen=True, slots=True)
class Page:
    """`left_out` counts the lines that a reader of the page sees and `text` lacks."""

    text: str
    title: str | None = None
    author: str | None = None
    date: str | None = None
    left_out: int = 0


def read_page(html: str) -> Page:
    """The article of a page; all of its visible text where no article can be made out."""
    # A NUL or half a surrogate pair stops libxml2 where it stands.
    html = html.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    seen = visible(html)
    lines = seen.lines()
    found = extract(html, seen.title(), lines) if seen.depth <= _DEEPEST else None
    if found is not None:
        day = seen.dated.day() or day_by_htmldate(html)
        page = Page(found.text, found.title, found.author, day)
        return replace(page, left_out=_left_out(lines, page))
    return Page("\n".join(lines), seen.title(), date=seen.dated.day())


_NO_WORD = re.compile(r"[\W_]+")
_CELL = re.compile(r"[|\n]")
# A shorter line is looked for among the lines only: a link may say a word that the article says.
_A_PART = 12
# All searches of one page together read at most this many characters.
_SEARCH_BUDGET = 200_000_000


def _left_out(lines: Iterable[str], page: Page) -> int:
    kept = {_NO_WORD.sub("", line) for line in (*_CELL.split(page.text), page.title or "")}
    whole = _NO_WORD.sub("", page.text)
    budget = _SEARCH_BUDGET
    count = 0
    for line in lines:
        words = _NO_WORD.sub("", line)
        if not words or words in kept:
            continue
        if len(words) >= _A_PART and budget > 0:
            # The extraction joins what a page breaks with tags of its own.
            budget -= len(whole)
            count += words not in whole
        else:
            count += 1
    return count


class VisibleText:
    """Collects what a reader sees, without building a tree, so that no nesting is too deep."""

    def __init__(self) -> None:
        self.depth = 0
        self.dated = Dated()
        self._open = 0
        self._skipping = 0
        self._in_title = False
        self._title: list[str] = []
        self._text: list[str] = []

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        self.dated.start(tag, attrib)
        self._open += 1
        self.depth = max(self.depth, self._open)
        self._in_title = tag == "title" and not self._title
        if tag in _SKIPPED:
            self._skipping += 1
        elif tag not in _INLINE:
            self._text.append("\n")

    def end(self, tag: str) -> None:
        self.dated.end(tag)
        self._open -= 1
        self._in_title = False
        if tag in _SKIPPED:
            self._skipping = max(0, self._skipping - 1)
        elif tag not in _INLINE:
            self._text.append("\n")

    def data(self, text: str) -> None:
        self.dated.data(text)
        if self._in_title:
            self._title.append(text)
        elif not self._skipping:
            self._text.append(" ".join(text.split("\n")))

    def comment(self, text: str) -> None:
        pass

    def close(self) -> "VisibleText":
        return self

    def lines(self) -> list[str]:
        lines = (" ".join(line.split()) for line in "".join(self._text).split("\n"))
        return [line for line in lines if line]

    def title(self) -> str | None:
        return " ".join("".join(self._title).split()) or None


def visible(html: str) -> VisibleText:
    from lxml import etree

    collector = VisibleText()
    # A page that breaks has the paragraphs before the break.
    with suppress(etree.LxmlError):
        etree.fromstring(html.encode(), etree.HTMLParser(target=collector, encoding="utf-8"))
    return collector
