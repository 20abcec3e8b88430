"""The lines of jobs that wait: for the engine, or for their turn in another process."""

import itertools
from collections import deque
from collections.abc import Callable, Iterator

from service.serving.queue import Job, Lane, Work

READ_TOKENS_A_SECOND = 5000
"""About as fast a process reads a long article."""

HasThread = Callable[[Work, Lane], bool]


class JobLines:
    """For the worker's own thread alone. Online jobs come before bulk ones everywhere."""

    def __init__(self) -> None:
        self.engine: dict[Work, deque[Job]] = {"online": deque(), "bulk": deque()}
        """Jobs that wait for the engine."""
        self._turns: dict[Work, deque[Job]] = {"online": deque(), "bulk": deque()}
        """Jobs that wait for their turn in another process."""

    def __iter__(self) -> Iterator[Job]:
        return itertools.chain(*self.engine.values(), *self._turns.values())

    def __bool__(self) -> bool:
        return any(True for _ in self)

    def count(self, work: Work) -> int:
        return len(self.engine[work]) + len(self._turns[work])

    def add(self, job: Job) -> None:
        """Put a job that has arrived at the end of its line."""
        (self.engine if job.lane == "here" else self._turns)[job.work].append(job)

    def put_first(self, job: Job) -> None:
        """Put a job at the head of the line for the engine."""
        self.engine[job.work].appendleft(job)

    def take_turn(self, has_thread: HasThread) -> Job | None:
        """Take out the job whose turn is next, of those whose lane has a thread.

        Shorter articles go before those that came a while earlier and are much longer.
        """
        for line in self._turns.values():
            ready = [job for job in line if has_thread(job.work, job.lane)]
            if ready:
                job = min(ready, key=turn_comes)
                line.remove(job)
                return job
        return None

    def has_turn(self, has_thread: HasThread) -> bool:
        """Whether `take_turn` would find a job."""
        turns = itertools.chain(*self._turns.values())
        return any(has_thread(job.work, job.lane) for job in turns)

    def take_abandoned(self) -> list[Job]:
        """Take out the jobs that were cancelled or are late."""
        found = [job for job in self if job.is_abandoned()]
        for line in (*self.engine.values(), *self._turns.values()):
            for job in found:
                if job in line:
                    line.remove(job)
        return found


def turn_comes(job: Job) -> float:
    """The time at which a job would be done if all were read at once."""
    return job.arrived + job.tokens / READ_TOKENS_A_SECOND
