"""New articles of feeds: which feeds there are, and what they have that was not there before."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from service import USER_AGENT
from service.errors import BadInput, DiglotError, NoText
from service.ingest.encoding import decode
from service.ingest.feed_files import entries_of, is_json_feed, json_feed_entries
from service.ingest.fetch import HTML_TYPES, Fetched, fetch, is_url

SECONDS_BETWEEN = 1.0
"""The pause between two requests to one host."""
MOST_NEW = 100
"""Entries of a feed that are taken in one round, the first ones; the others come in the next."""

_FIELDS = ("html", "text", "title", "source")

Record = dict[str, Any]


def feeds_of(arguments: Sequence[str]) -> list[str]:
    """The addresses of feeds: those given, and those that OPML files name.

    Raises BadInput for a file that is not OPML or names no feed.
    """
    feeds: list[str] = []
    for argument in arguments:
        feeds.extend([argument] if is_url(argument) else _outlines(Path(argument)))
    return list(dict.fromkeys(feeds))


def _outlines(file: Path) -> Iterator[str]:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    if not file.is_file():
        raise BadInput(f"{file} is neither an http(s) address nor a file")
    try:
        tree = etree.parse(file, parser)
    except (OSError, etree.XMLSyntaxError) as error:
        raise BadInput(f"{file} is not an OPML file: {error}") from None
    found = [
        str(outline.get("xmlUrl")) for outline in tree.iter("outline") if outline.get("xmlUrl")
    ]
    if not found:
        raise BadInput(f"{file} names no feed")
    yield from found


class Subscriptions:
    """Reads feeds politely: only what has changed, what robots.txt allows, a page a second.

    `validators` are those of each feed's last answer, and may be kept for the next run.
    """

    def __init__(
        self,
        validators: dict[str, dict[str, str]] | None = None,
        *,
        allow_private: bool = False,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.validators = validators if validators is not None else {}
        self._allow_private = allow_private
        self._sleep = sleep
        self._asked: dict[str, float] = {}
        self._robots: dict[str, RobotFileParser] = {}

    def new_entries(self, feed: str, seen: Callable[[str], bool]) -> Iterator[Record]:
        """The articles of a feed whose source `seen` does not know, as records with their text.

        Raises DiglotError where the feed can't be had or read.
        """
        page = self._fetch(feed, self.validators.get(feed, {}))
        if page.is_unchanged:
            return
        taken = 0
        complete = True
        for entry in _entries(page):
            source = entry.get("source")
            if not isinstance(source, str) or not source.strip():
                continue
            source = urljoin(page.url, source)
            if seen(source):
                continue
            if taken == MOST_NEW:
                complete = False
                break
            taken += 1
            yield self._with_text({**entry, "source": source})
        # Only now: a feed that broke in the middle is read again in the next round.
        self.validators[feed] = dict(page.validators) if complete else {}

    def _with_text(self, entry: Record) -> Record:
        """The entry with the text of its page, or with its own where the page can't be had."""
        source = entry["source"]
        with suppress(DiglotError):
            if is_url(source) and self._is_allowed(source):
                page = self._fetch(source)
                if page.media_type in HTML_TYPES:
                    text = decode(page.content, page.charset)
                    return {"html": text, "title": entry.get("title"), "source": source}
        return {name: entry[name] for name in _FIELDS if entry.get(name)}

    def _is_allowed(self, url: str) -> bool:
        """Whether the host's robots.txt lets its page be fetched; without one everything may be."""
        parts = urlsplit(url)
        root = f"{parts.scheme}://{parts.netloc}"
        if root not in self._robots:
            rules = RobotFileParser()
            try:
                page = self._fetch(f"{root}/robots.txt")
                rules.parse(page.content.decode("utf-8", "replace").splitlines())
            except DiglotError:
                rules.parse([])
            self._robots[root] = rules
        return self._robots[root].can_fetch(USER_AGENT, url)

    def _fetch(self, url: str, validators: Mapping[str, str] | None = None) -> Fetched:
        host = urlsplit(url).netloc
        left = self._asked.get(host, 0.0) + SECONDS_BETWEEN - time.monotonic()
        if host in self._asked and left > 0:
            self._sleep(left)
        self._asked[host] = time.monotonic()
        return fetch(url, allow_private=self._allow_private, validators=validators or {})


def _entries(page: Fetched) -> Iterator[Record]:
    """The entries of a feed in any of its formats."""
    if page.media_type.endswith("json"):
        try:
            found = json.loads(page.content)
        except ValueError:
            found = None
        if is_json_feed(found):
            entries = (entry for entry in json_feed_entries(found) if isinstance(entry, dict))
            yield from map(dict, entries)
            return
    try:
        yield from map(dict, entries_of(page.content))
    except NoText:
        return
