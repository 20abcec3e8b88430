"""Waiting for what another thread or process does."""

import time
from collections.abc import Callable

PATIENCE_S = 250.0
"""How long a test waits for what must come: far longer than it takes, for a machine that is busy.

Shorter than a test may take, so that a failure says what was waited for.
"""


def wait_until(true: Callable[[], object]) -> None:
    last = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < last, "it never came true"
        time.sleep(0.005)
