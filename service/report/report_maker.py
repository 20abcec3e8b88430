"""Reports of batches, made one at a time in a process of their own, and kept for a while.

A report is made to its end even if its reader leaves: whoever asks again, as a client does whose
patience ended, then finds it made.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future

from service.errors import DiglotError, Overloaded
from service.report.batch_report import ReportPage
from service.serving.plan_process import PlanProcess, ProcessEnded
from service.settings import Settings

RETRY_AFTER_S = 5
MOST_KEPT = 64_000_000
"""Characters of all pages that are kept."""
IDLE_S = 300.0
"""Seconds after its last report in which the process, some 250 MB of dictionaries, is kept."""


class ReportMaker:
    """Makes reports and keeps the last one of each batch."""

    def __init__(self, settings: Settings, *, idle_s: float = IDLE_S) -> None:
        self._process = PlanProcess(settings, "service.report.report_server")
        self._idle_s = idle_s
        self._resting: threading.Timer | None = None
        self._kept: OrderedDict[str, tuple[int, ReportPage]] = OrderedDict()
        self._making: tuple[tuple[str, int], Future[ReportPage]] | None = None
        self._lock = threading.Lock()

    def page(self, batch: str, settled: int, lines: Callable[[], str]) -> Future[ReportPage]:
        """The report of a batch of which `settled` articles have a result or an error, its `lines`.

        All that ask for the same one wait for the same Future, which can't be cancelled. Raises
        Overloaded while another one is made. The Future raises DiglotError where the report could
        not be made.
        """
        future: Future[ReportPage] = Future()
        future.set_running_or_notify_cancel()
        with self._lock:
            kept = self._kept.get(batch)
            if kept is not None and kept[0] == settled:
                self._kept.move_to_end(batch)
                future.set_result(kept[1])
                return future
            if self._making is not None:
                if self._making[0] == (batch, settled):
                    return self._making[1]
                raise Overloaded(
                    "Another report is being made. Try again in a few seconds.",
                    retry_after_s=RETRY_AFTER_S,
                )
            self._making = (batch, settled), future
        threading.Thread(
            target=self._make,
            args=(batch, settled, lines, future),
            name="diglot-report",
            daemon=True,
        ).start()
        return future

    def forget(self, batch: str) -> None:
        """Drop the report of a batch that is removed."""
        with self._lock:
            self._kept.pop(batch, None)

    def memory_bytes(self) -> int:
        """Memory that the process takes."""
        return self._process.memory_bytes()

    def close(self) -> None:
        """End the process, in the middle of what it does."""
        self._process.close()

    def _make(
        self, batch: str, settled: int, lines: Callable[[], str], future: Future[ReportPage]
    ) -> None:
        try:
            page = self._asked(lines())
        except Exception as error:  # a thread of its own would keep it to itself
            with self._lock:
                self._making = None
            future.set_exception(error)
            return
        with self._lock:
            self._making = None
            self._kept[batch] = settled, page
            self._kept.move_to_end(batch)
            while sum(len(page.html) for _, page in self._kept.values()) > MOST_KEPT:
                self._kept.popitem(last=False)
        future.set_result(page)

    def _asked(self, lines: str) -> ReportPage:
        with self._process.lock:
            if self._resting is not None:
                self._resting.cancel()
            try:
                answer: ReportPage | DiglotError = self._process.ask(lines, _unheard, _never)
            except ProcessEnded:
                raise DiglotError(
                    "The process that made this report ended in the middle of it; it may need more"
                    " memory than there is."
                ) from None
            self._resting = threading.Timer(self._idle_s, self._rest)
            self._resting.daemon = True
            self._resting.start()
        if isinstance(answer, DiglotError):
            raise answer
        return answer

    def _rest(self) -> None:
        """End the process, unless a report has come meanwhile."""
        with self._process.lock:
            if self._resting is threading.current_thread():
                self._process.end()


def _unheard(_: object) -> None:
    pass


def _never() -> bool:
    return False
