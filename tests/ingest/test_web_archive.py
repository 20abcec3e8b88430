import io
import re
from pathlib import Path

import pytest

from service.article import Article
from service.ingest.documents import read_file
from service.ingest.records import Unread

pytest.importorskip("warcio")
# The package's writer, which only these tests use, leaves its temporary files to the collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

PAGES = {
    "https://example.org/trams": ("text/html", "<p>The council met on 4 May.</p>", "200 OK"),
    "https://example.org/dianche": (
        "text/html; charset=gb18030", "<meta charset=gb18030><p>市议会五月四日开会，讨论电车。</p>",
        "200 OK",
    ),
    "https://example.org/gone": ("text/html", "<p>Gone.</p>", "404 Not Found"),
    "https://example.org/a.png": ("image/png", "png", "200 OK"),
    "https://example.org/empty": ("text/html", " ", "200 OK"),
}  # fmt: skip


def archive(path: Path, gzip: bool) -> None:
    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=gzip)
        for address, (kind, text, status) in PAGES.items():
            body = text.encode("gb18030" if "gb18030" in kind else "utf-8")
            headers = StatusAndHeaders(status, [("Content-Type", kind)], protocol="HTTP/1.1")
            record = writer.create_warc_record(
                address, "response", payload=io.BytesIO(body), http_headers=headers
            )
            writer.write_record(record)


@pytest.mark.parametrize(("name", "gzip"), [("a.warc", False), ("a.warc.gz", True)])
def test_pages_that_were_there_are_articles(tmp_path: Path, name: str, gzip: bool) -> None:
    archive(tmp_path / name, gzip)
    english, chinese, empty = read_file(tmp_path / name)
    assert english == Article(
        "<p>The council met on 4 May.</p>", None, "https://example.org/trams", "html"
    )
    assert isinstance(chinese, Article)
    assert "市议会五月四日开会" in chinese.text
    assert isinstance(empty, Unread)
    assert empty.source == "https://example.org/empty"


@pytest.mark.parametrize("gzip", [False, True])
def test_an_archive_that_breaks_off_anywhere_keeps_the_pages_before_and_says_where(
    tmp_path: Path, gzip: bool
) -> None:
    archive(tmp_path / "a.warc", gzip)
    content = (tmp_path / "a.warc").read_bytes()
    starts = record_starts(content)
    for length in lengths_cut(starts, len(content)):
        (tmp_path / "b.warc").write_bytes(content[:length])
        found = list(read_file(tmp_path / "b.warc"))
        start = max(start for start in starts if start < length)
        whole = starts.index(start)
        pages = [each for each in found if isinstance(each, Article)]
        last = found[-1]
        if isinstance(last, Unread) and last.source == str(tmp_path / "b.warc"):
            assert f"in the record at byte {start}: " in str(last.error)
            assert len(pages) == min(whole, 2)
        else:  # nothing but the end of a record is missing, such as its blank lines
            assert len(pages) == min(whole + 1, 2)
            assert length > [*starts, len(content)][whole + 1] - END


def lengths_cut(starts: list[int], size: int) -> list[int]:
    """Every place near a record's ends, and a few in all that lies between."""
    near = {end + away for end in (*starts, size) for away in range(-2 * END, 2 * END)}
    return sorted(near.intersection(range(1, size)) | set(range(1, size, 7)))


END = 12
"""Bytes behind the content of a record: blank lines, and the checksum and size of gzip."""


def record_starts(content: bytes) -> list[int]:
    head = b"\x1f\x8b\x08" if content.startswith(b"\x1f") else b"WARC/1."
    return [found.start() for found in re.finditer(re.escape(head), content)]


@pytest.mark.parametrize("content", [b"", b"no archive at all\r\n\r\n", b"\x1f\x8b\x08broken"])
def test_a_file_that_is_not_an_archive_is_one_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.warc").write_bytes(content)
    (found,) = read_file(tmp_path / "a.warc")
    assert isinstance(found, Unread)


def test_the_words_of_a_fault_inside_the_reader_are_not_shown(tmp_path: Path) -> None:
    head = b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 99\r\n\r\nHTTP/1.1 200 OK\r\n"
    (tmp_path / "a.warc").write_bytes(head)
    (found,) = read_file(tmp_path / "a.warc")
    assert isinstance(found, Unread)
    assert str(found.error) == (
        "The archive breaks off or is damaged in the record at byte 0: AttributeError"
    )
