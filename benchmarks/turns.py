"""Processes that take turns at the same work, each with its own memory, and the cost of a turn."""

import multiprocessing
import resource
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

Job = Callable[[], list[list[int]]]
"""Writes and returns the tokens of every row."""
Setup = Callable[[Any], Mapping[str, Job]]
"""Loads what the jobs of some work need, and returns them by name. A function of a module."""


class Stopped(Exception):
    """A process that ended or did not answer in time; the message names it and the time."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The cost of one run of a job in this process. `faults`: page faults."""

    seconds: float
    user_s: float
    system_s: float
    faults: int
    tokens: list[list[int]]

    @property
    def cpu_s(self) -> float:
        return self.user_s + self.system_s


class Worker:
    """A process that sets up its jobs and then runs them on request."""

    def __init__(self, setup: Setup, work: Any, timeout_s: float) -> None:
        """Start the process. Raises Stopped when it is not ready in time."""
        self._timeout_s = timeout_s
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, setup, work), daemon=True)
        self._process.start()
        theirs.close()
        self._answer("setting up")

    def turn(self, name: str) -> Turn:
        """Run a job. Raises Stopped when the process has ended."""
        self._pipe.send(name)
        turn: Turn = self._answer(name)
        return turn

    def stop(self) -> None:
        """End the process; a busy one is killed."""
        self._pipe.close()
        self._process.join(5)
        self._process.kill()
        self._process.join()

    def _answer(self, what: str) -> Any:
        try:
            if self._pipe.poll(self._timeout_s):
                return self._pipe.recv()
        except (EOFError, ConnectionError):
            raise Stopped(f"{what}: the process ended") from None
        self.stop()
        raise Stopped(f"{what}: not done after {self._timeout_s:.0f} s")


def _serve(pipe: Connection, setup: Setup, work: Any) -> None:
    jobs = setup(work)
    pipe.send(None)
    with suppress(EOFError, ConnectionError):  # the caller has gone
        while True:
            pipe.send(_measured(jobs[pipe.recv()]))


def _measured(job: Job) -> Turn:
    before, clock = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    tokens = job()
    seconds, after = time.perf_counter() - clock, resource.getrusage(resource.RUSAGE_SELF)
    return Turn(
        seconds,
        after.ru_utime - before.ru_utime,
        after.ru_stime - before.ru_stime,
        after.ru_minflt - before.ru_minflt,
        tokens,
    )
