"""Answers are kept until they are sent, and both ways have a pace."""

import socket
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


def test_a_silent_client_is_late_after_the_grace() -> None:
    pace = Pace(60.0, 10.0, 100.0, begun=0.0)
    assert not pace.is_late(10.0)
    assert pace.is_late(10.1)


def test_bytes_buy_time_at_the_rate() -> None:
    pace = Pace(60.0, 10.0, 100.0, begun=0.0)
    pace.note(500, now=8.0)
    assert not pace.is_late(15.0)
    assert pace.is_late(15.1)


def test_a_quick_start_buys_no_more_than_the_grace() -> None:
    pace = Pace(600.0, 10.0, 100.0, begun=0.0)
    pace.note(1_000_000, now=1.0)
    assert not pace.is_late(11.0)
    assert pace.is_late(11.1)


def test_a_client_that_keeps_the_pace_is_late_at_the_end_only() -> None:
    pace = Pace(60.0, 10.0, 100.0, begun=0.0)
    for second in range(1, 60):
        pace.note(100, now=float(second))
        assert not pace.is_late(second + 0.9)
    assert pace.is_late(60.1)


def test_without_a_rate_the_whole_time_may_pass_in_silence() -> None:
    pace = Pace(60.0, begun=0.0)
    assert not pace.is_late(60.0)
    assert pace.is_late(60.1)


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
