"""Runs the parts of plans that follow an answer: in threads, short articles excepted.

Plans are Python that may take seconds (reading, checks). A long article never stands between two
steps of the engine. The plan of a very long one runs in another process, and a thread waits for it.
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from service.errors import DiglotError, EngineFailed
from service.serving.queue import SHORT_TOKENS, Ending, Job, Lane, Work
from service.tasks import Answer

log = logging.getLogger(__name__)

BULK_THREADS = 2
"""Few, so that the processor is mostly free for answers that clients wait for."""

Outcome = Callable[[Job], Answer | DiglotError]
"""Returns what a plan is to be answered; called in the thread of the plan."""
OnReturn = Callable[[Job, Ending | DiglotError | None], None]


class PlanRunner:
    """`threads` online plans run at a time, and beside them those that run in `processes`, of which
    one is kept for the express lane where there are several. `on_return` is called, in the plan's
    thread, with each job and the outcome of its plan; None where the plan asks for more.
    """

    def __init__(self, threads: int, processes: int, on_return: OnReturn) -> None:
        shared = max(1, processes - 1)
        self._limits: dict[tuple[Work, Lane], int] = {
            ("online", "here"): threads,
            ("online", "express"): max(1, processes),
            ("online", "slow"): shared,
            ("bulk", "here"): BULK_THREADS,
            ("bulk", "slow"): shared,
        }
        self._pools = {
            (work, lane): ThreadPoolExecutor(limit, f"diglot-{work}")
            for (work, lane), limit in self._limits.items()
        }
        self._jobs: dict[tuple[Work, Lane], set[Job]] = {key: set() for key in self._limits}
        self._on_return = on_return

    def __len__(self) -> int:
        """The number of plans that run, or have returned and were not taken back."""
        return sum(map(len, self._jobs.values()))

    def has_thread(self, work: Work, lane: Lane = "here") -> bool:
        """Whether a thread for these jobs is free."""
        return len(self._jobs[work, lane]) < self._limits[work, lane]

    def resume(self, job: Job, outcome: Answer | DiglotError) -> None:
        """Go on with a plan: here if its article is short, as a thread would cost as much again."""
        if job.tokens <= SHORT_TOKENS and job.lane == "here":
            self._jobs[job.work, job.lane].add(job)
            self._advance(job, lambda _: outcome)
        else:
            self.start(job, lambda _: outcome)

    def start(self, job: Job, outcome: Outcome) -> None:
        """Let a thread of the job's own go on with its plan."""
        self._jobs[job.work, job.lane].add(job)
        self._pools[job.work, job.lane].submit(self._advance, job, outcome)

    def take_back(self, job: Job) -> None:
        """Free the place of a job that has returned."""
        self._jobs[job.work, job.lane].discard(job)

    def close(self) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=False)

    def _advance(self, job: Job, outcome: Outcome) -> None:
        self._on_return(job, _advanced(job, outcome))


def _advanced(job: Job, outcome: Outcome) -> Ending | DiglotError | None:
    """Hand the outcome to the plan; returns its end, or None where it asks for more."""
    try:
        answer = outcome(job)
        if isinstance(answer, DiglotError):
            job.request = job.plan.throw(answer)
        else:
            job.request = job.plan.send(answer)
    except StopIteration as returned:
        ended: Ending = returned.value
        return ended
    except DiglotError as error:
        return error
    except BaseException:  # a pool would keep it to itself, and the client would wait
        log.exception("a plan broke")
        return EngineFailed("Diglot broke on this article")
    job.alone = False
    job.shown.clear()
    return None
