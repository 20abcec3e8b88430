"""Answers are kept until they are sent, and both ways have a pace."""

import socket
import time
from collections.abc import Iterator

import pytest

from service.web.outgoing import ClientGone, Outgoing, Pace, Rest

TEXT = "The council met. 镇议会开会。".encode() * 100_000


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        yield ours, theirs


def test_bytes_beyond_the_socket_are_kept(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    outgoing = Outgoing(ours)
    outgoing.sendall(TEXT)
    sent = outgoing.flush()
    assert 0 < sent < len(TEXT)
    assert outgoing.pending == len(TEXT) - sent
    assert outgoing.flush() == 0
    taken = b""
    while len(taken) < len(TEXT):
        taken += theirs.recv(1_000_000)
        outgoing.flush()
    assert taken == TEXT
    assert not outgoing.pending


def test_a_client_that_is_gone_is_told_from_a_slow_one(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    outgoing = Outgoing(ours)
    theirs.close()
    outgoing.sendall(TEXT)
    with pytest.raises(ClientGone):
        outgoing.flush()


@pytest.mark.parametrize(
    ("spent", "count", "is_late"),
    [(0, 0, False), (10, 0, False), (10.5, 0, True), (20, 999, True), (20, 1000, False),
     (60, 1_000_000, False), (61, 1_000_000, True)],
)  # fmt: skip
def test_a_pace_has_a_start_a_rate_and_an_end(spent: float, count: int, is_late: bool) -> None:
    now = time.monotonic()
    pace = Pace(60.0, 10.0, 100.0, count, begun=now - spent)
    assert pace.is_late(now) is is_late


def test_an_abandoned_answer_is_closed() -> None:
    def parts() -> Iterator[bytes]:
        try:
            yield b"a"
            yield b"b"
        finally:
            closed.append(True)

    closed: list[bool] = []
    rest = Rest(None, parts())
    assert next(rest.parts) == b"a"
    rest.close()
    assert closed == [True]
    Rest(None, [b"a"]).close()
