"""Works off the batches: one thread that claims articles, hands them in and settles them.

No more are claimed than keep the engine full. A claim is a lease: it is renewed while the article
is at work, given back at a clean stop, and runs out by itself after a crash. What has ended and
can't be written, because the disk is full, stays in memory and is tried again; nothing new is
claimed before.
"""

import logging
import queue
import threading
import time
from concurrent.futures import Future

from service import metrics
from service.errors import DiglotError, NotReady, StoreFailed
from service.result import Result
from service.serving.service import Service
from service.store.batches import Batches
from service.store.codec import error_line, result_id, source_of, unpack
from service.store.leases import Claim, Leases, Settled

log = logging.getLogger(__name__)

LEASE_S = 15.0
RENEW_S = LEASE_S / 3
LOOK_EVERY_S = 1.0
"""The interval of looks for leases that ran out, when nothing else happens."""
AFTER_A_FAULT_S = 1.0
SWEEP_EVERY_S = 60.0

_Ended = tuple[Claim, Future[Result]]


class Chore:
    """Work that is done now and then, or as soon as any thread asks.

    `begin` tells whether it is due. One that is asked for while it is done is due again: it may
    have looked already at what has changed since. One that does not come to its `end` stays due.
    """

    def __init__(self) -> None:
        self._hastened = threading.Event()
        self._due = 0.0

    def hasten(self) -> None:
        self._hastened.set()

    def begin(self) -> bool:
        if not self._hastened.is_set() and time.monotonic() < self._due:
            return False
        self._hastened.clear()
        self._due = 0.0
        return True

    def end(self, pause_s: float) -> None:
        self._due = time.monotonic() + pause_s


class Bulk:
    """`at_once` articles are at work together; batches are removed `keep_s` after their end."""

    def __init__(
        self,
        leases: Leases,
        batches: Batches,
        service: Service,
        *,
        at_once: int,
        keep_s: float | None = None,
    ) -> None:
        self._leases = leases
        self._batches = batches
        self._service = service
        self._at_once = at_once
        self._keep_s = keep_s
        self._events: queue.SimpleQueue[_Ended | None] = queue.SimpleQueue()
        self._at_work: dict[Claim, Future[Result]] = {}
        self._unwritten: list[Settled] = []
        self._renewal = Chore()
        self._sweep = Chore()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="diglot-bulk", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self, *, sweep: bool = False) -> None:
        """Look at the store now: a batch came, or one was cancelled or removed (`sweep`)."""
        self._renewal.hasten()
        if sweep:
            self._sweep.hasten()
        self._events.put(None)

    def close(self, timeout_s: float | None = None) -> None:
        """Stop, and release the articles in progress: the next process goes on with them."""
        self._closing = True
        self.wake()
        self._thread.join(timeout_s)

    # From here on, everything runs in this thread.

    def _run(self) -> None:
        while not self._closing:
            try:
                self._turn()
            except StoreFailed:  # the database has said so in the log
                time.sleep(AFTER_A_FAULT_S)
            except Exception:
                log.exception("a turn of the bulk work failed")
                time.sleep(AFTER_A_FAULT_S)
        try:
            self._give_back()
        except StoreFailed:
            log.warning("what was at work could not be given back; its leases will run out")

    def _turn(self) -> None:
        self._collect()
        self._write()
        if self._renewal.begin():
            self._renew()
            self._renewal.end(RENEW_S)
        if self._sweep.begin():
            more = self._batches.sweep(self._keep_s)
            self._sweep.end(0 if more else SWEEP_EVERY_S)
        self._fill()
        metrics.batch_articles.set(self._batches.waiting())

    def _collect(self) -> None:
        """Wait for something to happen; then take all that has."""
        try:
            self._note(self._events.get(timeout=LOOK_EVERY_S))
            while True:
                self._note(self._events.get_nowait())
        except queue.Empty:
            pass

    def _note(self, ended: _Ended | None) -> None:
        if ended is None:
            return
        claim, future = ended
        if self._at_work.pop(claim, None) is None or future.cancelled():
            return
        error = future.exception()
        if error is None:
            line = future.result().model_dump_json()
            self._unwritten.append(Settled(claim, "done", line))
        elif isinstance(error, NotReady):
            # The worker stopped, or died, maybe of this article: then its lease shall run out.
            log.warning("%s was not finished: %s", result_id(claim.batch, claim.place), error)
        else:
            self._fail(claim, error)

    def _fail(self, claim: Claim, error: BaseException) -> None:
        if not isinstance(error, DiglotError):
            log.error("an article of a batch failed unexpectedly", exc_info=error)
            error = DiglotError("Something broke inside the service. The log tells more.")
        source = source_of(claim.article)
        line = error_line(result_id(claim.batch, claim.place), source, error)
        self._unwritten.append(Settled(claim, "failed", line))

    def _write(self) -> None:
        if self._unwritten:
            self._leases.settle(self._unwritten)
            self._unwritten.clear()

    def _renew(self) -> None:
        for lost in self._leases.renew(list(self._at_work), LEASE_S):
            if (future := self._at_work.pop(lost, None)) is not None:
                future.cancel()

    def _fill(self) -> None:
        free = self._at_once - len(self._at_work)
        if free <= 0 or self._service.state != "ready":
            return
        for claim in self._leases.claim(free, LEASE_S, alone=not self._at_work):
            self._hand_in(claim)
        if self._unwritten:  # refused at once: their places are free again
            self._events.put(None)

    def _hand_in(self, claim: Claim) -> None:
        try:
            article, options = unpack(claim.article)
            own = result_id(claim.batch, claim.place)
            future = self._service.submit(article, options, id=own, work="bulk", owner=claim.owner)
        except NotReady:
            self._leases.release([claim])
        except Exception as error:  # whatever is wrong with one article, the others go on
            self._fail(claim, error)
        else:
            self._at_work[claim] = future
            future.add_done_callback(lambda done: self._events.put((claim, done)))

    def _give_back(self) -> None:
        self._write()
        unfinished = dict(self._at_work)
        for claim, future in unfinished.items():
            if not future.cancel() and future.done():
                self._note((claim, future))
        self._write()
        self._leases.release(unfinished)  # settled articles stay settled
