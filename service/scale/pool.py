"""The pool of engines: Ray actors, each replaced by a new one when it dies or hangs.

An actor is not restarted by Ray, which would wait for its own node's cores, and hand it again what
it died of. The pool tells what was lost, and starts another wherever there is room.
"""

import logging
import time
from dataclasses import dataclass, replace
from typing import Any

from service.errors import BadSetting, DiglotError, NotReady
from service.scale.claims import MOST_HELD, Chunk
from service.scale.cluster import PoolShape
from service.scale.engine_actor import EngineActor, Hello
from service.scale.partitions import Row
from service.settings import Settings
from service.tasks import Options

log = logging.getLogger(__name__)

MOST_FAILED_STARTS = 5
TIMEOUT_S = 1800.0
"""Seconds without an answer after which a worker that has chunks is taken to hang."""
PATIENCE_S = 60.0
"""Seconds without any worker after which the log says so."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of some of a chunk's articles."""

    worker: int
    chunk: Chunk
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Died:
    """A worker that is gone with all that it had."""

    worker: int


class EnginePool:
    """The engines begin to load at once; `wait` raises what keeps them from it.

    `actor` is what an engine's process runs (tests hand in their own).
    """

    def __init__(
        self,
        shape: PoolShape,
        settings: Settings,
        options: Options,
        actor: type[EngineActor] = EngineActor,
        *,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        import ray

        self._ray = ray
        self._options = options
        self._settings = replace(settings, threads=int(shape.cpus) or 1)
        if settings.engine == "extractive":  # each has a core, and no client waits
            self._settings = replace(self._settings, reading_processes=0)
        remote: Any = ray.remote(actor)
        self._actor = remote.options(
            num_cpus=shape.cpus,
            num_gpus=shape.gpus,
            max_restarts=0,
            max_task_retries=0,
            max_concurrency=MOST_HELD + 1,
            scheduling_strategy="SPREAD",
        )
        self._actors: dict[int, Any] = {}
        self._calls: dict[Any, tuple[int, Chunk | None]] = {}
        self._ready: set[int] = set()
        self._timeout_s = timeout_s
        self._heard: dict[int, float] = {}
        """The time of each worker's last answer, or of the first chunk that it has since."""
        self._started = 0
        self._failed_starts = 0
        self._asked = time.monotonic()
        self.hello: Hello | None = None
        """The engine of all workers, once one has loaded it."""
        for _ in range(shape.workers):
            self._start()

    @property
    def ready(self) -> list[int]:
        """The workers that take chunks."""
        return sorted(self._ready)

    def submit(self, worker: int, chunk: Chunk) -> None:
        """Hand a chunk to a worker; its rows come from `wait`, or the worker does, dead."""
        if worker not in self._busy():
            self._heard[worker] = time.monotonic()
        digest = self._actors[worker].digest.options(num_returns="streaming")
        call = digest.remote(chunk.items, self._options)
        self._calls[call] = (worker, chunk)

    def wait(self, timeout_s: float) -> list[Rows | Died]:
        """Rows and workers that have ended, after `timeout_s` at most.

        Raises what keeps an engine from loading, BadSetting where engines differ, and NotReady
        when their processes die again and again while they load.
        """
        self._tell_when_late()
        done, _ = self._ray.wait(list(self._calls), num_returns=len(self._calls), timeout=0)
        if not done and timeout_s:
            done, _ = self._ray.wait(list(self._calls), num_returns=1, timeout=timeout_s)
        found = [self._ended(call) for call in done if call in self._calls]
        return [each for each in found if each is not None] + self._end_hung()

    def close(self) -> None:
        """End all workers at once."""
        for actor in self._actors.values():
            self._ray.kill(actor)
        self._actors.clear()
        self._calls.clear()

    def _start(self) -> None:
        worker, self._started = self._started, self._started + 1
        actor = self._actor.remote(self._settings)
        self._actors[worker] = actor
        self._calls[actor.hello.remote()] = (worker, None)

    def _ended(self, call: Any) -> Rows | Died | None:
        worker, chunk = self._calls[call]
        try:
            answer = self._ray.get(call if chunk is None else next(call))
        except StopIteration:
            del self._calls[call]
            return None
        except self._ray.exceptions.RayTaskError as error:
            log.warning("worker %d broke: %s", worker, error.cause or error)
            return self._replace(worker)
        except self._ray.exceptions.RayError as error:
            log.debug("worker %d died: %s", worker, error)
            return self._replace(worker)
        self._heard[worker] = time.monotonic()
        if chunk is not None:
            return Rows(worker, chunk, answer)
        del self._calls[call]
        self._greet(worker, answer)
        return None

    def _greet(self, worker: int, hello: Hello | DiglotError) -> None:
        if isinstance(hello, DiglotError):
            raise hello
        if self.hello is None:
            self.hello = hello
            for text in hello.warnings:
                log.warning("%s", text)
        ours, theirs = (replace(each, warnings=()) for each in (self.hello, hello))
        if ours != theirs:
            raise BadSetting(
                "the workers differ, so that their results would: one has"
                f" {_named(ours)}, another {_named(theirs)}"
            )
        self._failed_starts = 0
        self._ready.add(worker)

    def _replace(self, worker: int) -> Died:
        """Start a new worker in place of one that is dead, or has to be."""
        if worker not in self._ready:
            self._failed_starts += 1
            if self._failed_starts >= MOST_FAILED_STARTS:
                raise NotReady(
                    f"the engine's process died {self._failed_starts} times while it loaded;"
                    " is there enough memory for each worker?"
                )
        self._ready.discard(worker)
        self._heard.pop(worker, None)
        self._asked = time.monotonic()
        self._calls = {call: own for call, own in self._calls.items() if own[0] != worker}
        self._ray.kill(self._actors.pop(worker))
        self._start()
        return Died(worker)

    def _busy(self) -> set[int]:
        return {worker for worker, chunk in self._calls.values() if chunk is not None}

    def _end_hung(self) -> list[Rows | Died]:
        since = time.monotonic() - self._timeout_s
        hung = [worker for worker in sorted(self._busy()) if self._heard[worker] < since]
        for worker in hung:
            log.warning(
                "worker %d has answered nothing for %.0f s and is replaced", worker, self._timeout_s
            )
        return [self._replace(worker) for worker in hung]

    def _tell_when_late(self) -> None:
        if not self._ready and time.monotonic() - self._asked > PATIENCE_S:
            self._asked = time.monotonic()
            log.warning("no worker is ready yet: the engines load, or no node has room for one")


def _named(hello: Hello) -> str:
    known = (hello.identity.name, hello.identity.model, hello.identity.dtype, hello.version)
    return " ".join(filter(None, known))
