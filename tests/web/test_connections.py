"""The choices over all open connections: which to drop, which to wait for, when to refuse."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from gunicorn.config import Config

from service.web import connection_limits as limits
from service.web.connections import Connection, KeptBodies, OpenConnections
from service.web.incoming import Incoming
from service.web.outgoing import Pace
from tests.support.sockets import connection

HEAD = b"POST /summarize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"


@pytest.fixture
def conn() -> Iterator[Connection]:
    with connection() as (conn, _):
        yield conn


def test_silent_connections_are_dropped_before_slow_ones() -> None:
    connections = OpenConnections(20)
    with connection() as (silent, _), connection() as (slow, _), connection() as (new, _):
        slow.incoming.feed(HEAD)
        for conn, age in ((silent, 5), (slow, 10), (new, 0)):
            conn.pace = Pace(60, begun=time.monotonic() - age)
            connections.add(conn)
        assert connections.longest_waiting() == [silent]
        connections.discard(silent)
        assert connections.longest_waiting() == [slow]
        connections.discard(slow)
        assert connections.longest_waiting() == []
        assert connections.room == 19


def test_a_client_that_is_too_slow_is_late(conn: Connection) -> None:
    connections = OpenConnections(8)
    connections.add(conn)
    now = time.monotonic()
    assert connections.late(now) == []
    assert connections.late(now + limits.HEAD_S + 1) == [conn]
    conn.pace = None  # a thread works for it
    assert connections.late(now + limits.HEAD_S + 1) == []


def test_bodies_are_bounded_in_bytes_and_in_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_HELD", 1_000_000)
    bodies = KeptBodies(4)
    with ExitStack() as stack:
        several = [stack.enter_context(connection())[0] for _ in range(5)]
        for conn in several[:4]:
            bodies.note(conn, limits.UNASKED + 1)
        assert not bodies.are_too_much
        bodies.note(several[4], limits.UNASKED)
        assert not bodies.are_too_much, "a short one takes no file"
        bodies.note(several[4], limits.UNASKED + 1)
        assert bodies.are_too_much, "a file descriptor for each of five bodies"
        bodies.discard(several[0])
        bodies.discard(several[0])
        assert not bodies.are_too_much
        bodies.note(several[1], 900_000)
        assert bodies.are_too_much
        bodies.note(several[1], 700_000)
        assert not bodies.are_too_much


def test_the_largest_body_that_is_still_coming_is_refused_first() -> None:
    bodies = KeptBodies(4)
    assert bodies.largest_on_its_way() is None
    with connection() as (small, _), connection() as (large, _), connection() as (whole, _):
        for conn, size in ((small, 100_000), (large, 200_000), (whole, 300_000)):
            conn.incoming.feed(HEAD)
            bodies.note(conn, size)
        whole.pace = None  # a thread reads it
        assert bodies.largest_on_its_way() is large
        large.outgoing.sendall(b"HTTP/1.1 503 Service Unavailable")
        assert bodies.largest_on_its_way() is small


def test_a_stop_waits_for_requests_in_time_and_briefly_for_the_rest(conn: Connection) -> None:
    connections = OpenConnections(8)
    assert not connections.keep_from_stopping(0.0)
    connections.add(conn)
    assert not connections.keep_from_stopping(0.0), "nothing was sent on it"
    conn.incoming.feed(HEAD)
    assert connections.keep_from_stopping(100.0)
    conn.is_late = True
    assert connections.keep_from_stopping(limits.IDLE_STOP_S - 0.1)
    assert not connections.keep_from_stopping(limits.IDLE_STOP_S)


def test_a_stop_leaves_slow_readers_after_a_while(conn: Connection) -> None:
    connections = OpenConnections(8)
    connections.add(conn)
    conn.incoming.feed(HEAD)
    conn.await_answer()
    assert connections.keep_from_stopping(limits.SLOW_STOP_S - 0.1)
    assert not connections.keep_from_stopping(limits.SLOW_STOP_S)


def test_the_time_for_an_answer_does_not_begin_again(conn: Connection) -> None:
    conn.await_answer()
    ends = conn.answer_ends
    time.sleep(0.01)
    conn.await_answer()
    assert conn.answer_ends == ends
    assert conn.pace is not None and conn.pace.ends == pytest.approx(ends)


def test_the_next_request_starts_with_the_bytes_after_the_last(conn: Connection) -> None:
    conn.incoming.feed(b"GET /a HTTP/1.1\r\nHost: localhost\r\n\r\nGET /b")
    conn.is_admitted, conn.seen = True, {"id": 1}
    assert conn.await_next(Incoming(Config(), ("127.0.0.1", 1)), 5.0) == b"GET /b"
    assert (conn.is_admitted, conn.seen, conn.is_idle) == (False, {}, True)
    assert conn.is_between_requests and conn.incoming.request is None


def test_the_application_is_asked_before_a_long_body_or_one_that_waits_for_a_word(
    conn: Connection,
) -> None:
    assert not conn.has_body_to_ask_for
    conn.incoming.feed(HEAD)
    assert not conn.has_body_to_ask_for
    conn.incoming.size = limits.UNASKED + 1
    assert conn.has_body_to_ask_for
    conn.is_admitted = True
    assert not conn.has_body_to_ask_for
    with connection() as (waiting, _):
        waiting.incoming.feed(HEAD.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
        assert waiting.has_body_to_ask_for
