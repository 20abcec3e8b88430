"""The worker: one thread that keeps the engine full and takes every plan to its end.

Plans come in through `submit`, whose caller gets a Future. The thread admits their requests,
steps the engine, and hands each answer back to its plan, until the plan returns its Result.
It owns the bounds on the queue, deadlines and cancellation. It knows nothing about models or HTTP.

Work is online (somebody waits for the answer) or bulk (it is done when there is time). Online work
goes first: where the engine is full it takes the room of bulk work, which begins again later, so
that it waits for the running step at most.

An idle worker gives the first arrival's neighbours `window_s` to come too, so that what arrives
together is read together. When a step of the engine fails as a whole, every request in it is tried
once more, alone, and only those that fail again are lost: so an article that breaks the engine
costs its neighbours one more try each, and no answer.
"""

import itertools
import logging
import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import replace

from service import metrics
from service.engine import Engine
from service.errors import DiglotError, EngineFailed, NoRoom, NotReady
from service.result import Result
from service.serving.queue import Bounds, Job, Plan, Throughput, Work, end, settle
from service.tasks import Answer, Finished

log = logging.getLogger(__name__)


class Worker:
    """`queue_limit` bounds the online plans that are taken and not settled, and `queue_tokens`
    their tokens. Whoever hands in bulk work takes care that it is not too much.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        queue_limit: int = 256,
        queue_tokens: int = 1_000_000,
        window_s: float = 0.0,
    ) -> None:
        self._engine = engine
        self._window_s = window_s
        self._throughput = Throughput()
        self._bounds = Bounds(queue_limit, queue_tokens, self._throughput)
        self._changed = threading.Condition()
        self._arrived: deque[Job] = deque()
        self._stopping = False
        self._died = False
        self._lines: dict[Work, deque[Job]] = {"online": deque(), "bulk": deque()}
        self._running: dict[str, Job] = {}
        self._keys = itertools.count()
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
        self, plan: Plan, *, timeout_s: float | None = None, work: Work = "online"
    ) -> Future[Result]:
        """Take a plan in; its Future gets the Result or the DiglotError that ended it.

        The plan's first part (cleaning) runs in the caller's thread. Raises what that part
        raises, NotReady when the worker has stopped, and Overloaded when the queue is full.
        `Future.cancel()` frees the plan's place at the next step.
        """
        arrived = time.monotonic()
        if self._stopping or not self.alive:
            raise NotReady("the worker has stopped")
        permit = self._bounds.take(work)
        try:
            request = next(plan)
            permit.charge(self._engine.measure(request.passage))
        except BaseException as error:
            permit.free()
            if isinstance(error, StopIteration):
                raise RuntimeError("a plan must ask for something") from error
            raise
        future: Future[Result] = Future()
        future.add_done_callback(lambda _: permit.free())
        deadline = arrived + timeout_s if timeout_s is not None else float("inf")
        job = Job(plan, request, future, arrived, deadline, work, permit.tokens)
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
                begun = time.monotonic()
                self._drop_abandoned()
                self._admit()
                tokens = sum(self._resume(finished) for finished in self._step())
                self._throughput.note(tokens, time.monotonic() - begun)
                self._show_depth()
        except BaseException:
            self._died = True  # before anybody is told: who asks next gets the right answer
            log.exception("the worker died")
            raise
        finally:
            self._fail_all(NotReady("the worker has stopped"))

    def _take(self) -> bool:
        """Move arrivals to the waiting lines; sleeps while there is nothing to do. False: stop."""
        with self._changed:
            while not (self._arrived or self._is_busy()):
                if self._stopping:
                    return False
                self._changed.wait()
            if not self._is_busy():
                self._let_others_join()
            while self._arrived:
                job = self._arrived.popleft()
                self._lines[job.work].append(job)
        return True

    def _is_busy(self) -> bool:
        return bool(self._running or any(self._lines.values()))

    def _show_depth(self) -> None:
        with self._changed:
            for work, line in self._lines.items():
                arrived = sum(job.work == work for job in self._arrived)
                metrics.queue_depth.labels(work).set(len(line) + arrived)

    def _let_others_join(self) -> None:
        closes = time.monotonic() + self._window_s
        while (left := closes - time.monotonic()) > 0 and not self._stopping:
            self._changed.wait(left)

    def _drop_abandoned(self) -> None:
        for line in self._lines.values():
            for job in [job for job in line if job.is_abandoned()]:
                line.remove(job)
                end(job)
        for key, job in list(self._running.items()):
            if job.is_abandoned():
                self._engine.cancel(key)
                del self._running[key]
                end(job)

    def _admit(self) -> None:
        for line in self._lines.values():
            while line:
                if not (self._may_join(line[0]) and self._has_room(line.popleft())):
                    return

    def _may_join(self, job: Job) -> bool:
        """Whether nothing stands against it that `job` and what runs are in one step."""
        if job.work == "online":
            while (job.alone or self._runs_alone()) and self._send_bulk_out():
                pass
        return not self._running or not (job.alone or self._runs_alone())

    def _runs_alone(self) -> bool:
        return any(running.alone for running in self._running.values())

    def _has_room(self, job: Job) -> bool:
        """Let the engine have `job`; it goes back to the head of its line when there is no room."""
        while True:
            try:
                self._give(job)
            except NoRoom as full:
                if job.work == "online" and self._send_bulk_out():
                    continue
                if self._running:
                    self._lines[job.work].appendleft(job)
                    return False
                self._advance(job, EngineFailed(f"the article does not fit the engine: {full}"))
            except DiglotError as error:
                self._advance(job, error)
            except Exception:
                log.exception("the engine broke while it admitted a request")
                self._advance(job, EngineFailed("the engine broke on this article"))
            return True

    def _give(self, job: Job) -> None:
        key = str(next(self._keys))
        watch = None if job.request.watch is None else job.watch
        request = replace(
            job.request, id=key, abandoned=job.is_abandoned, watch=watch, begun=job.note_begun
        )
        self._engine.admit(request)
        self._running[key] = job
        if job.admitted is None:
            job.admitted = time.monotonic()
            metrics.queue_wait_seconds.labels(job.work).observe(job.admitted - job.arrived)

    def _send_bulk_out(self) -> bool:
        """Take the room of the bulk request that came last; it has lost the least. False: none."""
        for key, job in reversed(self._running.items()):
            if job.work == "bulk":
                self._engine.cancel(key)
                del self._running[key]
                self._lines["bulk"].appendleft(job)
                return True
        return False

    def _step(self) -> list[Finished]:
        if not self._running:
            return []
        try:
            return self._engine.step()
        except Exception as error:
            metrics.engine_faults.labels("error").inc()
            log.exception("a step of the engine failed with %d requests", len(self._running))
            return self._retry_alone(error)

    def _retry_alone(self, error: Exception) -> list[Finished]:
        """After a failed step: try each request once more, alone, in the order of arrival."""
        twice = EngineFailed("the engine broke on this article twice")
        why = error if isinstance(error, EngineFailed) else twice
        lost: list[Finished] = []
        again: list[Job] = []
        for key, job in self._running.items():
            self._engine.cancel(key)
            if job.alone:
                lost.append(Finished(key, why))
            else:
                job.alone = True
                again.append(job)
        self._running = {f.request_id: self._running[f.request_id] for f in lost}
        for job in reversed(again):
            self._lines[job.work].appendleft(job)
        return lost

    def _resume(self, finished: Finished) -> int:
        """Go on with the plan of what finished; returns the tokens of its article if it ended."""
        job = self._running.pop(finished.request_id, None)
        if job is None:
            return 0
        if job.is_abandoned():
            end(job)
        else:
            self._advance(job, finished.outcome)
        return job.tokens if job.future.done() else 0

    def _advance(self, job: Job, outcome: Answer | DiglotError) -> None:
        """Hand the outcome to the plan, and settle the job or queue what the plan asks next."""
        try:
            if isinstance(outcome, DiglotError):
                job.request = job.plan.throw(outcome)
            else:
                job.request = job.plan.send(outcome)
        except StopIteration as returned:
            settle(job, returned.value)
        except DiglotError as error:
            settle(job, error)
        except Exception:
            log.exception("a plan broke")
            settle(job, EngineFailed("Diglot broke on this article"))
        else:
            job.alone = False
            job.shown.clear()
            # What has begun goes before what has not, so that articles end in about their order.
            self._lines[job.work].appendleft(job)

    def _fail_all(self, error: DiglotError) -> None:
        with self._changed:
            self._stopping = True
            waiting = itertools.chain(*self._lines.values(), self._arrived)
            jobs = [*self._running.values(), *waiting]
            self._arrived.clear()
        for job in jobs:
            settle(job, error)
