"""Waiting for an answer: for how long, for how many at a time, and while the asker is there."""

import select
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from contextlib import ExitStack, contextmanager, suppress
from typing import Generic, TypeVar, cast

from flask import request

from service.errors import Cancelled, DeadlineExceeded, NotReady, Overloaded

# The interval in which a waiting request looks whether its client is still there.
LOOK_EVERY_S = 0.25
LONG = 64 * 1024
"""Bytes of a body that take some milliseconds to read."""

Answer = TypeVar("Answer")


class Slots:
    """Bounds how many requests wait for answers, so that threads are left for /livez and /readyz.

    Without it a busy service would look dead, and be killed for it. Of those with long bodies half
    as many may wait, so that whoever sends many of them leaves room for others.
    """

    def __init__(self, count: int) -> None:
        self._full = f"{count} requests wait for their answers already."
        self._free = threading.BoundedSemaphore(count)
        most_long = max(1, count // 2)
        self._full_of_long = f"{most_long} requests with long bodies wait already."
        self._free_for_long = threading.BoundedSemaphore(most_long)

    @contextmanager
    def one(self, length: int = 0) -> Iterator[None]:
        """One of the places, for a request with so many bytes. Raises Overloaded."""
        with ExitStack() as stack:
            if length >= LONG:
                _take(self._free_for_long, self._full_of_long, stack)
            _take(self._free, self._full, stack)
            yield


def _take(free: threading.Semaphore, full: str, stack: ExitStack) -> None:
    if not free.acquire(blocking=False):
        raise Overloaded(full)
    stack.callback(free.release)


def client() -> socket.socket | None:
    """The asker's connection; None where no server is, as in a test."""
    return cast(socket.socket | None, request.environ.get("gunicorn.socket"))


class Waiting(Generic[Answer]):
    """Waits for a Future, until the client hangs up or the service never answers."""

    def __init__(self, future: Future[Answer], limit_s: float, asker: socket.socket | None) -> None:
        self._future = future
        self._last = time.monotonic() + limit_s
        self._asker = asker

    def look(self, seconds: float = LOOK_EVERY_S) -> bool:
        """Wait a little; True when the Future is done. Raises Cancelled and DeadlineExceeded."""
        with suppress(TimeoutError, CancelledError):
            self._future.exception(seconds)
        if self._future.done():
            return True
        if self._asker is not None and _gone(self._asker):
            self._future.cancel()
            raise Cancelled("The client closed the connection before the answer was there.")
        if time.monotonic() > self._last:
            self._future.cancel()
            raise DeadlineExceeded("The answer was not there in time.")
        return False

    def result(self) -> Answer:
        """The answer, or what the Future raises."""
        while not self.look():
            pass
        try:
            return self._future.result()
        except CancelledError as error:
            raise NotReady("The service is stopping.") from error


def _gone(asker: socket.socket) -> bool:
    """Whether the client has closed its side; an HTTP client that waits for an answer has not."""
    poll = select.poll()
    poll.register(asker, select.POLLIN)
    try:
        return bool(poll.poll(0)) and asker.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return True
