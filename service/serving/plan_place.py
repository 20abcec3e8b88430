"""The processes that run plans, and the place of each plan in one of them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from service.serving.plan_process import PlanProcess
from service.serving.queue import Lane

LOOK_EVERY_S = 0.05
"""Seconds between two looks at what is at work in the process that a plan waits for."""


class PlanProcesses:
    """Processes of which the first, where there are several, is kept for the express lane."""

    def __init__(self, processes: list[PlanProcess]) -> None:
        self.all = processes
        self._picking = threading.Lock()

    def place(self, plan: int, lane: Lane) -> "Place":
        """A place for a plan in the process with the fewest plans that its lane may have.

        One that runs goes before one that has to start.
        """
        with self._picking:
            allowed = self.all[1:] if lane == "slow" and len(self.all) > 1 else self.all
            least = min(allowed, key=lambda one: (len(one.plans), one.pid is None))
            least.plans.add(plan)
        return Place(plan, lane, least, self.all[0])


class Place:
    """The process that a plan is in. One in the express lane never waits for one in the slow lane:
    where such a plan is at work in its process, it goes over to the one that is kept.
    """

    def __init__(self, plan: int, lane: Lane, process: PlanProcess, kept: PlanProcess) -> None:
        self.process = process
        self._plan = plan
        self._is_slow = lane == "slow"
        self._kept = kept

    @contextmanager
    def at_work(self) -> Iterator[PlanProcess]:
        """The plan's turn to talk to its process, which may be another than before."""
        self._make_way()
        while not self.process.lock.acquire(timeout=LOOK_EVERY_S):
            self._make_way()
        process = self.process
        try:
            process.is_slow = self._is_slow
            yield process
        finally:
            process.is_slow = False
            process.lock.release()

    def leave(self) -> None:
        """Let the process forget the plan."""
        self.process.drop(self._plan)

    def _make_way(self) -> None:
        if self.process.is_slow and not self._is_slow and self.process is not self._kept:
            self.leave()
            self.process = self._kept
            self.process.plans.add(self._plan)
