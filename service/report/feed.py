"""An Atom feed (RFC 4287) of digests."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from service.report.flat import FlatRow, in_xml

MOST_ENTRIES = 500
"""Entries of a feed: readers load it whole, every time."""


def feed(
    rows: Iterable[FlatRow],
    title: str,
    address: str | None = None,
    now: datetime | None = None,
    dates: Mapping[str, datetime] = MappingProxyType({}),
) -> bytes:
    """The feed of `rows`, the last ones first; failed articles are left out.

    `address` is where the feed itself is found. An article without a date has that of `dates`, by
    the id of its entry, or else `now`.
    """
    from feedgen.feed import FeedGenerator

    now = now or datetime.now(UTC)
    made = FeedGenerator()
    made.id(address or _urn(title))
    made.title(title)
    made.author(name="Diglot")
    made.updated(now)
    if address:
        made.link(href=address, rel="self")
    told = [row for row in rows if not row["error"]]
    for row in told[-MOST_ENTRIES:]:
        _add_entry(made, row, _date(row["published"]) or dates.get(_urn(row["id"]), now))
    return bytes(made.atom_str(pretty=True))


def _urn(id: object) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'diglot:{id}')}"


def _add_entry(made: Any, row: FlatRow, updated: datetime) -> None:
    entry = made.add_entry(order="prepend")
    entry.id(_urn(row["id"]))
    entry.title(in_xml(str(row["title"] or row["digest_en"] or row["source"])))
    entry.updated(updated)
    digests = [row["digest_en"], row["digest_zh"], f"{row['target']}: {row['stance']}"]
    entry.content("\n\n".join(in_xml(str(text)) for text in digests if text), type="text")
    source = str(row["source"] or "")
    if source.startswith(("http://", "https://")):
        entry.link(href=source, rel="alternate")


def _date(published: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(published))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def dates_in(file: Path) -> dict[str, datetime]:
    """The date of each entry of a feed, by its id; none for a file that is not a feed."""
    from lxml import etree

    try:
        tree = etree.parse(file, etree.XMLParser(resolve_entities=False, no_network=True))
    except (OSError, etree.XMLSyntaxError):
        return {}
    entries = tree.iterfind("{*}entry")
    found = ((entry.findtext("{*}id"), _date(entry.findtext("{*}updated"))) for entry in entries)
    return {own: date for own, date in found if own and date}
