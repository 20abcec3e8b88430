"""The worker: one thread that keeps the engine full and takes every plan to its end.

Plans come in through `submit`, whose caller gets a Future. The thread admits their requests,
steps the engine, and hands each answer back to its plan, until the plan returns its Result.
It owns the bounds on the queue, deadlines and cancellation. It knows nothing about models or HTTP.

The first part of a plan runs in the thread of whoever submits, the rest in a `PlanRunner`. So does
an engine that answers at once.

Work is online (a client waits for the answer) or bulk (it is done when there is time). Online work
goes first: where the engine is full it takes the room of bulk work, which begins again later, so
that it waits for the running step at most.

An idle worker gives the first arrival's neighbours `window_s` to come too, so that what arrives
together is read together.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from service import metrics
from service.engine import Engine, ImmediateEngine
from service.errors import DiglotError, NotReady
from service.serving.admission import Admission
from service.serving.job_lines import JobLines
from service.serving.plan_runner import PlanRunner
from service.serving.queue import Bounds, Ending, Job, Lane, Plan, Throughput, Work, end, settle
from service.serving.running_jobs import RunningJobs
from service.tasks import Answer, Finished, Request

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
"""Seconds between two looks at the jobs that wait for a thread: a deadline may be over."""


class Worker:
    """`queue_limit` bounds the online plans that are taken and not settled, and `queue_tokens`
    their tokens. Whoever hands in bulk work takes care that it is not too much. At most `threads`
    online plans run at a time, beside the engine, and those that run in other processes in as many
    as there are.
    """

    def __init__(  # noqa: PLR0913  # each is said by name
        self,
        engine: Engine,
        *,
        queue_limit: int = 256,
        queue_tokens: int = 1_000_000,
        window_s: float = 0.0,
        threads: int = 64,
        processes: int = 0,
    ) -> None:
        self._engine = engine
        self._answer = engine.answer if isinstance(engine, ImmediateEngine) else None
        self._window_s = window_s
        self._throughput = Throughput()
        self._bounds = Bounds(queue_limit, queue_tokens, self._throughput)
        self._changed = threading.Condition()
        self._arrived: deque[Job] = deque()
        self._returned: deque[tuple[Job, bool]] = deque()
        """From the threads of plans, and whether the plan has ended."""
        self._stopping = False
        self._died = False
        self._has_ended = False
        self._lines = JobLines()
        self._running = RunningJobs(engine)
        self._plans = PlanRunner(threads, processes, self._on_return)
        self._admission = Admission(self._lines, self._running, self._plans)
        self._worked_since = 0.0
        """Since when the work is done that the throughput has not counted yet."""
        self._thread = threading.Thread(target=self._run, name="diglot-worker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive() and not self._died

    @property
    def open_jobs(self) -> int:
        """Plans that were taken and are not settled yet."""
        return self._bounds.taken

    def submit(
        self,
        plan: Plan,
        *,
        timeout_s: float | None = None,
        work: Work = "online",
        lane: Lane = "here",
    ) -> Future[Any]:
        """Take a plan in; its Future gets the Ending or the DiglotError that ended it.

        The plan's first part (cleaning) runs in the caller's thread; in another lane than "here" it
        only asks for its turn, with a request that any Answer answers. Raises what that part
        raises, NotReady when the worker has stopped, and Overloaded when the queue is full.
        `Future.cancel()` frees the plan's place at the next step.
        """
        arrived = time.monotonic()
        if self._stopping or not self.alive:
            raise NotReady("the worker has stopped")
        permit = self._bounds.take(work)
        try:
            request = next(plan)
            permit.charge(self._engine.measure(request.document.text))
        except BaseException as error:
            permit.free()
            if isinstance(error, StopIteration):
                raise RuntimeError("a plan must ask for something") from error
            raise
        future: Future[Any] = Future()
        future.add_done_callback(lambda _: permit.free())
        deadline = arrived + timeout_s if timeout_s is not None else float("inf")
        job = Job(plan, request, future, arrived, deadline, work, permit.tokens, lane)
        with self._changed:
            if self._stopping:
                future.cancel()
                raise NotReady("the worker has stopped")
            self._arrived.append(job)
            metrics.queue_depth.labels(work).inc()  # seen at once, however long the step takes
            self._changed.notify_all()
        return future

    def stop(self, timeout_s: float | None = None) -> bool:
        """Take nothing more, finish what was taken, and end the thread; False if time ran out."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    # From here on, everything runs in the worker's own thread.

    def _run(self) -> None:
        try:
            while self._take():
                self._drop_abandoned()
                self._admit()
                self._step()
                self._show_depth()
        except BaseException:
            self._died = True  # first of all, so that no request is taken any more
            log.exception("the worker died")
            raise
        finally:
            self._fail_all(NotReady("the worker has stopped"))
            self._plans.close()

    def _take(self) -> bool:
        """Move arrivals to the waiting lines; sleeps while there is nothing to do. False: stop."""
        with self._changed:
            while not (self._arrived or self._returned or self._has_work()):
                if self._stopping and not self._is_busy():
                    return False
                self._changed.wait(LOOK_EVERY_S if self._is_busy() else None)
            if not self._is_busy():
                self._let_others_join()
                self._worked_since = time.monotonic()
            while self._arrived:
                self._lines.add(self._arrived.popleft())
            returned, self._returned = list(self._returned), deque()
        for job, has_ended in returned:
            self._plans.take_back(job)
            if not has_ended:
                # Articles already in progress go first, so that they end in about their order.
                self._lines.put_first(job)
        return True

    def _has_work(self) -> bool:
        """Whether this thread can do something now; a plan's own thread is waited for."""
        if self._running or self._lines.has_turn(self._plans.has_thread):
            return True
        for work, line in self._lines.engine.items():
            if line and (self._answer is None or self._plans.has_thread(work)):
                return True
        return any(job.is_abandoned() for job in self._lines)

    def _is_busy(self) -> bool:
        return bool(self._running or self._plans or self._lines)

    def _show_depth(self) -> None:
        with self._changed:
            for work in self._lines.engine:
                arrived = sum(job.work == work for job in self._arrived)
                metrics.queue_depth.labels(work).set(self._lines.count(work) + arrived)

    def _let_others_join(self) -> None:
        closes = time.monotonic() + self._window_s
        while (left := closes - time.monotonic()) > 0 and not self._stopping:
            self._changed.wait(left)

    def _drop_abandoned(self) -> None:
        for job in (*self._lines.take_abandoned(), *self._running.take_abandoned()):
            end(job)

    def _admit(self) -> None:
        self._give_turns()
        if self._answer is not None:
            self._answer_in_threads(self._answer)
            return
        self._admission.admit()

    def _answer_in_threads(self, answer: Callable[[Request], Answer | DiglotError]) -> None:
        for work, line in self._lines.engine.items():
            while line and self._plans.has_thread(work):
                job = line.popleft()
                job.note_admitted()
                self._plans.start(job, lambda job: answer(job.request))

    def _give_turns(self) -> None:
        """Let plans in other processes begin: their first request asks for their turn only."""
        while job := self._lines.take_turn(self._plans.has_thread):
            job.note_admitted()
            self._plans.start(job, lambda _: Answer(()))

    def _step(self) -> None:
        ended, again = self._running.step()
        for job in reversed(again):
            self._lines.put_first(job)
        for finished in ended:
            self._resume(finished)

    def _resume(self, finished: Finished) -> None:
        """Go on with the plan of a request that has ended."""
        job = self._running.take(finished.request_id)
        if job is None:
            return
        if job.is_abandoned():
            end(job)
        else:
            self._plans.resume(job, finished.outcome)

    # From here on, everything runs in a thread of a plan, or ends what threads have.

    def _on_return(self, job: Job, ended: Ending | DiglotError | None) -> None:
        """Settle a job whose plan has ended, or let it be queued again."""
        if ended is not None:
            self._note_throughput(job.tokens)
            settle(job, ended)
        with self._changed:
            is_late = self._has_ended and ended is None
            self._returned.append((job, ended is not None))
            self._changed.notify_all()
        if is_late:
            settle(job, NotReady("the worker has stopped"))

    def _note_throughput(self, tokens: int) -> None:
        with self._changed:
            now = time.monotonic()
            self._throughput.note(tokens, now - self._worked_since)
            self._worked_since = now

    def _fail_all(self, error: DiglotError) -> None:
        with self._changed:
            self._stopping = self._has_ended = True
            returned = [job for job, has_ended in self._returned if not has_ended]
            jobs = [*self._running, *self._lines, *self._arrived, *returned]
            self._arrived.clear()
        for job in jobs:
            settle(job, error)
