"""Waiting for what another thread or process does."""

import time
from collections.abc import Callable

PATIENCE_S = 250.0
"""The patience of a test: far longer than an event takes, because a machine may be busy.

Shorter than a test may take, so that a failure says what was waited for.
"""


def wait_until(true: Callable[[], object]) -> None:
    last = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < last, "it never came true"
        time.sleep(0.005)
