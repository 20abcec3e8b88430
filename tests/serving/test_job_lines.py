"""Lines of jobs: whose turn is next, of those whose lane has a thread."""

import pytest

from service.serving.job_lines import READ_TOKENS_A_SECOND, JobLines, turn_comes
from service.serving.queue import Job, Lane, Work
from tests.support.plans import job


def far(passage: str, lane: Lane, work: Work = "online") -> Job:
    found = job(passage, work=work)
    found.lane = lane
    return found


def always(work: Work, lane: Lane) -> bool:
    return True


def test_a_long_article_has_its_turn_before_short_ones_that_come_much_later() -> None:
    def of(arrived: float, tokens: int) -> Job:
        found = job("a")
        found.arrived, found.tokens = arrived, tokens
        return found

    long = of(0.0, 10 * READ_TOKENS_A_SECOND)
    assert turn_comes(of(5.0, 1000)) < turn_comes(long) < turn_comes(of(10.0, 1000))


@pytest.mark.parametrize("letter", ["a", "议"])
def test_a_full_lane_holds_up_no_other(letter: str) -> None:
    lines = JobLines()
    first, second = far(letter, "slow"), far(letter * 9000, "express")
    for each in (first, second):
        lines.add(each)
    assert lines.has_turn(lambda _, lane: lane == "express")
    assert lines.take_turn(lambda _, lane: lane == "express") is second
    assert lines.take_turn(lambda _, lane: lane == "express") is None
    assert not lines.has_turn(lambda _, lane: lane == "express")
    assert lines.take_turn(always) is first


def test_online_work_goes_first_and_what_is_here_waits_for_the_engine() -> None:
    lines = JobLines()
    bulk, online, here = far("a", "slow", "bulk"), far("b" * 90, "slow"), job("c")
    for each in (bulk, online, here):
        lines.add(each)
    assert [lines.count("online"), lines.count("bulk")] == [2, 1]
    assert list(lines.engine["online"]) == [here]
    assert [lines.take_turn(always), lines.take_turn(always)] == [online, bulk]
    lines.put_first(bulk)
    assert list(lines.engine["bulk"]) == [bulk]


def test_those_that_are_given_up_are_taken_out_of_every_line() -> None:
    lines = JobLines()
    jobs = [far("a", "slow"), far("b", "express", "bulk"), job("c"), job("d", work="bulk")]
    for each in jobs:
        lines.add(each)
    for each in jobs[:3]:
        each.future.cancel()
    assert set(map(id, lines.take_abandoned())) == set(map(id, jobs[:3]))
    assert list(lines) == jobs[3:]
