"""Waiting for what another thread or process does."""

import time
from collections.abc import Callable

PATIENCE_S = 100.0
"""The patience of a test: far longer than an event takes, because a machine may be busy.

Shorter than a test may take, so that a failure says what was waited for.
"""
PAGE_PATIENCE_S = 30.0
"""The patience with a page in a browser, whose service is ready."""


def wait_until(true: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    last = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < last, "it never came true"
        time.sleep(0.005)
