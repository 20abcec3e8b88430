"""Places of plans: none in the express lane waits for one in the slow lane."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from service.serving.plan_place import Place, PlanProcesses
from service.serving.plan_process import PlanProcess
from service.settings import Settings
from tests.support.waiting import PATIENCE_S


@pytest.fixture
def processes() -> PlanProcesses:
    """Two, neither of which is started."""
    return PlanProcesses([PlanProcess(Settings(engine="extractive")) for _ in range(2)])


@contextmanager
def held(place: Place) -> Iterator[None]:
    """The place is at work, in a thread of its own."""
    has_begun, ends = threading.Event(), threading.Event()

    def work() -> None:
        with place.at_work():
            has_begun.set()
            ends.wait(PATIENCE_S)

    thread = threading.Thread(target=work)
    thread.start()
    assert has_begun.wait(PATIENCE_S)
    yield
    ends.set()
    thread.join()


def test_a_plan_goes_to_the_process_with_the_fewest(processes: PlanProcesses) -> None:
    first, second = processes.place(1, "express"), processes.place(2, "express")
    assert first.process is not second.process
    first.leave()
    assert processes.place(3, "express").process is first.process


def test_the_first_process_takes_no_plan_of_the_slow_lane_unless_it_is_the_only_one(
    processes: PlanProcesses,
) -> None:
    kept, shared = processes.all
    assert [processes.place(n, "slow").process for n in range(3)] == [shared] * 3
    assert PlanProcesses([kept]).place(4, "slow").process is kept


def test_a_plan_whose_process_is_at_slow_work_goes_over_to_the_kept_one(
    processes: PlanProcesses,
) -> None:
    kept, shared = processes.all
    processes.place(0, "express")
    plan, slow = processes.place(1, "express"), processes.place(2, "slow")
    assert plan.process is slow.process is shared
    with plan.at_work() as process:
        assert process is shared, "nothing slow is at work"
    with held(slow), plan.at_work() as process:
        assert process is kept
        assert shared.lock.locked()
    assert shared.plans == {2} and kept.plans == {0, 1}


def test_a_plan_goes_over_even_when_slow_work_begins_while_it_waits(
    processes: PlanProcesses,
) -> None:
    kept, shared = processes.all
    processes.place(0, "express")
    first, plan, slow = (processes.place(n, "express") for n in (1, 1, 2))
    first.process = plan.process = shared
    slow = Place(3, "slow", shared, kept)
    found: list[PlanProcess] = []

    def work() -> None:
        with plan.at_work() as process:
            found.append(process)

    thread = threading.Thread(target=work)
    with first.at_work():
        thread.start()
        shared.is_slow = True  # as when a slow plan gets the lock before the one that waits
        thread.join(PATIENCE_S)
    assert found == [kept]
    assert not slow.process.is_slow
