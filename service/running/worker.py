"""The worker: one thread that keeps the engine full and takes every plan to its end.

Plans come in through `submit`, whose caller gets a Future. The thread admits their requests,
steps the engine, and hands each answer back to its plan, until the plan returns its Result.
It owns the bound on the queue, deadlines and cancellation. It knows nothing about models or HTTP.

An idle worker gives the first arrival's neighbours `window_s` to come too, so that what arrives
together is read together. When a step of the engine fails
as a whole, every request in it is tried once more, alone, and only those that fail again are lost.
"""

import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Generator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

from service.digest import Answer, Finished, Request
from service.engine import Engine
from service.errors import (
    DeadlineExceeded,
    DiglotError,
    EngineFailed,
    NoRoom,
    NotReady,
    Overloaded,
)
from service.result import Result, Timing

log = logging.getLogger(__name__)

Plan = Generator[Request, Answer, Result]
"""Yields Requests, receives Answers (or has a DiglotError thrown in), returns the Result."""


@dataclass(slots=True, eq=False)
class _Job:
    plan: Plan
    request: Request
    future: Future[Result]
    arrived: float
    deadline: float
    admitted: float | None = None
    alone: bool = False

    def is_abandoned(self) -> bool:
        return self.future.cancelled() or time.monotonic() >= self.deadline


@dataclass(slots=True)
class _Queue:
    """What the callers' threads and the worker's thread share, under one lock."""

    changed: threading.Condition = field(default_factory=threading.Condition)
    arrived: deque[_Job] = field(default_factory=deque)
    open_jobs: int = 0
    stopping: bool = False


class Worker:
    def __init__(self, engine: Engine, *, queue_limit: int = 256, window_s: float = 0.0) -> None:
        self._engine = engine
        self._queue_limit = queue_limit
        self._window_s = window_s
        self._queue = _Queue()
        self._waiting: deque[_Job] = deque()
        self._running: dict[str, _Job] = {}
        self._keys = itertools.count()
        self._thread = threading.Thread(target=self._run, name="diglot-worker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def open_jobs(self) -> int:
        """Plans that were taken and are not settled yet."""
        return self._queue.open_jobs

    def submit(self, plan: Plan, *, timeout_s: float | None = None) -> Future[Result]:
        """Take a plan in; its Future gets the Result or the DiglotError that ended it.

        The plan's first part (cleaning) runs in the caller's thread. Raises what that part
        raises, NotReady when the worker has stopped, and Overloaded when the queue is full.
        `Future.cancel()` frees the plan's place at the next step.
        """
        arrived = time.monotonic()
        self._reserve()
        future: Future[Result] = Future()
        future.add_done_callback(self._release)
        try:
            request = next(plan)
        except BaseException as error:
            future.cancel()
            if isinstance(error, StopIteration):
                raise RuntimeError("a plan must ask for something") from error
            raise
        deadline = arrived + timeout_s if timeout_s is not None else float("inf")
        with self._queue.changed:
            self._queue.arrived.append(_Job(plan, request, future, arrived, deadline))
            self._queue.changed.notify_all()
        return future

    def stop(self, timeout_s: float | None = None) -> bool:
        """Take nothing more, finish what was taken, and end the thread; False if time ran out."""
        with self._queue.changed:
            self._queue.stopping = True
            self._queue.changed.notify_all()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _reserve(self) -> None:
        with self._queue.changed:
            if self._queue.stopping or not self.alive:
                raise NotReady("the worker has stopped")
            if self._queue.open_jobs >= self._queue_limit:
                raise Overloaded(f"{self._queue_limit} articles wait already; try again later")
            self._queue.open_jobs += 1

    def _release(self, _: Future[Result]) -> None:
        with self._queue.changed:
            self._queue.open_jobs -= 1
            self._queue.changed.notify_all()

    # From here on, everything runs in the worker's own thread.

    def _run(self) -> None:
        try:
            while self._take():
                self._drop_abandoned()
                self._admit()
                for finished in self._step():
                    self._resume(finished)
        except BaseException:
            log.exception("the worker died")
            raise
        finally:
            self._fail_all(NotReady("the worker has stopped"))

    def _take(self) -> bool:
        """Move arrivals to the waiting line; sleeps while there is nothing to do. False: stop."""
        queue = self._queue
        with queue.changed:
            while not (queue.arrived or self._waiting or self._running):
                if queue.stopping:
                    return False
                queue.changed.wait()
            if not self._running and not self._waiting:
                self._let_others_join()
            self._waiting.extend(queue.arrived)
            queue.arrived.clear()
        return True

    def _let_others_join(self) -> None:
        closes = time.monotonic() + self._window_s
        while (left := closes - time.monotonic()) > 0 and not self._queue.stopping:
            self._queue.changed.wait(left)

    def _drop_abandoned(self) -> None:
        for job in [job for job in self._waiting if job.is_abandoned()]:
            self._waiting.remove(job)
            _end(job)
        for key, job in list(self._running.items()):
            if job.is_abandoned():
                self._engine.cancel(key)
                del self._running[key]
                _end(job)

    def _admit(self) -> None:
        while self._waiting and self._may_join(self._waiting[0]):
            job = self._waiting.popleft()
            key = str(next(self._keys))
            try:
                self._engine.admit(replace(job.request, id=key, abandoned=job.is_abandoned))
            except NoRoom as full:
                if not self._running:
                    self._advance(job, EngineFailed(f"the article does not fit the engine: {full}"))
                    continue
                self._waiting.appendleft(job)
                return
            except DiglotError as error:
                self._advance(job, error)
            except Exception:
                log.exception("the engine broke while it admitted a request")
                self._advance(job, EngineFailed("the engine broke on this article"))
            else:
                job.admitted = job.admitted or time.monotonic()
                self._running[key] = job

    def _may_join(self, job: _Job) -> bool:
        if not self._running:
            return True
        return not job.alone and not any(running.alone for running in self._running.values())

    def _step(self) -> list[Finished]:
        if not self._running:
            return []
        try:
            return self._engine.step()
        except Exception:
            log.exception("a step of the engine failed with %d requests", len(self._running))
            return self._part_the_batch()

    def _part_the_batch(self) -> list[Finished]:
        """After a failed step: try each request once more, alone, in the order of arrival."""
        lost: list[Finished] = []
        again: list[_Job] = []
        for key, job in self._running.items():
            self._engine.cancel(key)
            if job.alone:
                lost.append(Finished(key, EngineFailed("the engine broke on this article twice")))
            else:
                job.alone = True
                again.append(job)
        self._running = {f.request_id: self._running[f.request_id] for f in lost}
        self._waiting.extendleft(reversed(again))
        return lost

    def _resume(self, finished: Finished) -> None:
        job = self._running.pop(finished.request_id, None)
        if job is None:
            return
        if job.is_abandoned():
            _end(job)
        else:
            self._advance(job, finished.outcome)

    def _advance(self, job: _Job, outcome: Answer | DiglotError) -> None:
        """Hand the outcome to the plan, and settle the job or queue what the plan asks next."""
        try:
            if isinstance(outcome, DiglotError):
                job.request = job.plan.throw(outcome)
            else:
                job.request = job.plan.send(outcome)
        except StopIteration as returned:
            _settle(job, returned.value)
        except DiglotError as error:
            _settle(job, error)
        except Exception:
            log.exception("a plan broke")
            _settle(job, EngineFailed("Diglot broke on this article"))
        else:
            job.alone = False
            # What has begun goes before what has not, so that articles end in about their order.
            self._waiting.appendleft(job)

    def _fail_all(self, error: DiglotError) -> None:
        with self._queue.changed:
            self._queue.stopping = True
            jobs = [*self._running.values(), *self._waiting, *self._queue.arrived]
            self._queue.arrived.clear()
        for job in jobs:
            _settle(job, error)


def _end(job: _Job) -> None:
    job.plan.close()
    _settle(job, DeadlineExceeded("the answer was not there in time"))


def _settle(job: _Job, outcome: Result | DiglotError) -> None:
    if not job.future.set_running_or_notify_cancel():
        return
    if isinstance(outcome, DiglotError):
        job.future.set_exception(outcome)
    else:
        job.future.set_result(outcome.model_copy(update={"timing": _timing(job)}))


def _timing(job: _Job) -> Timing:
    now = time.monotonic()
    admitted = job.admitted if job.admitted is not None else now
    return Timing(
        queued_ms=round((admitted - job.arrived) * 1000),
        total_ms=round((now - job.arrived) * 1000),
    )
