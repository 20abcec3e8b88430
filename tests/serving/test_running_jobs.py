"""The jobs that the engine holds: taken out, and tried again alone after a step that failed."""

import pytest

from service.errors import EngineFailed, NoRoom
from service.serving.running_jobs import RunningJobs
from tests.support.plans import job
from tests.support.scripted import ScriptedEngine


def test_an_ended_request_is_taken_once() -> None:
    running, english, chinese = RunningJobs(ScriptedEngine()), job("a bridge"), job("一座桥")
    assert running.step() == ([], []), "an engine without work makes no step"
    running.admit(english)
    running.admit(chinese)
    ended, again = running.step()
    assert [running.take(finished.request_id) for finished in ended] == [english, chinese]
    assert running.take(ended[0].request_id) is None
    assert not again and not running


def test_a_full_engine_raises_and_holds_nothing_more() -> None:
    running = RunningJobs(ScriptedEngine(rows=1))
    running.admit(job("a"))
    with pytest.raises(NoRoom):
        running.admit(job("b"))
    assert len(running) == 1


def test_the_latest_bulk_job_leaves_the_engine() -> None:
    engine = ScriptedEngine()
    running, jobs = RunningJobs(engine), [job("a", work="bulk"), job("b", work="bulk"), job("c")]
    for each in jobs:
        running.admit(each)
    assert running.take_latest("bulk") is jobs[1]
    assert running.take_latest("bulk") is jobs[0]
    assert running.take_latest("bulk") is None
    assert list(running) == [jobs[2]] and engine.admitted == 1


def test_abandoned_jobs_leave_the_engine() -> None:
    engine = ScriptedEngine()
    running, kept, left, late = RunningJobs(engine), job("a"), job("b"), job("c")
    for each in (kept, left, late):
        running.admit(each)
    left.future.cancel()
    late.deadline = 0.0
    assert running.take_abandoned() == [left, late]
    assert list(running) == [kept] and engine.admitted == 1


def test_after_a_failed_step_each_is_tried_alone_and_fails_the_second_time() -> None:
    engine = ScriptedEngine()
    running, poison, other = RunningJobs(engine), job("poison"), job("文章")
    running.admit(poison)
    running.admit(other)
    assert running.step() == ([], [poison, other])
    assert not running and engine.admitted == 0
    assert poison.alone and other.alone
    running.admit(poison)
    assert running.runs_alone
    ended, again = running.step()
    assert isinstance(ended[0].outcome, EngineFailed) and "twice" in str(ended[0].outcome)
    assert running.take(ended[0].request_id) is poison and not again


def test_an_error_of_the_engine_is_quoted_the_second_time() -> None:
    def break_down() -> None:
        raise EngineFailed("there is not enough memory for it")

    engine, retried = ScriptedEngine(), job("a")
    engine.before_step = break_down
    running = RunningJobs(engine)
    retried.alone = True
    running.admit(retried)
    ended, _ = running.step()
    assert str(ended[0].outcome) == "there is not enough memory for it"
