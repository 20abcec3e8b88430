"""Admission: online jobs take the room of bulk jobs, and a job that fits nowhere fails."""

from collections.abc import Callable

import pytest

from service.errors import DiglotError, EngineFailed
from service.result import Result
from service.serving.admission import Admission
from service.serving.job_lines import JobLines
from service.serving.plan_runner import PlanRunner
from service.serving.queue import Job
from service.serving.running_jobs import RunningJobs
from tests.support.plans import job
from tests.support.scripted import ScriptedEngine

Ended = list[tuple[Job, Result | DiglotError | None]]
Make = Callable[[int], tuple[Admission, JobLines, RunningJobs, Ended]]


@pytest.fixture
def make() -> Make:
    """An admission to an engine with so many rows, its lines, the jobs at work, and plans' ends."""

    def of(rows: int) -> tuple[Admission, JobLines, RunningJobs, Ended]:
        ended: Ended = []
        lines, running = JobLines(), RunningJobs(ScriptedEngine(rows=rows))
        plans = PlanRunner(1, 0, lambda job, outcome: ended.append((job, outcome)))
        return Admission(lines, running, plans), lines, running, ended

    return of


@pytest.mark.parametrize("text", ["a bridge", "一座桥"])
def test_an_online_job_takes_the_room_of_the_last_bulk_job(make: Make, text: str) -> None:
    admission, lines, running, _ = make(2)
    first, second, online = job(text, work="bulk"), job(text, work="bulk"), job(text)
    for each in (first, second):
        lines.add(each)
    admission.admit()
    assert list(running) == [first, second]
    lines.add(online)
    admission.admit()
    assert list(running) == [first, online]
    assert list(lines.engine["bulk"]) == [second]


def test_a_job_without_room_waits_at_the_head_of_its_line(make: Make) -> None:
    admission, lines, running, ended = make(1)
    jobs = [job("a"), job("b"), job("c")]
    for each in jobs:
        lines.add(each)
    admission.admit()
    assert list(running) == jobs[:1] and list(lines.engine["online"]) == jobs[1:]
    assert not ended


def test_a_job_that_fits_no_empty_engine_fails_and_the_next_is_admitted(make: Make) -> None:
    admission, lines, running, ended = make(0)
    lines.add(job("too long"))
    admission.admit()
    ((_, outcome),) = ended
    assert isinstance(outcome, EngineFailed) and "does not fit" in str(outcome)
    assert not lines.engine["online"] and not running


def test_a_job_that_is_tried_alone_waits_until_nothing_runs(make: Make) -> None:
    admission, lines, running, _ = make(4)
    other, alone, late = job("a"), job("b"), job("c")
    alone.alone = True
    for each in (other, alone):
        lines.add(each)
    admission.admit()
    assert list(running) == [other]
    running.take(next(iter(running._jobs)))
    lines.add(late)
    admission.admit()
    assert list(running) == [alone]
    assert list(lines.engine["online"]) == [late]
