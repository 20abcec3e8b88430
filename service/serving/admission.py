"""Admission: which of the jobs that wait the engine takes, and what makes room for them."""

import logging

from service.errors import DiglotError, EngineFailed, NoRoom
from service.serving.job_lines import JobLines
from service.serving.plan_runner import PlanRunner
from service.serving.queue import Job
from service.serving.running_jobs import RunningJobs

log = logging.getLogger(__name__)


class Admission:
    """For the worker's own thread alone. Online jobs take the room of bulk jobs."""

    def __init__(self, lines: JobLines, running: RunningJobs, plans: PlanRunner) -> None:
        self._lines = lines
        self._running = running
        self._plans = plans

    def admit(self) -> None:
        """Let the engine have jobs until none waits or none has room; a plan is told of errors."""
        for line in self._lines.engine.values():
            while line:
                if not (self._may_join(line[0]) and self._has_room(line.popleft())):
                    return

    def _may_join(self, job: Job) -> bool:
        """Whether nothing stands against it that `job` and what runs are in one step."""
        if job.work == "online":
            while (job.alone or self._running.runs_alone) and self._send_bulk_out():
                pass
        return not self._running or not (job.alone or self._running.runs_alone)

    def _has_room(self, job: Job) -> bool:
        """Let the engine have `job`; it goes back to the head of its line when there is no room."""
        while True:
            try:
                self._running.admit(job)
                job.note_admitted()
            except NoRoom as full:
                if job.work == "online" and self._send_bulk_out():
                    continue
                if self._running:
                    self._lines.put_first(job)
                    return False
                unfit = EngineFailed(f"the article does not fit the engine: {full}")
                self._plans.resume(job, unfit)
            except DiglotError as error:
                self._plans.resume(job, error)
            except Exception:
                log.exception("the engine broke while it admitted a request")
                self._plans.resume(job, EngineFailed("the engine broke on this article"))
            return True

    def _send_bulk_out(self) -> bool:
        """Take the room of a bulk request. False: there is none."""
        job = self._running.take_latest("bulk")
        if job is not None:
            self._lines.put_first(job)
        return job is not None
