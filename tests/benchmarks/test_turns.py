"""Turns are measured in a process of their own, and none is waited for without end."""

import time
from collections.abc import Iterator, Mapping

import pytest

from benchmarks.turns import Job, Stopped, Worker

MIB = 1 << 20


def jobs(number: int) -> Mapping[str, Job]:
    def touch() -> list[list[int]]:
        """64 MiB are more than the C library keeps: all of them are mapped anew."""
        return [[len(bytes(range(256)) * (64 * MIB // 256))]]

    def compute() -> list[list[int]]:
        end = time.process_time() + 0.2
        while time.process_time() < end:
            pass
        return [[number]]

    def wait() -> list[list[int]]:
        time.sleep(60)
        return []

    def fail() -> list[list[int]]:
        raise SystemExit

    return {"touch": touch, "compute": compute, "wait": wait, "fail": fail}


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker(jobs, 2, timeout_s=60)
    yield worker
    worker.stop()


def test_a_turn_reports_its_time_and_memory(worker: Worker) -> None:
    worker.turn("touch")
    touched, computed = worker.turn("touch"), worker.turn("compute")
    assert touched.tokens == [[64 * MIB]]
    assert touched.faults > computed.faults + 20, "16,384 pages of 4 KiB, or 32 of 2 MiB"
    assert computed.tokens == [[2]]
    assert computed.cpu_s == computed.user_s + computed.system_s >= 0.19
    assert computed.seconds >= 0.19


def test_a_turn_that_takes_too_long_is_stopped(worker: Worker) -> None:
    worker._timeout_s = 0.2
    with pytest.raises(Stopped, match="wait: not done after 0 s"):
        worker.turn("wait")


def test_a_process_that_ends_is_noticed(worker: Worker) -> None:
    with pytest.raises(Stopped, match="fail: the process ended"):
        worker.turn("fail")
