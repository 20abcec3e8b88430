"""How many requests one client may send, counted by the library `limits`.

A window begins with a client's first request and ends a second, minute, hour or day later. What is
left stands in every answer, in the fields of draft-ietf-httpapi-ratelimit-headers.
"""

import ipaddress
import math
import time

from flask import Flask, Response, g
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from service.errors import RateLimited

MOST_CLIENTS = 10_000
"""So many are counted one by one; the memory is bounded, so all others share one count."""
_OTHERS = "others"


class Rate:
    """At most `limit` (such as "600/minute") for each client of one `kind`: an address or a key."""

    def __init__(self, kind: str, limit: str) -> None:
        self._kind = kind
        self._item: RateLimitItem = parse(limit)
        self._storage = MemoryStorage()
        self._counter = FixedWindowRateLimiter(self._storage)

    def count(self, client: str) -> None:
        """Count one request. Raises RateLimited when it is one too many."""
        if self._is_full() and self._item.key_for(client) not in self._storage.storage:
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

    def _is_full(self) -> bool:
        return len(self._storage.storage) >= MOST_CLIENTS


def network(address: str | None) -> str:
    """Whom an address belongs to: whoever has one IPv6 address has the 2^64 beside it as well."""
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
