"""The body of a batch, read as it comes, over requests that no server sent."""

import gzip
import hashlib
import json
from io import RawIOBase
from typing import Any

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from service.errors import BadInput, NoText, TooLong, Unreadable, Unsupported
from service.web import uploads
from service.web.uploads import Upload

LINES = "application/x-ndjson"
ARRAY = "application/json"
ARTICLES = [{"text": "The council met."}, {"text": "市议会开会。"}]
LONGEST = 1_000


class Drops(RawIOBase):
    """A body that comes a few bytes at a time, and in the middle of characters."""

    def __init__(self, body: bytes) -> None:
        self._rest = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        some, self._rest = self._rest[: min(5, len(buffer))], self._rest[min(5, len(buffer)) :]
        buffer[: len(some)] = some
        return len(some)


def request(body: bytes, kind: str, length: int | None = None, **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    builder = EnvironBuilder("/batches", method="POST", content_type=kind, headers=named)
    announced = len(body) if length is None else length
    return Request(
        builder.get_environ() | {"wsgi.input": Drops(body), "CONTENT_LENGTH": str(announced)}
    )


def read(body: bytes, kind: str, **more: Any) -> list[Any]:
    return list(Upload(request(body, kind, **more), LONGEST).articles())


def body_of(kind: str, *articles: Any) -> bytes:
    if kind == ARRAY:
        return json.dumps(articles, ensure_ascii=False).encode()
    return "\n".join(json.dumps(article, ensure_ascii=False) for article in articles).encode()


@pytest.mark.parametrize("kind", [ARRAY, LINES, "application/jsonl; charset=UTF8"])
@pytest.mark.parametrize("is_packed", [False, True])
def test_articles_come_in_their_order_however_the_body_is_cut(kind: str, is_packed: bool) -> None:
    body = body_of(kind, *ARTICLES)
    packed = gzip.compress(body) if is_packed else body
    coding = {"Content_Encoding": "gzip"} if is_packed else {}
    assert read(packed, kind, **coding) == ARTICLES


@pytest.mark.parametrize("kind", ["text/plain", "", "application/json; charset=gbk"])
def test_a_body_that_is_neither_an_array_nor_lines_in_utf_8_is_refused(kind: str) -> None:
    with pytest.raises(Unsupported):
        Upload(request(b"[]", kind), LONGEST)


def test_another_coding_than_gzip_is_refused() -> None:
    with pytest.raises(Unsupported, match="gzip"):
        Upload(request(b"[]", ARRAY, Content_Encoding="br"), LONGEST)


@pytest.mark.parametrize("kind", [ARRAY, LINES])
def test_a_body_that_breaks_off_is_unreadable(kind: str) -> None:
    body = body_of(kind, *ARTICLES)
    with pytest.raises(Unreadable, match="broke off"):
        read(body, kind, length=len(body) + 1)


@pytest.mark.parametrize("kind", [ARRAY, LINES])
def test_a_batch_without_articles_is_refused(kind: str) -> None:
    with pytest.raises(NoText):
        read(b"[]" if kind == ARRAY else b"\n \n", kind)


@pytest.mark.parametrize("text", ["a" * 1_200, "桥" * 400])
def test_a_line_that_is_too_long_is_an_error_of_its_own(text: str) -> None:
    first, long, last = read(body_of(LINES, ARTICLES[0], {"text": text}, ARTICLES[1]), LINES)
    assert isinstance(long, TooLong)
    assert [first, last] == ARTICLES


def test_an_element_that_is_too_long_ends_the_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "_CHUNK", 100)
    with pytest.raises(TooLong, match="1,000 bytes"):
        read(body_of(ARRAY, ARTICLES[0], {"text": "a" * 100_000}), ARRAY)


@pytest.mark.parametrize("kind", [ARRAY, LINES])
def test_there_is_a_most_of_articles(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_ARTICLES", 2)
    assert read(body_of(kind, *ARTICLES), kind) == ARTICLES
    with pytest.raises(TooLong, match="2 articles"):
        read(body_of(kind, *ARTICLES, *ARTICLES), kind)


def test_blank_lines_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_LINES", 10)
    with pytest.raises(TooLong, match="10 lines"):
        read(b"\n" * 11, LINES)


def test_a_line_that_is_not_json_is_named() -> None:
    with pytest.raises(Unreadable, match=r"^Line 2: "):
        read(body_of(LINES, ARTICLES[0]) + b"\n{", LINES)
    with pytest.raises(Unreadable, match="Line 1 is not UTF-8"):
        read("桥".encode("gbk"), LINES)


@pytest.mark.parametrize("kind", [ARRAY, LINES])
def test_a_name_that_stands_twice_is_told(kind: str) -> None:
    twice = b'{"text": "a", "text": "b"}'
    if kind == ARRAY:
        (error,) = read(b"[" + twice + b"]", kind)
        assert isinstance(error, BadInput)
    else:
        with pytest.raises(Unreadable, match="twice"):
            read(twice, kind)


def test_a_byte_order_mark_is_dropped_from_the_first_line() -> None:
    assert read(b"\xef\xbb\xbf" + body_of(LINES, *ARTICLES), LINES) == ARTICLES


def test_the_hash_is_of_the_unpacked_body() -> None:
    def hash_of(body: bytes, kind: str, **more: Any) -> str:
        upload = Upload(request(body, kind, **more), LONGEST)
        assert len(list(upload.articles())) == 2
        return upload.hash

    body = body_of(LINES, *ARTICLES)
    assert hash_of(body, LINES) == hash_of(gzip.compress(body), LINES, Content_Encoding="gzip")
    assert hash_of(body, LINES) == hashlib.sha256(LINES.encode() + b"\n\n" + body).hexdigest()
    assert hash_of(body, LINES) != hash_of(body, "application/jsonl")


def test_waiting_for_the_body_loses_none_of_it() -> None:
    upload = Upload(request(body_of(ARRAY, *ARTICLES), ARRAY), LONGEST)
    upload.await_body()
    assert list(upload.articles()) == ARTICLES
