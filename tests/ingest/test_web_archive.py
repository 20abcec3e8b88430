import io
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


def test_an_archive_that_breaks_off_keeps_the_pages_before(tmp_path: Path) -> None:
    archive(tmp_path / "a.warc.gz", True)
    content = (tmp_path / "a.warc.gz").read_bytes()
    (tmp_path / "b.warc.gz").write_bytes(content[: len(content) // 2])
    found = list(read_file(tmp_path / "b.warc.gz"))
    assert isinstance(found[0], Article)


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
    assert str(found.error) == "The archive breaks off or is damaged: AttributeError"
