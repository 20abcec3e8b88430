"""The open connections of the service, and the request that each is at."""

import socket
import time
from collections.abc import Iterator
from typing import Any

from service.web import connection_limits as limits
from service.web.incoming import Incoming
from service.web.outgoing import Outgoing, Pace, Rest


class Connection:
    """A client's connection, and the request that it is at. `pace` is None while a thread works."""

    def __init__(self, sock: socket.socket, client: Any, server: Any, incoming: Incoming) -> None:
        sock.setblocking(False)
        self.sock = sock
        self.client = client
        self.server = server
        self.incoming = incoming
        self.outgoing = Outgoing(sock)
        self.answer: Rest | None = None
        self.answer_ends: float | None = None
        """The moment until which the client may take its answer."""
        self.pace: Pace | None = Pace(limits.HEAD_S)
        self.watched = 0
        """The events that the loop waits for."""
        self.fault: Exception | None = None
        """The fault of the request's head."""
        self.seen: dict[str, Any] = {}
        self.is_admitted = False
        """Whether the application asked for the body."""
        self.is_idle = False
        self.is_leaving = False
        self.is_late = False
        """Whether the request's head came after the service was told to stop."""
        self.keeps_alive = False

    @property
    def is_between_requests(self) -> bool:
        return self.is_idle or self.is_leaving or self.incoming.request is None

    @property
    def is_in_flight(self) -> bool:
        """Whether its request came in time and has no whole answer yet; its body may still come."""
        is_coming = self.incoming.request is not None and not self.is_between_requests
        is_being_answered = self.pace is None or bool(self.outgoing.pending)
        return not self.is_late and (is_coming or is_being_answered)

    @property
    def is_reading(self) -> bool:
        """Whether its body is on its way; not while a thread or the client is at its answer."""
        return self.pace is not None and not (self.outgoing.pending or self.is_between_requests)

    @property
    def has_body_to_ask_for(self) -> bool:
        """Whether the application has to be called before more of the body is taken."""
        incoming = self.incoming
        wants_word = incoming.expects_continue or incoming.size > limits.UNASKED
        return incoming.request is not None and not self.is_admitted and wants_word

    def await_body(self) -> None:
        self.pace = Pace(limits.MOST_BODY_S, limits.GRACE_S, limits.LEAST_RATE)

    def await_answer(self) -> None:
        """Give the client its time to take the answer, which began when this was first called."""
        now = time.monotonic()
        self.answer_ends = self.answer_ends or now + limits.MOST_ANSWER_S
        self.pace = Pace(self.answer_ends - now, limits.GRACE_S, limits.LEAST_RATE)

    def await_next(self, incoming: Incoming, keep_alive_s: float) -> bytes:
        """Begin with the next request; returns what has come of it already."""
        rest = self.incoming.rest
        self.incoming.close()
        self.incoming = incoming
        self.is_admitted, self.seen, self.answer_ends = False, {}, None
        self.is_idle, self.pace = True, Pace(keep_alive_s)
        return rest

    def await_close(self) -> None:
        """Read on for a while after the answer.

        A client that still sends its body would otherwise lose the answer to a broken pipe.
        """
        self.is_leaving = True
        is_unread = self.incoming.request is not None and not self.incoming.is_complete
        self.pace = Pace(limits.MOST_UNREAD_S if is_unread else limits.FAREWELL_S)


class OpenConnections:
    """All connections of the process; `most` bounds them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._all: set[Connection] = set()

    def __iter__(self) -> Iterator[Connection]:
        return iter(self._all)

    @property
    def room(self) -> int:
        return self._most - len(self._all)

    def add(self, conn: Connection) -> None:
        self._all.add(conn)

    def discard(self, conn: Connection) -> None:
        self._all.discard(conn)

    def late(self, now: float) -> list[Connection]:
        """Those whose client is too slow."""
        return [c for c in self._all if c.pace and c.pace.is_late(now)]

    def longest_waiting(self) -> list[Connection]:
        """A twentieth of them, to make room: first such as are at no request, then slow ones."""
        latest = time.monotonic() - limits.NEVER_DROPPED_S
        waiting = [
            (not c.is_between_requests, c.pace.begun, id(c), c)
            for c in self._all
            if c.pace is not None and c.pace.begun < latest
        ]
        return [conn for *_, conn in sorted(waiting)[: max(1, self._most // 20)]]

    def keep_from_stopping(self, stopping_s: float) -> bool:
        """Whether, so long after the service was told to stop, somebody is still waited for."""
        if stopping_s < limits.IDLE_STOP_S and any(
            c.is_idle or c.incoming.has_begun for c in self._all
        ):
            return True
        return any(
            c.is_in_flight and (c.answer_ends is None or stopping_s < limits.SLOW_STOP_S)
            for c in self._all
        )


class KeptBodies:
    """The bodies that are kept, of all clients together; at most `most` that are long."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._sizes: dict[Connection, int] = {}
        self._total = 0

    @property
    def are_too_much(self) -> bool:
        """Whether they take too much room, or too many file descriptors."""
        return self._total > limits.MOST_HELD or len(self._sizes) > self._most

    def note(self, conn: Connection, size: int) -> None:
        """Note how long a connection's body has become; a short one takes no room on the disk."""
        self.discard(conn)
        if size > limits.UNASKED:
            self._sizes[conn] = size
            self._total += size

    def discard(self, conn: Connection) -> None:
        self._total -= self._sizes.pop(conn, 0)

    def largest_on_its_way(self) -> Connection | None:
        """The longest body that is not whole yet, so that few are refused, and not small ones."""
        coming = [conn for conn in self._sizes if conn.is_reading]
        return max(coming, key=self._sizes.__getitem__, default=None)
