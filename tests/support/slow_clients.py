"""Clients that hold connections and hardly use them: silent, drop by drop, and slow to read."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

HEAD = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
BODY = (
    b"POST /summarize HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
    b"Content-Length: 100000\r\n\r\nab"
)
SMALL_BUFFER = 4096
EVERY_S = 0.25


def connect(address: tuple[str, int], sent: bytes = b"", buffer: int = 0) -> socket.socket:
    client = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
    if buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    client.settimeout(30)
    client.connect(address)
    if sent:
        client.sendall(sent)
    return client


@contextmanager
def slow_clients(
    address: tuple[str, int], *, silent: int = 0, heads: int = 0, bodies: int = 0,
    readers: int = 0, results: str = "",
) -> Iterator[Sequence[socket.socket]]:  # fmt: skip
    """Holds so many connections of each kind open, and drips through them, until it is left.

    Readers ask for the address `results` and take a few kilobytes a second of it.
    """
    ask = f"GET {results} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    done = threading.Event()
    with ExitStack() as stack:
        quiet = [stack.enter_context(connect(address)) for _ in range(silent)]
        senders = [stack.enter_context(connect(address, HEAD)) for _ in range(heads)]
        senders += [stack.enter_context(connect(address, BODY)) for _ in range(bodies)]
        takers = [stack.enter_context(connect(address, ask, SMALL_BUFFER)) for _ in range(readers)]

        def drip() -> None:
            while not done.wait(EVERY_S):
                for sender in senders:
                    with suppress(OSError):
                        sender.send(b"a", socket.MSG_DONTWAIT)
                for taker in takers:
                    with suppress(OSError):
                        taker.recv(SMALL_BUFFER, socket.MSG_DONTWAIT)

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            yield [*quiet, *senders, *takers]
        finally:
            done.set()
            thread.join()
