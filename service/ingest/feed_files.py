"""Articles from feeds that lie in files: RSS, Atom and JSON Feed."""

from collections.abc import Iterator, Mapping
from typing import Any

from service.article import Article
from service.errors import DiglotError, NoText, Unreadable, Unsupported
from service.ingest.records import Unread, article_of, each, printable
from service.ingest.storage import InputFile

JSON_FEED = "https://jsonfeed.org/version/"
_LONGEST_NAME = 100


def read_feed(path: InputFile, source: str) -> Iterator[Article | Unread]:
    """One article an entry: its content, or else its summary.

    Raises Unsupported without the package feedparser, Unreadable where the file is no feed, and
    NoText where it has no entries.
    """
    yield from each(entries_of(path.read_bytes()), source)


def entries_of(feed: bytes) -> Iterator[Mapping[str, Any]]:
    """The entries of a feed as records with `html`, `title` and `source` (the entry's address).

    Raises as `read_feed` does.
    """
    try:
        import feedparser
    except ImportError:
        raise Unsupported(
            "Feeds need the package feedparser: pip install 'diglot[feeds]'."
        ) from None
    # It takes a string for an address; bytes are the feed itself.
    found = feedparser.parse(feed, sanitize_html=False, resolve_relative_uris=False)
    if not found.get("version"):
        raise Unreadable("This XML is neither an RSS nor an Atom feed.")
    if not found.entries:
        raise NoText("The feed has no entries.")
    for entry in found.entries:
        bodies = [content.value for content in entry.get("content", [])]
        yield {
            "html": max([*bodies, entry.get("summary", "")], key=len),
            "title": entry.get("title"),
            "source": entry.get("link") or entry.get("id"),
        }


def is_json_feed(found: Any) -> bool:
    """Whether parsed JSON is a feed and not an article."""
    return isinstance(found, dict) and str(found.get("version", "")).startswith(JSON_FEED)


def json_feed_entries(feed: Mapping[str, Any]) -> Iterator[Any]:
    """The items of a JSON Feed as records. Raises NoText where it has none."""
    items = feed.get("items")
    if not isinstance(items, list) or not items:
        raise NoText("The feed has no entries.")
    for item in items:
        if not isinstance(item, dict):
            yield item
            continue
        html = item.get("content_html")
        text = None if html else item.get("content_text") or item.get("summary")
        yield {
            **({"html": html} if html else {"text": text}),
            "title": item.get("title"),
            "source": item.get("url") or item.get("id"),
        }


def json_feed_articles(feed: Mapping[str, Any], source: str) -> Iterator[Article | Unread]:
    """The article of each item; an item without one is named as the feed names it.

    Raises NoText where the feed has no items.
    """
    for number, record in enumerate(json_feed_entries(feed), start=1):
        here = f"{source}#{number}"
        try:
            _check_item(record, number)
            yield article_of(record, here)
        except DiglotError as error:
            yield Unread(here, error)


def _check_item(record: Any, number: int) -> None:
    """Raise Unreadable where an item has no text, in the words of a feed."""
    if not isinstance(record, dict):
        raise Unreadable(f"Item {number} of the feed is not a JSON object.")
    text = record["html"] if "html" in record else record["text"]
    if isinstance(text, str) and text.strip():
        return
    named = record["source"] or record["title"]
    called = f"{number} ({printable(str(named))[:_LONGEST_NAME]})" if named else str(number)
    if text is None or isinstance(text, str):
        raise NoText(f"Item {called} of the feed has no content_html, content_text or summary.")
    raise Unreadable(f"Item {called} of the feed has a text that is not a string.")
