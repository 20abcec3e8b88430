"""Waits: their length, the server's own wish, and the end of one for an abandoned request."""

import random
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from service.remote import retry
from service.remote.retry import Pause, backoff_s, retry_after_s, sleep


def test_waits_grow_and_differ_and_are_bounded() -> None:
    rng = random.Random(1)
    waits = [[backoff_s(attempt, rng) for _ in range(200)] for attempt in (1, 4, 50)]
    assert max(waits[0]) <= 2 * retry.FIRST_WAIT_S
    assert max(waits[0]) < max(waits[1]) < max(waits[2]) <= retry.LONGEST_WAIT_S
    assert len(set(waits[0])) > 190


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
    ],
)
def test_the_time_that_a_server_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers) == seconds


def test_a_date_is_a_time_from_now() -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    found = retry_after_s({"retry-after": moment})
    assert found is not None
    assert 50 < found <= 60


def test_a_pause_is_the_longest_that_was_asked_for() -> None:
    pause = Pause()
    pause.extend(0.2)
    pause.extend(0.01)
    begun = time.monotonic()
    pause.wait(lambda: False)
    assert time.monotonic() - begun >= 0.15


def test_an_abandoned_request_does_not_wait() -> None:
    begun = time.monotonic()
    sleep(60, lambda: True)
    pause = Pause()
    pause.extend(60)
    pause.wait(lambda: True)
    assert time.monotonic() - begun < 30
