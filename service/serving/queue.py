"""The queue before the engine: jobs, the bounds on what waits, and how fast work is done."""

import threading
import time
from collections.abc import Generator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Literal

from service import metrics
from service.errors import DeadlineExceeded, DiglotError, Overloaded
from service.result import Result, Timing
from service.tasks import Answer, Request

HALF_LIFE_S = 60.0
"""Of busy time: what was measured so long ago counts half."""
SHORTEST_S, LONGEST_S = 1.0, 600.0
SHORT_TOKENS = 1000
"""Of an article that is read and checked in a few milliseconds."""
LEFT_FOR_SHORT = 0.1
"""The share of the queue's tokens that longer articles leave free."""

Ending = Result | Answer
"""The end of a plan: a Result, or the engine's bare Answer where no more was wanted."""
Plan = Generator[Request, Answer, Ending]
"""Yields Requests, receives Answers (or has a DiglotError thrown in), returns its Ending."""

Work = Literal["online", "bulk"]
Lane = Literal["here", "express", "slow"]
"""The place for a plan: the service's own process, any other, or any but the one that is kept for
the express lane.
"""


@dataclass(slots=True, eq=False)
class Job:
    """`request` is what the plan asks now; `arrived`, `deadline` and `admitted` are monotonic.

    `alone`: a step that held this request broke, so it is tried once more without others. `shown`:
    the text of each task that whoever watches has seen.
    """

    plan: Plan
    request: Request
    future: Future[Any]
    arrived: float
    deadline: float
    work: Work
    tokens: int
    lane: Lane = "here"
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

    def note_admitted(self) -> None:
        """The job left the queue, for the first time or again."""
        if self.admitted is None:
            self.admitted = time.monotonic()
            metrics.queue_wait_seconds.labels(self.work).observe(self.admitted - self.arrived)

    def note_begun(self) -> None:
        """The engine wrote the first word for this job."""
        if not self.begun:
            self.begun = True
            waited = time.monotonic() - self.arrived
            metrics.time_to_first_token_seconds.labels(self.work).observe(waited)

    def is_abandoned(self) -> bool:
        return self.future.cancelled() or time.monotonic() >= self.deadline


def end(job: Job) -> None:
    """Give up a job that was cancelled or is late."""
    if not job.future.cancelled():
        metrics.cancellations.labels("deadline").inc()
    job.plan.close()
    settle(job, DeadlineExceeded("the answer was not there in time"))


def settle(job: Job, outcome: Ending | DiglotError) -> None:
    """Give a job's Future its outcome, unless it was cancelled meanwhile."""
    if not job.future.set_running_or_notify_cancel():
        metrics.cancellations.labels("client" if job.work == "online" else "batch").inc()
        return
    ended = outcome.code if isinstance(outcome, DiglotError) else "done"
    metrics.articles.labels(job.work, ended).inc()
    if isinstance(outcome, DiglotError):
        job.future.set_exception(outcome)
    elif isinstance(outcome, Result):
        job.future.set_result(outcome.model_copy(update={"timing": _timing(job)}))
    else:
        job.future.set_result(outcome)


def _timing(job: Job) -> Timing:
    now = time.monotonic()
    admitted = job.admitted if job.admitted is not None else now
    return Timing(
        queued_ms=round((admitted - job.arrived) * 1000),
        total_ms=round((now - job.arrived) * 1000),
    )


class Throughput:
    """Tokens a second of busy time; idle time says nothing about how fast the engine is."""

    def __init__(self) -> None:
        self._tokens = 0.0
        self._seconds = 0.0

    def note(self, tokens: float, seconds: float) -> None:
        """`tokens` were worked off in the last `seconds` of busy time."""
        fades = 0.5 ** (seconds / HALF_LIFE_S)
        self._tokens = self._tokens * fades + tokens
        self._seconds = self._seconds * fades + seconds

    def seconds_for(self, tokens: float) -> float | None:
        """The time that `tokens` will take, 1 s to 10 minutes; None: nothing measured yet."""
        if not (self._tokens and self._seconds):
            return None
        return min(max(tokens * self._seconds / self._tokens, SHORTEST_S), LONGEST_S)


class Bounds:
    """Counts the articles that are taken and not settled. Only online work is refused; the caller
    bounds bulk work.
    """

    def __init__(self, articles: int, tokens: int, throughput: Throughput) -> None:
        self._limits = (articles, tokens)
        self._throughput = throughput
        self._lock = threading.Lock()
        self._articles: dict[Work, int] = {"online": 0, "bulk": 0}
        self._tokens: dict[Work, int] = {"online": 0, "bulk": 0}

    @property
    def taken(self) -> int:
        return sum(self._articles.values())

    def take(self, work: Work) -> "Permit":
        """Raises Overloaded when as many articles wait as may."""
        most, _ = self._limits
        with self._lock:
            if work == "online" and self._articles[work] >= most:
                raise self._overloaded(f"{most} articles wait already")
            self._articles[work] += 1
        return Permit(self, work)

    def _charge(self, work: Work, tokens: int) -> None:
        _, most = self._limits
        with self._lock:
            waiting = self._tokens[work]
            if tokens > SHORT_TOKENS:
                most -= int(most * LEFT_FOR_SHORT)
            # An article that is longer than the whole queue may have it for itself.
            if work == "online" and waiting and waiting + tokens > most:
                raise self._overloaded(f"{waiting:,} tokens wait already")
            self._add(work, tokens)

    def _free(self, work: Work, tokens: int) -> None:
        with self._lock:
            self._articles[work] -= 1
            self._add(work, -tokens)

    def _add(self, work: Work, tokens: int) -> None:
        self._tokens[work] += tokens
        metrics.queue_tokens.labels(work).set(self._tokens[work])

    def _overloaded(self, what: str) -> Overloaded:
        # Not the first moment with a free place: all who were refused would come back for it.
        half = self._throughput.seconds_for(self._tokens["online"] / 2)
        return Overloaded(f"{what}; try again later", retry_after_s=half)


class Permit:
    """One article's place in the queue; to be freed once."""

    def __init__(self, bounds: Bounds, work: Work) -> None:
        self._bounds = bounds
        self._work = work
        self.tokens = 0

    def charge(self, tokens: int) -> None:
        """Count the article's length in. Raises Overloaded when too many tokens wait."""
        self._bounds._charge(self._work, tokens)
        self.tokens = tokens

    def free(self) -> None:
        self._bounds._free(self._work, self.tokens)
