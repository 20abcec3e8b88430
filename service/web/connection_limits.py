"""The limits on connections: seconds, bytes, and how many of them."""

HEAD_S = 10.0
"""So long may the head of a request take, and a new connection be silent."""
UNASKED = 64 * 1024
"""Bytes of a body that are taken before the application has asked for it."""
GRACE_S, LEAST_RATE = 30.0, 1000.0
"""Bytes a second that a client must send or take, after so many seconds."""
MOST_BODY_S, MOST_ANSWER_S = 900.0, 3600.0
FAREWELL_S = 2.0
"""So long a connection stays half open after an answer, so that the client gets all of it."""
MOST_UNREAD_S, MOST_UNREAD = 60.0, 256_000_000
"""So long, and so many bytes, a client may go on sending a body that was refused."""
IDLE_STOP_S, SLOW_STOP_S = 2.0, 10.0
"""So long a stopping service waits for requests on open connections, which it refuses, and for
clients to take answers that don't fit the socket.
"""
MOST_HELD = 1_000_000_000
"""Bytes of bodies that are kept, of all clients together."""
FULL = 256 * 1024
"""Bytes of an answer that wait for the client before the application is asked for more."""
RESERVED = 96
"""File descriptors for the store, the log, the model's files and the like."""
MOST_CONNECTIONS = 8192
NEVER_DROPPED_S = 1.0
"""So long every connection has, however many wait behind it."""


def connections_for(descriptors: int) -> int:
    """The connections that a process with so many file descriptors takes; a third is for bodies."""
    return max(8, min(MOST_CONNECTIONS, (descriptors - RESERVED) * 2 // 3))
