"""The bytes of a request, however they are cut, are one head and one body."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http.errors import LimitRequestHeaders, ParseException
from werkzeug.exceptions import RequestEntityTooLarge

from service.web.incoming import (
    IN_MEMORY,
    LONGEST_HEAD,
    BodyPending,
    Incoming,
    PendingBody,
)

HEAD = b"POST /summarize HTTP/1.1\r\nHost: a\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
ARTICLE = "The council met. 镇议会开会。".encode()


def sized(body: bytes) -> bytes:
    return HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body


def chunked(body: bytes, size: int = 7, extension: bytes = b"", trailer: bytes = b"") -> bytes:
    parts = (body[at : at + size] for at in range(0, len(body), size))
    chunks = b"".join(b"%X%s\r\n%s\r\n" % (len(part), extension, part) for part in parts)
    return CHUNKED + chunks + b"0\r\n" + trailer + b"\r\n"


@pytest.fixture
def incoming(tmp_path: Path) -> Iterator[Incoming]:
    one = Incoming(Config(), ("127.0.0.1", 1), str(tmp_path))
    yield one
    one.close()


@pytest.mark.parametrize("step", [1, 2, 5, 1000])
@pytest.mark.parametrize(
    "sent",
    [
        sized(ARTICLE),
        chunked(ARTICLE),
        chunked(ARTICLE, 100),
        chunked(ARTICLE, extension=b"; a=1"),
        chunked(ARTICLE, trailer=b"X-A: b\r\n"),
    ],
)
def test_a_request_is_read_however_it_is_cut(incoming: Incoming, sent: bytes, step: int) -> None:
    following = b"GET / HTTP/1.1\r\n"
    for at in range(0, len(sent), step):
        assert not incoming.is_complete
        part = sent[at : at + step]
        incoming.feed(part + following if at + step >= len(sent) else part)
    assert incoming.is_complete
    assert incoming.request.path == "/summarize"
    assert incoming.body().read() == ARTICLE
    assert incoming.ends_as_framed()
    assert incoming.rest == following


@pytest.mark.parametrize("sent", [sized(ARTICLE), chunked(ARTICLE)])
def test_an_unread_body_ends_where_it_should(incoming: Incoming, sent: bytes) -> None:
    incoming.feed(sent)
    incoming.body()
    assert incoming.ends_as_framed()


def test_a_body_is_read_from_its_start_each_time(incoming: Incoming) -> None:
    incoming.feed(chunked(ARTICLE))
    assert incoming.body().read(3) == ARTICLE[:3]
    assert incoming.body().read() == ARTICLE


def test_a_long_body_goes_to_a_file(incoming: Incoming) -> None:
    body = ARTICLE * (2 * IN_MEMORY // len(ARTICLE))
    incoming.feed(sized(body))
    assert incoming.body().read() == body
    assert incoming.size == len(body)


@pytest.mark.parametrize(
    "broken",
    [
        b"zz\r\nHalf\r\n",
        b"4\nHalf\r\n0\r\n\r\n",
        b"0x4\r\nHalf\r\n0\r\n\r\n",
        b"4\r\nHalf of it\r\n0\r\n\r\n",
        b"0\r\nX: y\n\n",
        b"4;" + b"a" * 9000,
    ],
)
def test_malformed_chunks_end_at_once_and_do_not_start_a_request(
    incoming: Incoming, broken: bytes
) -> None:
    incoming.feed(CHUNKED + broken)
    assert incoming.is_complete
    incoming.body()
    assert not incoming.ends_as_framed()


@pytest.mark.parametrize(
    "text",
    [
        "The council voted on Tuesday to build a new bridge.",
        "镇议会周二投票决定建桥，镇长表示支持。",
    ],
)
def test_chunks_of_a_line_each_are_taken_however_many(incoming: Incoming, text: str) -> None:
    line = text.encode() + b"\n"
    incoming.feed(CHUNKED)
    for _ in range(100):
        incoming.feed((b"%x\r\n%s\r\n" % (len(line), line)) * 300)
    incoming.feed(b"0\r\n\r\n")
    assert incoming.body().read() == line * 30_000


def test_a_body_that_is_announced_to_be_too_long_is_not_waited_for(incoming: Incoming) -> None:
    incoming.feed(CHUNKED)
    incoming.limit = 10
    incoming.feed(b"a\r\n")
    assert not incoming.is_complete
    incoming.feed(b"0123456789\r\n1\r\n")
    assert incoming.is_complete and incoming.is_overlong
    with pytest.raises(RequestEntityTooLarge):
        incoming.body().read()
    assert not incoming.ends_as_framed()


def test_half_a_body_is_complete_only_once_it_was_cut(incoming: Incoming) -> None:
    incoming.feed(sized(ARTICLE)[:-3])
    assert not incoming.is_complete
    incoming.is_cut = True
    assert incoming.is_complete
    assert incoming.body().read() == ARTICLE[:-3]
    assert not incoming.ends_as_framed()


def test_a_head_is_bounded(incoming: Incoming) -> None:
    with pytest.raises(LimitRequestHeaders):
        for _ in range(LONGEST_HEAD):
            incoming.feed(b"A: b\r\n")


def test_a_malformed_head_raises_the_error_of_gunicorn(incoming: Incoming) -> None:
    with pytest.raises(ParseException):
        incoming.feed(b"nonsense\r\n\r\n")


def test_only_the_loop_sends_100_continue(incoming: Incoming) -> None:
    incoming.feed(HEAD + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n")
    assert incoming.expects_continue
    assert not incoming.request._expected_100_continue


@pytest.mark.parametrize("read", ["read", "readline", "readlines", "__iter__"])
def test_a_body_that_is_not_there_says_so(read: str) -> None:
    take: Any = getattr(PendingBody(), read)
    with pytest.raises(BodyPending):
        take()
    assert not issubclass(BodyPending, Exception)  # whatever an application catches


def test_the_length_of_a_body_is_known_as_far_as_it_was_announced(incoming: Incoming) -> None:
    incoming.feed(HEAD + b"Content-Length: 450000\r\n\r\nab")
    assert incoming.length == 450_000


def test_the_length_of_a_body_in_chunks_grows_with_them(incoming: Incoming) -> None:
    incoming.feed(CHUNKED)
    lengths = []
    for text in ("The council met.", "镇议会开会。"):
        chunk = text.encode()
        incoming.feed(b"%X\r\n%s\r\n" % (len(chunk), chunk))
        lengths.append(incoming.length)
    assert lengths == [16, 34]


@pytest.mark.parametrize(
    ("method", "asks"), [("GET", True), ("HEAD", True), ("POST", False), ("DELETE", False)]
)
def test_a_request_asks_to_get_what_is_there(incoming: Incoming, method: str, asks: bool) -> None:
    assert not incoming.asks_to_get
    incoming.feed(f"{method} / HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    assert incoming.asks_to_get is asks
