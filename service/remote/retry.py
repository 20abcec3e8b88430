"""Retries: the wait before a request is sent again, and the pause that a server asks for."""

import random
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
LONGEST_PAUSE_S = 120.0
"""A server that asks for a longer pause than this is taken for one that is down."""
LOOK_EVERY_S = 0.2


def backoff_s(attempt: int, rng: random.Random) -> float:
    """Seconds to wait after the failed `attempt`, counted from 1: exponential, with full jitter."""
    return rng.uniform(0, min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0**attempt))


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """The seconds that a response asks to wait, from a number or a date; None without."""
    if (milliseconds := _number(headers.get("retry-after-ms", ""))) is not None:
        return milliseconds / 1000
    given = headers.get("retry-after", "")
    if (seconds := _number(given)) is not None:
        return seconds
    try:
        moment = parsedate_to_datetime(given)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None


class Pause:
    """A moment before which no request goes to the server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0

    def extend(self, seconds: float) -> None:
        """Ask everybody to wait, `seconds` from now."""
        with self._lock:
            self._until = max(self._until, time.monotonic() + seconds)

    def wait(self, is_abandoned: Callable[[], bool]) -> None:
        """Wait until the pause is over, or the answer is abandoned."""
        wait(lambda: self._until - time.monotonic(), is_abandoned)


def sleep(seconds: float, is_abandoned: Callable[[], bool]) -> None:
    """Wait `seconds`, less where the answer is abandoned."""
    ends = time.monotonic() + seconds
    wait(lambda: ends - time.monotonic(), is_abandoned)


def wait(left: Callable[[], float], is_abandoned: Callable[[], bool]) -> None:
    while (seconds := left()) > 0 and not is_abandoned():
        time.sleep(min(seconds, LOOK_EVERY_S))
