"""The bounds on what waits, how fast work is done, and how a job is settled."""

import time
from concurrent.futures import Future
from typing import Any

import pytest

from service.article import Article, Document
from service.errors import DeadlineExceeded, EngineFailed, Overloaded
from service.result import Result
from service.serving.queue import (
    HALF_LIFE_S,
    LONGEST_S,
    SHORT_TOKENS,
    SHORTEST_S,
    Bounds,
    Job,
    Throughput,
    end,
    settle,
)
from service.tasks import DigestTask, Options, Request
from tests.support.fakes import result_for

TEXTS = ["The council met on Monday.", "市议会星期一开会。"]


def job(text: str = TEXTS[0], **fields: Any) -> Job:
    def plan() -> Any:
        yield

    request = Request("", Document.of(text), (DigestTask("en"),))
    known = {"arrived": time.monotonic(), "deadline": float("inf"), "work": "online", "tokens": 9}
    return Job(plan(), request, Future(), **{**known, **fields})


def result(text: str = TEXTS[0]) -> Result:
    return result_for(Article(text), Options(), "mine")


# Bounds


def test_so_many_articles_are_taken_until_one_is_freed() -> None:
    bounds = Bounds(2, 100, Throughput())
    first, _ = bounds.take("online"), bounds.take("online")
    with pytest.raises(Overloaded, match="2 articles wait already"):
        bounds.take("online")
    assert bounds.taken == 2
    first.free()
    bounds.take("online")


def test_tokens_are_bounded_but_an_article_longer_than_the_queue_may_have_it_alone() -> None:
    bounds = Bounds(9, 100, Throughput())
    long = bounds.take("online")
    long.charge(1_000)
    second = bounds.take("online")
    with pytest.raises(Overloaded, match="1,000 tokens wait already"):
        second.charge(1)
    second.free()  # an uncharged article frees none
    long.free()
    bounds.take("online").charge(100)


def test_longer_articles_leave_some_of_the_tokens_to_short_ones() -> None:
    bounds = Bounds(9, 10 * SHORT_TOKENS, Throughput())
    bounds.take("online").charge(8 * SHORT_TOKENS)
    with pytest.raises(Overloaded):
        bounds.take("online").charge(SHORT_TOKENS + 1)
    bounds.take("online").charge(SHORT_TOKENS)
    bounds.take("online").charge(SHORT_TOKENS)
    with pytest.raises(Overloaded):
        bounds.take("online").charge(1)


def test_bulk_work_is_counted_apart_and_never_refused() -> None:
    bounds = Bounds(1, 10, Throughput())
    for _ in range(3):
        bounds.take("bulk").charge(50)
    bounds.take("online").charge(10)
    assert bounds.taken == 4


def test_a_refusal_says_when_half_of_the_queue_will_be_done() -> None:
    throughput = Throughput()
    bounds = Bounds(1, 1_000, throughput)
    bounds.take("online").charge(400)
    with pytest.raises(Overloaded) as refused:
        bounds.take("online")
    assert refused.value.retry_after_s is None  # nothing is measured yet
    throughput.note(100, 2.0)
    with pytest.raises(Overloaded) as refused:
        bounds.take("online")
    assert refused.value.retry_after_s == pytest.approx(4.0)


# Throughput


@pytest.mark.parametrize(
    ("tokens", "seconds"), [(1, SHORTEST_S), (500, 10.0), (1_000_000, LONGEST_S)]
)
def test_the_time_that_tokens_take_is_measured_and_bounded(tokens: int, seconds: float) -> None:
    throughput = Throughput()
    throughput.note(100, 2.0)
    assert throughput.seconds_for(tokens) == pytest.approx(seconds)


def test_a_measurement_counts_half_after_a_half_life() -> None:
    throughput = Throughput()
    throughput.note(1_000, HALF_LIFE_S)
    throughput.note(0, HALF_LIFE_S)
    assert throughput.seconds_for(1_000) == pytest.approx(HALF_LIFE_S * 1.5 / 500 * 1_000)


# Jobs


@pytest.mark.parametrize("text", TEXTS)
def test_a_settled_job_says_how_long_it_waited_and_took(text: str) -> None:
    now = time.monotonic()
    settled = job(text, arrived=now - 3.0, admitted=now - 1.0)
    settle(settled, result(text))
    timing = settled.future.result(0).timing
    assert timing.queued_ms == 2_000
    assert 3_000 <= timing.total_ms < 13_000


def test_a_job_waits_in_the_queue_until_it_is_admitted_for_the_first_time() -> None:
    waiting = job()
    waiting.note_admitted()
    first = waiting.admitted
    assert first is not None
    waiting.note_admitted()
    assert waiting.admitted == first


def test_a_job_that_was_cancelled_meanwhile_stays_so() -> None:
    cancelled = job()
    cancelled.future.cancel()
    settle(cancelled, result())
    assert cancelled.future.cancelled()


def test_an_error_settles_a_job_too() -> None:
    failed = job()
    settle(failed, EngineFailed("no"))
    with pytest.raises(EngineFailed, match="no"):
        failed.future.result(0)


def test_a_job_that_is_given_up_closes_its_plan() -> None:
    late = job(deadline=time.monotonic() - 1)
    assert late.is_abandoned()
    next(late.plan)
    end(late)
    with pytest.raises(DeadlineExceeded):
        late.future.result(0)
    assert next(late.plan, None) is None


@pytest.mark.parametrize("texts", [("The", "The town", "The mayor"), ("镇", "镇议会", "镇长")])
def test_a_watcher_sees_a_text_grow_and_never_shrink(texts: tuple[str, str, str]) -> None:
    seen: list[tuple[int, str]] = []
    watched = job()
    watched.request = Request(
        "", watched.request.document, (), watch=lambda index, text: seen.append((index, text))
    )
    short, long, other = texts
    for text in (short, long, short, long, other):
        watched.watch(0, text)
    assert seen == [(0, short), (0, long), (0, other)]
