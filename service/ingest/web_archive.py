"""Articles from web archives (WARC), as Common Crawl publishes them."""

import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from service.article import Article
from service.errors import DiglotError, NoText, TooLong, Unreadable, Unsupported
from service.ingest.encoding import decode
from service.ingest.records import Unread, printable
from service.ingest.storage import InputFile

_PAGES = ("text/html", "application/xhtml+xml")
_DAMAGED = (AttributeError, EOFError, OSError, UnicodeError, ValueError, zlib.error)
"""Errors of a damaged record that warcio does not make its own."""
LARGEST_PAGE = 20_000_000
"""Bytes of one page."""


def read_warc(path: InputFile, source: str) -> Iterator[Article | Unread]:
    """One article a page of the archive at `path`. Raises as `read_pages`."""
    with path.open("rb") as file:
        yield from read_pages(file, source)


def read_pages(file: BinaryIO, source: str) -> Iterator[Article | Unread]:
    """One article a page that a server answered with 200, read one after another.

    Raises Unsupported without the package warcio, Unreadable where the archive is damaged, and
    NoText where it holds no page.
    """
    try:
        from warcio.archiveiterator import ArchiveIterator
        from warcio.exceptions import ArchiveLoadFailed
    except ImportError:
        raise Unsupported(
            "Web archives need the package warcio: pip install 'diglot[warc]'."
        ) from None
    records, seen = ArchiveIterator(file), False
    try:
        for record in records:
            page = _page(record, source) if _is_page(record) else None
            _skip_rest(record)
            if page is not None:
                seen = True
                yield page
        if records.fh.tell() > records.offset:
            raise EOFError
    except (ArchiveLoadFailed, *_DAMAGED) as error:
        # The words of other errors say nothing to a reader.
        reason = error if isinstance(error, ArchiveLoadFailed) else type(error).__name__
        raise Unreadable(
            f"The archive breaks off or is damaged in the record at byte {records.offset}: {reason}"
        ) from None
    if not seen:
        raise NoText("The archive holds no page.")


def _skip_rest(record: Any) -> None:
    """Read a record to its end. Raises EOFError where the archive ends before it."""
    while record.raw_stream.read(1 << 16):
        pass
    length = record.rec_headers.get_header("Content-Length") or ""
    if record.raw_stream.limit or not length.isdecimal():  # the headers break off before it
        raise EOFError


def _is_page(record: Any) -> bool:
    if record.rec_type != "response" or record.http_headers is None:
        return False
    kind = (record.http_headers.get_header("Content-Type") or "").partition(";")[0]
    return record.http_headers.get_statuscode() == "200" and kind.strip().lower() in _PAGES


def _page(record: Any, source: str) -> Article | Unread:
    address = printable(record.rec_headers.get_header("WARC-Target-URI") or source)
    try:
        content = record.content_stream().read(LARGEST_PAGE + 1)
        if len(content) > LARGEST_PAGE:
            raise TooLong(f"The page has more than {LARGEST_PAGE:,} bytes.")
        text = decode(content)
        if not text.strip():
            raise NoText("The page is empty.")
    except DiglotError as error:
        return Unread(address, error)
    return Article(text, source=address, markup="html")
