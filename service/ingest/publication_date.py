"""The day on which an article was published, read only where it says so itself, to the day.

A year in a footer (Copyright 2019-2025) is no date of the article, nor are the dates of the other
stories of a page. What says it are metadata, JSON-LD, a `<time>`, and a dateline in the text; on a
page without these htmldate looks for it.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date

from service.facts.numerals.dates import SHORT_MONTHS

_MONTH = rf"(?P<month>{'|'.join(SHORT_MONTHS)})[a-z]{{0,6}}\.?"
_DAYS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<!\d)(?P<y>\d{4})\s?[-/.年]\s?(?P<m>\d{1,2})\s?[-/.月]\s?(?P<d>\d{1,2})(?!\d)",
        r"(?<!\d)(?P<y>(?:19|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)(?!\d)",
        rf"(?<![a-z]){_MONTH} (?P<d>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<y>\d{{4}})(?!\d)",
        rf"(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[ -]{_MONTH},?[ -](?P<y>\d{{4}})(?!\d)",
    )
)
_EARLIEST = 1600

_NAMES = ("name", "property", "itemprop", "http-equiv")
_PUBLISHED = re.compile(r"publi|pub[-_]?date|issued|created|date$", re.IGNORECASE)
_OTHERWISE = re.compile(r"modif|updat|revis|copyright|expir|valid|event|access", re.IGNORECASE)
_JSON_LD = re.compile(r'"date(?:Published|Created)"\s{0,9}:\s{0,9}"([^"]{8,60})"')
_BESIDE = frozenset({"aside", "nav", "footer"})
# Longer values hold no date, and no page needs more of them to say when it was written.
_LONGEST, _MOST, _LONGEST_JSON = 100, 40, 1_000_000


def days_in(text: str) -> Iterator[str]:
    """The full dates of `text` as YYYY-MM-DD; a year or a month alone is none."""
    for pattern in _DAYS:
        for match in pattern.finditer(text):
            found = match.groupdict()
            month = found.get("month")
            number = SHORT_MONTHS.index(month.lower()) + 1 if month else int(found["m"])
            try:
                day = date(int(found["y"]), number, int(found["d"]))
            except ValueError:
                continue
            if day.year >= _EARLIEST:
                yield day.isoformat()


def day_in(text: str) -> str | None:
    """The first full date of `text`."""
    return next(days_in(text), None)


def day_by_htmldate(html: str) -> str | None:
    """The day that htmldate makes out in the marked-up text of a page, where the page states it.

    htmldate takes the date of another story or of a change for want of a better one, and gives a
    month a day, so these are kept from it.
    """
    import htmldate
    import trafilatura

    # Whatever breaks a parser of other people's pages, the page is read without its date.
    with suppress(Exception):
        tree = trafilatura.load_html(html)
        for element in () if tree is None else tree.xpath("//aside|//nav|//footer|//meta"):
            if element.tag != "meta" or _OTHERWISE.search(_named(element.attrib)):
                element.drop_tree()
        found = htmldate.find_date(tree, original_date=True, extensive_search=False)
        return found if found and found in days_in(html) else None
    return None


def _named(attrib: Mapping[str, str]) -> str:
    return " ".join(attrib.get(key, "") for key in _NAMES)[:_LONGEST].strip()


class Dated:
    """Hears the tags of a page, and knows then what they say of its date."""

    def __init__(self) -> None:
        self._metas: list[str] = []
        self._json_ld = ""
        self._times: tuple[list[str], list[str]] = ([], [])
        self._beside = self._articles = 0
        self._listening = ""

    def start(self, tag: str, attrib: Mapping[str, str]) -> None:
        self._beside += tag in _BESIDE
        self._articles += tag == "article"
        self._listening = ""
        if tag == "meta":
            self._meta(attrib)
        elif tag == "script" and attrib.get("type", "").lower() == "application/ld+json":
            self._listening = "json"
        elif tag == "time" and not self._beside:
            times = self._times[not self._articles]
            if len(times) < _MOST:
                times.append(attrib.get("datetime", "")[:_LONGEST])
                self._listening = "" if times[-1] else "time"

    def end(self, tag: str) -> None:
        self._beside -= tag in _BESIDE
        self._articles -= tag == "article"
        self._listening = ""

    def data(self, text: str) -> None:
        if self._listening == "json":
            self._json_ld += text[: max(0, _LONGEST_JSON - len(self._json_ld))]
        elif self._listening == "time":
            times = self._times[not self._articles]
            times[-1] += text[: max(0, _LONGEST - len(times[-1]))]

    def day(self) -> str | None:
        """The day of publication as YYYY-MM-DD."""
        by_json = _JSON_LD.findall(self._json_ld)[:_MOST]
        said = (*self._metas, *by_json, *self._times[0], *self._times[1])
        return next((day for value in said if (day := day_in(value))), None)

    def _meta(self, attrib: Mapping[str, str]) -> None:
        name = _named(attrib)
        content = attrib.get("content", "")
        says = _PUBLISHED.search(name) and not _OTHERWISE.search(name)
        if says and len(content) <= _LONGEST and len(self._metas) < _MOST:
            self._metas.append(content)
