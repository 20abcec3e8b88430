"""Each kind of request has its pool of threads, so that none waits for another kind."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from service.web.connections import Connection
from service.web.outgoing import Rest
from service.web.thread_pools import ThreadPools
from tests.support.sockets import connection


@pytest.fixture
def conn() -> Iterator[Connection]:
    with connection() as (conn, _):
        yield conn


@pytest.fixture
def pools() -> Iterator[ThreadPools]:
    pools = ThreadPools(ThreadPoolExecutor(1, "general"))
    yield pools
    pools.shutdown()


def thread_of(pools: ThreadPools, conn: Connection) -> str:
    """The name of the pool of threads that works on `conn`."""
    name = pools.pool(conn).submit(lambda: threading.current_thread().name).result()
    return name.rpartition("_")[0]


@pytest.mark.parametrize(
    ("line", "pool"),
    [
        ("GET /livez", "diglot-health"),
        ("GET /readyz", "diglot-health"),
        ("GET /batches/1/results?first=5", "diglot-get"),
        ("HEAD /", "diglot-get"),
        ("GET /batches/1/report", "general"),
        ("POST /summarize?source=%E6%96%B0%E9%97%BB", "general"),
        ("DELETE /batches/1", "general"),
    ],
)
def test_a_request_has_the_pool_of_its_kind(
    pools: ThreadPools, conn: Connection, line: str, pool: str
) -> None:
    conn.incoming.feed(f"{line} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert thread_of(pools, conn) == pool


@pytest.mark.parametrize(("is_live", "pool"), [(False, "diglot-get"), (True, "general")])
def test_the_rest_of_an_answer_has_the_pool_of_what_is_fetched_unless_it_is_live(
    pools: ThreadPools, conn: Connection, is_live: bool, pool: str
) -> None:
    conn.incoming.feed(b"POST /summarize HTTP/1.1\r\nHost: localhost\r\n\r\n")
    conn.answer = Rest(SimpleNamespace(), [], is_live=is_live)
    assert thread_of(pools, conn) == pool


def test_a_head_that_is_malformed_has_the_general_pool(
    pools: ThreadPools, conn: Connection
) -> None:
    assert thread_of(pools, conn) == "general"
