"""Bytes on their way to a client, and the time that either side may take for its bytes."""

import socket
import time
from collections.abc import Iterable, Iterator
from typing import Any

AT_ONCE = 256 * 1024


class Pace:
    """Bytes have to move at `rate` a second, and all of them within `whole_s`.

    Nobody has to be steady: `grace_s` without a byte are allowed at any time, but how fast it went
    before is not credited for longer than that.
    """

    def __init__(
        self, whole_s: float, grace_s: float = 0.0, rate: float = 0.0, begun: float | None = None
    ) -> None:
        self.begun = time.monotonic() if begun is None else begun
        self.ends = self.begun + whole_s
        self.count = 0
        self._rate = rate
        self._grace_s = grace_s
        self._stalls = self.begun + grace_s if rate else self.ends
        """The moment from which the client is too slow, if nothing moves until then."""

    def note(self, count: int, now: float | None = None) -> None:
        """Note that so many bytes have moved."""
        self.count += count
        if self._rate:
            latest = (time.monotonic() if now is None else now) + self._grace_s
            self._stalls = min(latest, self._stalls + count / self._rate)

    def is_late(self, now: float) -> bool:
        return now > min(self.ends, self._stalls)


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
    """An application's answer that is being sent: gunicorn's Response, and the parts left.

    The parts of one that `is_live` come when something happens, those of others can be made now.
    """

    def __init__(self, response: Any, body: Iterable[bytes], *, is_live: bool = False) -> None:
        self.response = response
        self.is_live = is_live
        self.parts: Iterator[bytes] = iter(body)
        self._body = body

    def close(self) -> None:
        close = getattr(self._body, "close", None)
        if close is not None:
            close()
