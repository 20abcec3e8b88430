"""The jobs that the engine holds.

When a step of the engine fails as a whole, every request in it is tried once more, alone, and only
those that fail again are lost: so an article that breaks the engine costs its neighbours one more
try each, and no answer.
"""

import itertools
import logging
from collections.abc import Iterator
from dataclasses import replace

from service import metrics
from service.engine import Engine
from service.errors import EngineFailed
from service.serving.queue import Job, Work
from service.tasks import Finished

log = logging.getLogger(__name__)


class RunningJobs:
    """For the worker's own thread alone, as the engine is."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._jobs: dict[str, Job] = {}
        self._keys = itertools.count()

    def __len__(self) -> int:
        return len(self._jobs)

    def __iter__(self) -> Iterator[Job]:
        return iter(self._jobs.values())

    @property
    def runs_alone(self) -> bool:
        """Whether a job is being tried alone."""
        return any(job.alone for job in self._jobs.values())

    def admit(self, job: Job) -> None:
        """Let the engine have `job`. Raises what the engine raises: NoRoom, or a DiglotError."""
        key = str(next(self._keys))
        watch = None if job.request.watch is None else job.watch
        request = replace(
            job.request, id=key, abandoned=job.is_abandoned, watch=watch, begun=job.note_begun
        )
        self._engine.admit(request)
        self._jobs[key] = job

    def take_abandoned(self) -> list[Job]:
        """Take out the jobs that were cancelled or are late."""
        return [self._cancel(key) for key, job in list(self._jobs.items()) if job.is_abandoned()]

    def take_latest(self, work: Work) -> Job | None:
        """Take out the job of this kind that came last; it has lost the least. None: there is none.

        It begins again from the start when it is admitted again.
        """
        for key, job in reversed(self._jobs.items()):
            if job.work == work:
                return self._cancel(key)
        return None

    def take(self, request_id: str) -> Job | None:
        """Take out the job of a request that has ended; None where it was cancelled before."""
        return self._jobs.pop(request_id, None)

    def _cancel(self, key: str) -> Job:
        self._engine.cancel(key)
        return self._jobs.pop(key)

    def step(self) -> tuple[list[Finished], list[Job]]:
        """Let the engine do one step, if it holds a job.

        Returns the requests that have ended, and the jobs to be tried again, each alone.
        """
        if not self._jobs:
            return [], []
        try:
            return self._engine.step(), []
        except Exception as error:
            metrics.engine_faults.labels("error").inc()
            log.exception("a step of the engine failed with %d requests", len(self._jobs))
            return self._part_after(error)

    def _part_after(self, error: Exception) -> tuple[list[Finished], list[Job]]:
        twice = EngineFailed("the engine broke on this article twice")
        why = error if isinstance(error, EngineFailed) else twice
        lost: list[Finished] = []
        again: list[Job] = []
        for key, job in list(self._jobs.items()):
            if job.alone:
                self._engine.cancel(key)
                lost.append(Finished(key, why))
            else:
                job.alone = True
                again.append(self._cancel(key))
        return lost, again
