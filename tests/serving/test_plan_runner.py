"""Plans go on with an answer: short ones at once, long ones in threads of a bounded number."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from service.article import Document
from service.errors import DiglotError, EngineFailed, NoText
from service.result import Result
from service.serving.plan_runner import BULK_THREADS, PlanRunner
from service.serving.queue import SHORT_TOKENS, Job, Plan
from service.tasks import Answer, DigestTask, Request
from tests.support.plans import job
from tests.support.scripted import written
from tests.support.waiting import wait_until

Return = tuple[Job, Result | DiglotError | None]


@contextmanager
def running(threads: int = 4) -> Iterator[tuple[PlanRunner, list[Return], list[str]]]:
    """A runner, what it has returned, and the names of the threads that it came from."""
    returned: list[Return] = []
    names: list[str] = []

    def note(job: Job, outcome: Result | DiglotError | None) -> None:
        names.append(threading.current_thread().name)
        returned.append((job, outcome))

    runner = PlanRunner(threads, 1, note)
    yield runner, returned, names
    runner.close()


def answer(job: Job) -> Answer:
    return written(job.request)


@pytest.mark.parametrize("text", ["a bridge", "一座桥"])
def test_a_short_plan_goes_on_in_the_same_thread_and_a_long_one_in_its_own(text: str) -> None:
    with running() as (runner, returned, names):
        short, long = job(text), job(text + "." * SHORT_TOKENS)
        runner.resume(short, answer(short))
        assert len(returned) == 1, "it has returned by now"
        runner.resume(long, answer(long))
        wait_until(lambda: len(returned) == 2)
        assert [of for of, _ in returned] == [short, long]
        assert all(isinstance(outcome, Result) for _, outcome in returned)
        assert names[0] == threading.current_thread().name
        assert names[1].startswith("diglot-online")
        assert len(runner) == 2
        runner.take_back(short)
        runner.take_back(long)
        assert len(runner) == 0


def test_a_plan_that_asks_for_more_returns_its_next_request() -> None:
    with running() as (runner, returned, _):
        twice = job("a", times=2)
        twice.alone, twice.shown, first = True, {0: "text"}, twice.request
        runner.resume(twice, answer(twice))
        assert returned == [(twice, None)]
        assert twice.request is not first
        assert not twice.alone and not twice.shown


def test_only_so_many_plans_of_a_kind_run_at_a_time() -> None:
    gate = threading.Event()

    def wait(job: Job) -> Answer:
        assert gate.wait(10)
        return answer(job)

    with running(threads=1) as (runner, returned, names):
        runner.start(job("a"), wait)
        assert not runner.has_thread("online") and runner.has_thread("bulk")
        for _ in range(BULK_THREADS):
            runner.start(job("b", work="bulk"), wait)
        assert not runner.has_thread("bulk")
        gate.set()
        wait_until(lambda: len(returned) == 1 + BULK_THREADS)
        assert sum(name.startswith("diglot-bulk") for name in names) == BULK_THREADS


def test_an_error_is_thrown_into_the_plan_which_may_end_with_it() -> None:
    with running() as (runner, returned, _):
        runner.resume(job("a"), NoText("nothing to read"))
        assert isinstance(returned[0][1], NoText)


def test_a_plan_that_breaks_ends_with_an_error_of_its_own() -> None:
    def broken() -> Plan:
        yield Request("", Document.of("a", "en"), (DigestTask("en"),))
        raise ValueError("a bug")

    with running() as (runner, returned, _):
        bad = job("a")
        bad.plan = broken()
        next(bad.plan)
        runner.resume(bad, answer(bad))
        assert isinstance(returned[0][1], EngineFailed)
