"""Rate limits for each client, counted by the library `limits`.

A window begins with a client's first request and ends a second, minute, hour or day later. What is
left stands in every answer, in the fields of draft-ietf-httpapi-ratelimit-headers.
"""

import ipaddress
import math
import threading
import time
from functools import lru_cache

from flask import Flask, Response, g
from limits import RateLimitItem, parse
from limits.storage.base import Storage
from limits.strategies import FixedWindowRateLimiter

from service.errors import RateLimited

MOST_CLIENTS = 10_000
"""Clients that are counted one by one; all others share one count, so that memory is bounded."""
_OTHERS = "others"


class _Windows(Storage):
    """Request counts in memory; the library's own store starts a thread many times a second."""

    STORAGE_SCHEME = ["diglot"]  # noqa: RUF012  # the library declares it so

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[int, float]] = {}
        self._next_sweep = 0.0

    def has_room_for(self, key: str) -> bool:
        with self._lock:
            if len(self._counts) < MOST_CLIENTS or key in self._counts:
                return True
            self._sweep(time.time())
            return len(self._counts) < MOST_CLIENTS

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        now = time.time()
        with self._lock:
            count, ends = self._counts.get(key, (0, 0.0))
            if ends <= now:
                count, ends = 0, now + expiry
            self._counts[key] = (count + amount, ends)
            return count + amount

    def get(self, key: str) -> int:
        return self._counts.get(key, (0, 0.0))[0]

    def get_expiry(self, key: str) -> float:
        return self._counts.get(key, (0, time.time()))[1]

    def clear(self, key: str) -> None:
        self._counts.pop(key, None)

    def reset(self) -> int | None:
        self._counts.clear()
        return None

    def check(self) -> bool:
        return True

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def _sweep(self, now: float) -> None:
        """Forget windows that ended; once a second at most, as it looks at every client."""
        if now >= self._next_sweep:
            self._next_sweep = now + 1
            self._counts = {key: kept for key, kept in self._counts.items() if kept[1] > now}


class RequestRate:
    """At most `limit` (such as "600/minute") for each client of one `kind`: an address or a key."""

    def __init__(self, kind: str, limit: str) -> None:
        self._kind = kind
        self._item: RateLimitItem = parse(limit)
        self._windows = _Windows()
        self._counter = FixedWindowRateLimiter(self._windows)

    def count(self, client: str) -> None:
        """Count one request. Raises RateLimited when it is one too many."""
        if not self._windows.has_room_for(self._item.key_for(client)):
            client = _OTHERS
        allowed = self._counter.hit(self._item, client)
        resets, left = self._counter.get_window_stats(self._item, client)
        wait_s = max(1, math.ceil(resets - time.time()))
        g.setdefault("rates", []).append((self._kind, self._item, left, wait_s))
        if not allowed:
            raise RateLimited(
                f"This {self._kind} may send {self._item.amount:,} requests in"
                f" {self._item.get_expiry():,} seconds. Try again in {wait_s:,} seconds.",
                retry_after_s=wait_s,
            )


@lru_cache(maxsize=1024)
def network(address: str | None) -> str:
    """The network that an address is counted as: of IPv6 the /64, which one client owns."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:  # a unix socket has none
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is None:
            return str(ipaddress.ip_network((int(found), 64), strict=False))
        found = found.ipv4_mapped
    return str(found)


def install(app: Flask) -> None:
    app.after_request(_tell)


def _tell(response: Response) -> Response:
    rates = g.get("rates", [])
    if rates:
        response.headers["RateLimit-Policy"] = ", ".join(
            f'"{kind}";q={item.amount};w={item.get_expiry()}' for kind, item, _, _ in rates
        )
        response.headers["RateLimit"] = ", ".join(
            f'"{kind}";r={left};t={wait_s}' for kind, _, left, wait_s in rates
        )
    return response
