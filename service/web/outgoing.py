"""Bytes on their way to a client, and the time that either side may take for its bytes."""

import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

AT_ONCE = 256 * 1024


@dataclass(slots=True)
class Pace:
    """Bytes must move at `rate` a second, after `grace_s`, and all of them within `whole_s`."""

    whole_s: float
    grace_s: float = 0.0
    rate: float = 0.0
    count: int = 0
    begun: float = field(default_factory=time.monotonic)

    def is_late(self, now: float) -> bool:
        spent = now - self.begun
        return spent > self.whole_s or self.count < (spent - self.grace_s) * self.rate


class ClientGone(Exception):
    """The connection broke while something was sent."""


class Outgoing:
    """Stands for the socket where gunicorn writes an answer: nothing that it does blocks.

    What is written is kept until `flush` sends as much as the socket takes.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._kept = bytearray()

    @property
    def pending(self) -> int:
        return len(self._kept)

    def sendall(self, data: bytes) -> None:
        self._kept += data

    def flush(self) -> int:
        """Returns how many bytes were sent. Raises ClientGone."""
        total = 0
        try:
            while self._kept:
                with memoryview(self._kept) as kept, kept[:AT_ONCE] as some:
                    sent = self._sock.send(some)
                del self._kept[:sent]
                total += sent
        except (BlockingIOError, InterruptedError):
            pass
        except OSError as error:
            raise ClientGone from error
        return total


class Rest:
    """An application's answer that is being sent: gunicorn's Response, and the parts left."""

    def __init__(self, response: Any, body: Iterable[bytes]) -> None:
        self.response = response
        self.parts: Iterator[bytes] = iter(body)
        self._body = body

    def close(self) -> None:
        close = getattr(self._body, "close", None)
        if close is not None:
            close()
