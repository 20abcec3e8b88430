"""The article of a web page among its menus, sidebars and dialogs, by trafilatura.

None of trafilatura's settings is best for all pages: the precise one loses most of some articles,
and the default takes in other articles or the page's dialogs. The precise text is taken, and the
default's where that is much longer and goes on about the same subject: then the precise one lost a
part of it. Where the page hardly says more than the precise text, the default is not asked.
"""

import logging
import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from service.text.terms import terms

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_MUCH_LONGER = 0.6
# The cosine of the terms of the precise text and of what the default has besides. Beside one
# article another has 0.15 at most, and the rest of the same one 0.2 at least.
_SAME_SUBJECT = 0.17
# A shorter text says too little about its subject.
_TELLING = 200
# A text whose opening has fewer of the terms of the page's title is another's.
_OF_TITLE = 0.2
_OPENING, _COMPARED = 3_000, 60_000
# A line that may be running text; the others are links and labels for the most part.
_RUNNING = re.compile(r".{25}|.*[.。！？!?…;；:：][”’」』\"')）]*$")
_LEAST_RUNNING = 0.5


class Extracted(NamedTuple):
    text: str
    title: str | None
    author: str | None


def extract(html: str, title: str | None, lines: Sequence[str]) -> Extracted | None:
    """The article of a page; None where none can be made out.

    `title` is the page's own, and `lines` are all that a reader of it sees.
    """
    import trafilatura

    # Its complaints are about the sender's page; the text is read some other way then.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    try:
        tree = trafilatura.load_html(html)
    except Exception:  # as in `_text`
        return None
    if tree is None or not (text := _article(tree, title, lines)):
        return None
    try:
        # Its date may be the year of a copyright; `Dated` is asked instead.
        quick = {"original_date": True, "extensive_search": False}
        metadata = trafilatura.extract_metadata(tree, date_config=quick)
    except Exception:
        return Extracted(text, None, None)
    return Extracted(text, metadata.title, metadata.author)


def _article(tree: "HtmlElement", title: str | None, lines: Sequence[str]) -> str:
    found = _text(tree, favor_precision=True)
    if len(found) < max(_TELLING, _MUCH_LONGER * _most(lines)):
        found = _fuller(found, _text(tree))
    if found and title and _share_of(title, found) < _OF_TITLE:
        fast = _text(tree, fast=True)
        if fast and _share_of(title, fast) > _share_of(title, found):
            return fast
    return found


def _most(lines: Sequence[str]) -> float:
    """The most characters that any setting may find in a page with these lines."""
    running = sum(len(line) for line in lines if _RUNNING.match(line))
    return max(running, _LEAST_RUNNING * sum(map(len, lines)))


def _fuller(precise: str, default: str) -> str:
    if not precise or not default:
        return precise or default
    if len(precise) >= _MUCH_LONGER * len(default):
        return precise
    if len(precise) < _TELLING:
        return default
    kept = {line.strip() for line in precise.split("\n")}
    besides = "\n".join(line for line in default.split("\n") if line.strip() not in kept)
    return default if _likeness(precise, besides) >= _SAME_SUBJECT else precise


def _likeness(text: str, other: str) -> float:
    one, two = (Counter(terms(each[:_COMPARED], "und")) for each in (text, other))
    shared = sum(_weight(n) * _weight(two[term]) for term, n in one.items() if term in two)
    norm = math.prod(sum(_weight(n) ** 2 for n in each.values()) for each in (one, two))
    return shared / math.sqrt(norm) if norm else 0.0


def _weight(count: int) -> float:
    return 1 + math.log(count)


def _share_of(title: str, text: str) -> float:
    wanted = set(terms(title, "und"))
    return len(wanted & set(terms(text[:_OPENING], "und"))) / max(1, len(wanted))


def _text(tree: "HtmlElement", **settings: Any) -> str:
    import trafilatura

    try:
        found = trafilatura.bare_extraction(tree, include_comments=False, **settings)
    except Exception:  # a parser of other people's pages: whatever breaks it, the text is read
        return ""
    if found is None or isinstance(found, dict):
        return ""
    return found.text if found.text and found.text.strip() else ""
