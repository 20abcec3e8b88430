"""A web page to the text of its article."""

import logging
from contextlib import suppress
from dataclasses import dataclass

_SKIPPED = frozenset({"script", "style", "noscript", "template", "svg", "head", "iframe", "select"})
_INLINE = frozenset(
    "a b i u s em strong span font small big sup sub mark code q cite abbr time label bdi bdo kbd"
    " var samp ins del ruby".split()
)
# libxml2 builds no deeper tree, and a page of people is nowhere near.
_DEEPEST = 200


@dataclass(frozen=True, slots=True)
class Page:
    text: str
    title: str | None = None
    author: str | None = None
    date: str | None = None


def read_page(html: str) -> Page:
    """The article of a page; all of its visible text where no article can be made out."""
    # A NUL or half a surrogate pair stops libxml2 where it stands.
    html = html.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    seen = _visible(html)
    found = _extract(html) if seen.depth <= _DEEPEST else None
    if found is not None and found.text.strip():
        return found
    return Page("\n".join(seen.lines()), seen.title())


def _extract(html: str) -> Page | None:
    import trafilatura

    # What it complains of is the sender's page; the text is read some other way then.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    try:
        found = trafilatura.bare_extraction(
            html, with_metadata=True, include_comments=False, favor_recall=True
        )
    except Exception:  # a parser of other people's pages: whatever breaks it, the text is read
        return None
    if found is None or isinstance(found, dict):
        return None
    return Page(found.text or "", found.title, found.author, found.date)


class _Visible:
    """Collects what a reader sees, without building a tree, so that no nesting is too deep."""

    def __init__(self) -> None:
        self.depth = 0
        self._open = 0
        self._skipping = 0
        self._in_title = False
        self._title: list[str] = []
        self._text: list[str] = []

    def start(self, tag: str, attrib: dict[str, str]) -> None:
        self._open += 1
        self.depth = max(self.depth, self._open)
        self._in_title = tag == "title" and not self._title
        if tag in _SKIPPED:
            self._skipping += 1
        elif tag not in _INLINE:
            self._text.append("\n")

    def end(self, tag: str) -> None:
        self._open -= 1
        self._in_title = False
        if tag in _SKIPPED:
            self._skipping = max(0, self._skipping - 1)
        elif tag not in _INLINE:
            self._text.append("\n")

    def data(self, text: str) -> None:
        if self._in_title:
            self._title.append(text)
        elif not self._skipping:
            self._text.append(" ".join(text.split("\n")))

    def comment(self, text: str) -> None:
        pass

    def close(self) -> "_Visible":
        return self

    def lines(self) -> list[str]:
        lines = (" ".join(line.split()) for line in "".join(self._text).split("\n"))
        return [line for line in lines if line]

    def title(self) -> str | None:
        return " ".join("".join(self._title).split()) or None


def _visible(html: str) -> _Visible:
    from lxml import etree

    collector = _Visible()
    # What was seen before a page broke is what there is.
    with suppress(etree.LxmlError):
        etree.fromstring(html.encode(), etree.HTMLParser(target=collector, encoding="utf-8"))
    return collector
