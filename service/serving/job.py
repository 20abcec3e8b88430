"""A job: a plan on its way through the worker, until its Future has the Result or an error."""

import time
from collections.abc import Generator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Literal

from service import metrics
from service.errors import DeadlineExceeded, DiglotError
from service.result import Result, Timing
from service.tasks import Answer, Request

Plan = Generator[Request, Answer, Result]
"""Yields Requests, receives Answers (or has a DiglotError thrown in), returns the Result."""

Work = Literal["online", "bulk"]


@dataclass(slots=True, eq=False)
class Job:
    """`request` is what the plan asks now; `arrived`, `deadline` and `admitted` are monotonic.

    `alone`: a step that held this request broke, so it is tried once more without others. `shown`:
    the text of each task that whoever watches has seen.
    """

    plan: Plan
    request: Request
    future: Future[Result]
    arrived: float
    deadline: float
    work: Work
    tokens: int
    admitted: float | None = None
    alone: bool = False
    begun: bool = False
    shown: dict[int, str] = field(default_factory=dict)

    def watch(self, index: int, text: str) -> None:
        """Show how the text of a task grows; a request that begins again never shortens it."""
        shown = self.shown.get(index, "")
        if self.request.watch is not None and not shown.startswith(text):
            self.shown[index] = text
            self.request.watch(index, text)

    def note_begun(self) -> None:
        """The engine wrote the first word for this job."""
        if not self.begun:
            self.begun = True
            waited = time.monotonic() - self.arrived
            metrics.time_to_first_token_seconds.labels(self.work).observe(waited)

    def is_abandoned(self) -> bool:
        return self.future.cancelled() or time.monotonic() >= self.deadline


def end(job: Job) -> None:
    """Give up a job that nobody waits for any more."""
    asker = "client" if job.work == "online" else "batch"
    metrics.cancellations.labels(asker if job.future.cancelled() else "deadline").inc()
    job.plan.close()
    settle(job, DeadlineExceeded("the answer was not there in time"))


def settle(job: Job, outcome: Result | DiglotError) -> None:
    if not job.future.set_running_or_notify_cancel():
        return
    ended = outcome.code if isinstance(outcome, DiglotError) else "done"
    metrics.articles.labels(job.work, ended).inc()
    if isinstance(outcome, DiglotError):
        job.future.set_exception(outcome)
    else:
        job.future.set_result(outcome.model_copy(update={"timing": _timing(job)}))


def _timing(job: Job) -> Timing:
    now = time.monotonic()
    admitted = job.admitted if job.admitted is not None else now
    return Timing(
        queued_ms=round((admitted - job.arrived) * 1000),
        total_ms=round((now - job.arrived) * 1000),
    )
