from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import pytest

from tests.support.turns import Turns
from tests.support.waiting import wait_until


@pytest.fixture
def turns(tmp_path: Path) -> Turns:
    return Turns(tmp_path)


def test_several_run_beside_each_other(turns: Turns) -> None:
    with turns.beside_others(), turns.beside_others():
        pass


@pytest.mark.parametrize("first", ["alone", "beside_others"])
def test_one_that_runs_alone_and_others_wait_for_each_other(turns: Turns, first: str) -> None:
    second = {"alone": "beside_others", "beside_others": "alone"}[first]
    entered = Event()

    def enter() -> None:
        with getattr(turns, second)():
            entered.set()

    with ThreadPoolExecutor() as pool, ExitStack() as held:
        held.enter_context(getattr(turns, first)())
        waiting = pool.submit(enter)
        assert not entered.wait(0.05)
        held.close()
        waiting.result()


def test_whatever_comes_later_does_not_hold_up_one_that_waits_to_be_alone(turns: Turns) -> None:
    order = []

    def alone() -> None:
        with turns.alone():
            order.append("alone")

    def later() -> None:
        with turns.beside_others():
            order.append("later")

    with ThreadPoolExecutor() as pool:
        with turns.beside_others():
            waiting = pool.submit(alone)
            wait_until(turns.is_awaited)
            last = pool.submit(later)
        waiting.result()
        last.result()
    assert order == ["alone", "later"]
