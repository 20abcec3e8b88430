"""Reports made one at a time, and kept; the process is a script's."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from service.errors import DiglotError, Overloaded, UnknownBatch
from service.report import report_maker
from service.report.batch_report import ReportPage
from service.report.report_maker import ReportMaker
from service.serving.plan_process import ProcessEnded
from service.settings import Settings
from tests.support.waiting import wait_until


class ScriptedProcess:
    """Answers lines with a page of them; an exception is raised."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.asked: list[str] = []
        self.fault: Exception | None = None
        self.ended = 0

    def ask(self, lines: str, *_: object) -> ReportPage:
        self.asked.append(lines)
        if self.fault is not None:
            raise self.fault
        return ReportPage(lines, "policy")

    def end(self) -> None:
        self.ended += 1

    close = end


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> ScriptedProcess:
    scripted = ScriptedProcess()
    monkeypatch.setattr(report_maker, "PlanProcess", lambda *_: scripted)
    return scripted


@pytest.fixture
def maker(process: ScriptedProcess) -> Iterator[ReportMaker]:
    opened = ReportMaker(Settings())
    yield opened
    opened.close()


def made(maker: ReportMaker, batch: str, settled: int, lines: str) -> str:
    return maker.page(batch, settled, lambda: lines).result(10).html


def test_a_report_is_made_once_until_its_batch_gets_on(
    maker: ReportMaker, process: ScriptedProcess
) -> None:
    assert [made(maker, "a", 1, "一") for _ in range(2)] == ["一", "一"]
    assert made(maker, "a", 2, "one two") == "one two"
    assert process.asked == ["一", "one two"]
    maker.forget("a")
    made(maker, "a", 2, "one two")
    assert len(process.asked) == 3


def test_two_readers_wait_for_one_report_and_none_can_end_it(
    maker: ReportMaker, process: ScriptedProcess
) -> None:
    may_go_on = threading.Event()

    def lines() -> str:
        may_go_on.wait(10)
        return "done"

    readers: list[Future[ReportPage]] = [maker.page("a", 1, lines) for _ in range(2)]
    assert not readers[0].cancel()
    with pytest.raises(Overloaded, match="Another report is being made") as busy:
        maker.page("b", 1, lines)
    assert busy.value.retry_after_s
    may_go_on.set()
    assert [reader.result(10).html for reader in readers] == ["done", "done"]
    assert process.asked == ["done"]


def unknown() -> str:
    raise UnknownBatch("gone")


@pytest.mark.parametrize(
    ("fault", "lines", "error"),
    [
        (ProcessEnded(), lambda: "", "more memory than there is"),
        (RuntimeError("odd"), lambda: "", "odd"),
        (None, unknown, "gone"),
    ],
)
def test_a_report_that_fails_is_not_kept(
    maker: ReportMaker,
    process: ScriptedProcess,
    fault: Exception | None,
    lines: Callable[[], str],
    error: str,
) -> None:
    process.fault = fault
    with pytest.raises(Exception, match=error):
        maker.page("a", 1, lines).result(10)
    process.fault = None
    assert made(maker, "a", 1, "again") == "again"


def test_the_errors_of_the_process_are_raised(maker: ReportMaker, process: Any) -> None:
    process.ask = lambda *_: DiglotError("no")
    with pytest.raises(DiglotError, match="no"):
        maker.page("a", 1, str).result(10)


def test_the_oldest_reports_are_forgotten(
    maker: ReportMaker, process: ScriptedProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_maker, "MOST_KEPT", 10)
    for batch in ("a", "b", "a", "c", "a", "b"):
        made(maker, batch, 1, batch * 5)
    assert process.asked == ["aaaaa", "bbbbb", "ccccc", "bbbbb"]
    assert made(maker, "d", 1, "d" * 11) == "d" * 11


def test_the_process_ends_when_it_has_been_idle(process: ScriptedProcess) -> None:
    maker = ReportMaker(Settings(), idle_s=0.05)
    made(maker, "a", 1, "x")
    wait_until(lambda: process.ended == 1)
