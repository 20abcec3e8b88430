"""A connection of the server over a pair of sockets."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

from gunicorn.config import Config

from service.web.connections import Connection
from service.web.incoming import Incoming

ADDRESS = ("127.0.0.1", 40000)


@contextmanager
def connection() -> Iterator[tuple[Connection, socket.socket]]:
    """The server's side, and the client's socket."""
    ours, client = socket.socketpair()
    conn = Connection(ours, ADDRESS, ("127.0.0.1", 8000), Incoming(Config(), ADDRESS))
    with ours, client, closing(conn.incoming):
        client.settimeout(5)
        yield conn, client
