"""Calling the application for a connection: when it waits for a body, and how its answer ends."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from gunicorn.config import Config
from werkzeug.exceptions import RequestEntityTooLarge

from service.web import connection_limits as limits
from service.web.connections import Connection
from service.web.incoming import BodyPending
from service.web.wsgi_caller import NextStep, WsgiCaller
from tests.support.sockets import connection

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\n"
BODY = "议会".encode()

Start = Callable[[str, list[tuple[str, str]]], Any]


def echo(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
    body = environ["wsgi.input"].read()
    start("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def caller(application: Any, *, is_stopping: bool = False) -> WsgiCaller:
    return WsgiCaller(Config(), application, lambda: is_stopping)


@pytest.fixture
def both() -> Iterator[tuple[Connection, Any]]:
    with connection() as (conn, client):
        yield conn, client


def test_an_application_that_reads_a_body_is_called_again_once_it_is_there(both: Any) -> None:
    conn, client = both
    conn.incoming.feed(HEAD)
    assert caller(echo).begin(conn) is NextStep.AWAIT_BODY
    conn.incoming.feed(BODY)
    assert caller(echo).begin(conn) is NextStep.SEND
    assert client.recv(1000).endswith(b"\r\n\r\n" + BODY)
    assert conn.keeps_alive and conn.answer is None


def test_the_application_says_how_long_a_body_may_be(both: Any) -> None:
    def limited(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        try:
            return echo(environ, start)
        except BodyPending as pending:
            pending.limit = 5
            raise
        except RequestEntityTooLarge:
            start("413 Content Too Large", [("Content-Length", "0")])
            return []

    conn, client = both
    conn.incoming.feed(HEAD.replace(b"Content-Length: 6", b"Transfer-Encoding: chunked"))
    assert caller(limited).begin(conn) is NextStep.AWAIT_BODY
    conn.incoming.feed(b"6\r\n")
    assert conn.incoming.is_complete, "the rest is not waited for"
    assert caller(limited).begin(conn) is NextStep.SEND
    assert client.recv(1000).startswith(b"HTTP/1.1 413 ")
    assert not conn.keeps_alive


@pytest.mark.parametrize("why", ["the service stops", "the client stopped sending"])
def test_the_connection_is_closed_after_the_answer(both: Any, why: str) -> None:
    conn, client = both
    conn.incoming.feed(HEAD + BODY)
    conn.incoming.is_cut = "client" in why
    caller(echo, is_stopping="service" in why).begin(conn)
    assert b"Connection: close" in client.recv(1000)
    assert not conn.keeps_alive


def test_an_application_that_breaks_gives_a_problem(both: Any) -> None:
    def broken(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        raise ValueError("broken")

    conn, client = both
    conn.incoming.feed(HEAD + BODY)
    assert caller(broken).begin(conn) is NextStep.SEND
    assert client.recv(1000).startswith(b"HTTP/1.1 500 ")
    assert not conn.keeps_alive


def test_a_fault_of_the_head_is_answered_without_the_application(both: Any) -> None:
    conn, client = both
    conn.fault = ValueError("a head like no other")
    assert caller(None).begin(conn) is NextStep.SEND
    assert client.recv(1000).startswith(b"HTTP/1.1 500 ")


class Parts:
    """An answer of many parts, which knows whether it was closed."""

    def __init__(self, *, breaks: bool = False) -> None:
        self.taken = 0
        self.is_closed = False
        self._breaks = breaks

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(100):
            self.taken += 1
            yield b"a" * limits.FULL
            if self._breaks:
                raise ValueError("broken in the middle")

    def close(self) -> None:
        self.is_closed = True

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        start("200 OK", [("Content-Type", "text/plain")])
        return self


def answered(conn: Connection, application: Any) -> NextStep:
    """Call the application, and go on with its answer as long as more can be made."""
    own = caller(application)
    step = own.begin(conn)
    while step is NextStep.GO_ON:
        step = own.go_on(conn)
    return step


def test_the_application_is_not_asked_for_more_than_the_client_takes(both: Any) -> None:
    conn, _ = both
    parts = Parts()
    conn.incoming.feed(HEAD + BODY)
    assert answered(conn, parts) is NextStep.SEND
    assert parts.taken < 5 and conn.outgoing.pending > limits.FULL
    assert conn.answer is not None and not parts.is_closed
    assert caller(parts).abandon(conn) is NextStep.DROP
    assert parts.is_closed


def test_a_large_answer_is_made_a_part_at_a_time(both: Any) -> None:
    """However fast its client takes it, so that others get the thread."""
    conn, client = both
    parts = Parts()
    conn.incoming.feed(HEAD + BODY)
    own = caller(parts)
    assert own.begin(conn) is NextStep.GO_ON and parts.taken == 0
    for taken in (1, 2, 3):
        while conn.outgoing.pending:
            client.recv(limits.FULL)
            conn.outgoing.flush()
        step = own.go_on(conn)
        assert parts.taken == taken
        assert step is NextStep.GO_ON or conn.outgoing.pending > limits.FULL


@pytest.mark.parametrize("text", ["the council votes", "议会投票"])
def test_events_are_sent_as_they_happen(both: Any, text: str) -> None:
    def events(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        start("200 OK", [("Content-Type", "text/event-stream; charset=utf-8")])
        return (f"data: {text} {number}\n\n".encode() for number in range(3))

    conn, client = both
    conn.incoming.feed(HEAD + BODY)
    assert caller(events).begin(conn) is NextStep.SEND
    assert client.recv(1000).count(text.encode()) == 3


def test_an_answer_that_breaks_in_the_middle_ends_the_connection(both: Any) -> None:
    conn, _ = both
    parts = Parts(breaks=True)
    conn.incoming.feed(HEAD + BODY)
    step = answered(conn, parts)
    if step is NextStep.SEND:
        step = caller(parts).go_on(conn)
    assert step is NextStep.RESET and parts.is_closed


def test_a_client_that_is_gone_ends_the_answer(both: Any) -> None:
    conn, client = both
    parts = Parts()
    conn.incoming.feed(HEAD + BODY)
    client.close()
    assert answered(conn, parts) is NextStep.DROP
    assert parts.is_closed
