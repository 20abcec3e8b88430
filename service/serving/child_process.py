"""The frame of a process that serves one end of a socket pair, apart from the engine.

It ends when the other end is closed, even in the middle of its work and however the service ended.
"""

import os
import select
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection

from service import logs
from service.settings import Settings

NICE = 5
"""Below the engine and short articles, where they want the same core."""


def run(descriptor: int, serve: Callable[[Connection, Settings], None]) -> None:
    """Serve over the socket `descriptor`, until the service closes its end.

    The first message is the service's Settings; `serve` takes all that follow.
    """
    for number in (signal.SIGINT, signal.SIGTERM):  # the service says when it is over
        signal.signal(number, signal.SIG_IGN)
    _end_with_the_service(descriptor)
    with suppress(OSError):
        os.nice(NICE)
    connection = Connection(descriptor)
    with suppress(EOFError, OSError):
        settings: Settings = connection.recv()
        logs.to_stderr(settings.log_level, settings.log_format)
        serve(connection, settings)


def _end_with_the_service(descriptor: int) -> None:
    """End in the middle of whatever it does when the service is gone, even if it was killed."""

    def wait() -> None:
        poll = select.poll()
        poll.register(descriptor, 0)  # a hang-up is always told
        while not any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll()):
            pass
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()
