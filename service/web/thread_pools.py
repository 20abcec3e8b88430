"""The threads that answer requests, in pools by what is asked for.

A crowd that asks for one kind waits for its own kind only: results that are fetched keep no article
waiting, and neither of them a probe of health.
"""

from concurrent.futures import Executor, ThreadPoolExecutor

from service.web.connections import Connection
from service.web.incoming import Incoming

HEALTH = ("/livez", "/readyz")
"""Paths that are answered in a thread of their own, even when all others wait for the store."""
MADE = "/report"
"""End of a path whose answer has to be made first, so that it is waited for."""
GETTING_THREADS = 4
"""For what is only fetched: pages, results, metrics."""


class ThreadPools:
    """`general` is for all requests that have no pool of their own."""

    def __init__(self, general: Executor) -> None:
        self._general = general
        self._health = ThreadPoolExecutor(1, "diglot-health")
        self._getting = ThreadPoolExecutor(GETTING_THREADS, "diglot-get")

    def pool(self, conn: Connection) -> Executor:
        """The pool for the next piece of work on the request that `conn` is at."""
        if conn.incoming.path in HEALTH:
            return self._health
        if conn.answer is not None:
            return self._general if conn.answer.is_live else self._getting
        return self._getting if _is_fetched(conn.incoming) else self._general

    def shutdown(self) -> None:
        """Let all threads end once they have nothing to do."""
        for pool in (self._general, self._health, self._getting):
            pool.shutdown(wait=False)


def _is_fetched(incoming: Incoming) -> bool:
    """Whether what it asks for is there already."""
    return incoming.asks_to_get and not (incoming.path or "").endswith(MADE)
