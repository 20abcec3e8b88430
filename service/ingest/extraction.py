"""The article of a web page among its menus, sidebars and dialogs, by trafilatura.

None of trafilatura's settings is best for all pages: the precise one loses most of some articles,
and the default takes in other articles or the page's dialogs. The precise text is taken, and the
default's where that is much longer and goes on about the same subject: then the precise one lost a
part of it.
"""

import logging
import math
from collections import Counter
from typing import Any, NamedTuple

from service.text.terms import terms

_MUCH_LONGER = 0.6
# The cosine of the terms of the precise text and of what the default has besides. Beside one
# article another has 0.15 at most, and the rest of the same one 0.2 at least.
_SAME_SUBJECT = 0.17
# A shorter text says too little about its subject.
_TELLING = 200
# A text whose opening has fewer of the terms of the page's title is another's.
_OF_TITLE = 0.2
_OPENING, _COMPARED = 3_000, 60_000


class Extracted(NamedTuple):
    text: str
    title: str | None
    author: str | None


def extract(html: str, title: str | None) -> Extracted | None:
    """The article of a page; None where none can be made out. `title` is the page's own."""
    precise = _by_trafilatura(html, favor_precision=True)
    default = _by_trafilatura(html)
    found = _fuller(precise, default)
    if found and title and _share_of(title, found.text) < _OF_TITLE:
        fast = _by_trafilatura(html, fast=True)
        if fast and _share_of(title, fast.text) > _share_of(title, found.text):
            return fast
    return found


def _fuller(precise: Extracted | None, default: Extracted | None) -> Extracted | None:
    if precise is None or default is None:
        return precise or default
    if len(precise.text) >= _MUCH_LONGER * len(default.text):
        return precise
    if len(precise.text) < _TELLING:
        return default
    kept = {line.strip() for line in precise.text.split("\n")}
    besides = "\n".join(line for line in default.text.split("\n") if line.strip() not in kept)
    return default if _likeness(precise.text, besides) >= _SAME_SUBJECT else precise


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


def _by_trafilatura(html: str, **settings: Any) -> Extracted | None:
    import trafilatura

    # Its complaints are about the sender's page; the text is read some other way then.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    try:
        found = trafilatura.bare_extraction(
            html,
            with_metadata=True,
            include_comments=False,
            # Its date may be the year of a copyright; `Dated` is asked instead.
            date_extraction_params={"original_date": True, "extensive_search": False},
            **settings,
        )
    except Exception:  # a parser of other people's pages: whatever breaks it, the text is read
        return None
    if found is None or isinstance(found, dict):
        return None
    text = found.text or ""
    return Extracted(text, found.title, found.author) if text.strip() else None
