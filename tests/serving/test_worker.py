"""The worker over a scripted engine: batches, order, failures, deadlines, cancellation."""

import threading
import time
from collections.abc import Generator, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager

import pytest

from service.article import Document
from service.engine import Engine
from service.errors import (
    DeadlineExceeded,
    DiglotError,
    EngineFailed,
    NoText,
    NotReady,
    Overloaded,
)
from service.result import Result
from service.serving.queue import SHORT_TOKENS, Lane, Plan, Work
from service.serving.worker import Worker
from service.tasks import Answer, DigestTask, Finished, Request
from tests.support.plans import ask, result
from tests.support.scripted import EN, ZH, ScriptedEngine, written
from tests.support.waiting import wait_until


@contextmanager
def working(engine: Engine, **settings: float) -> Iterator[Worker]:
    worker = Worker(engine, **settings)  # type: ignore[arg-type]
    worker.start()
    yield worker
    assert worker.stop(timeout_s=10)


def held(engine: ScriptedEngine) -> threading.Event:
    """Holds every step of the engine until the event is set."""
    gate = threading.Event()
    engine.before_step = lambda: gate.wait(10)
    return gate


def test_a_plan_gets_its_answer_and_its_times() -> None:
    with working(ScriptedEngine()) as worker:
        done = worker.submit(ask("one")).result(10)
    assert done.source == EN
    assert done.timing.total_ms >= done.timing.queued_ms >= 0


def test_simultaneous_requests_share_a_step() -> None:
    engine = ScriptedEngine()
    with working(engine, window_s=0.06) as worker:
        futures = [worker.submit(ask(f"article {n}")) for n in range(8)]
        [future.result(10) for future in futures]
    assert engine.batches == [[f"article {n}" for n in range(8)]]


def test_requests_that_do_not_fit_go_into_the_next_step_in_order() -> None:
    engine = ScriptedEngine(rows=3)
    with working(engine, window_s=0.06) as worker:
        futures = [worker.submit(ask(str(n))) for n in range(7)]
        assert [future.result(10).id for future in futures] == list("0123456")
    assert engine.batches == [["0", "1", "2"], ["3", "4", "5"], ["6"]]


def test_a_plan_that_has_begun_goes_before_one_that_has_not() -> None:
    engine = ScriptedEngine(rows=1)
    with working(engine, window_s=0.06) as worker:
        for future in [worker.submit(ask("twice", times=2)), worker.submit(ask("once"))]:
            future.result(10)
    assert engine.batches == [["twice"], ["twice"], ["once"]]


def test_a_broken_step_costs_only_the_guilty_article() -> None:
    engine = ScriptedEngine()
    with working(engine, window_s=0.06) as worker:
        futures = [worker.submit(ask(text)) for text in ("a", "poison", "b")]
        assert futures[0].result(10).id == "a"
        assert futures[2].result(10).id == "b"
        with pytest.raises(EngineFailed, match="twice"):
            futures[1].result(10)
        assert worker.submit(ask("after")).result(10).id == "after"
    assert engine.batches == [["a", "poison", "b"], ["a"], ["poison"], ["b"], ["after"]]


def test_an_engine_that_says_why_it_broke_is_quoted() -> None:
    engine = ScriptedEngine()

    def break_down() -> None:
        raise EngineFailed("there is not enough memory for it")

    engine.before_step = break_down
    with working(engine) as worker, pytest.raises(EngineFailed, match="not enough memory"):
        worker.submit(ask("a")).result(10)
    assert len(engine.cancelled) == 2, "it was tried twice"


@pytest.mark.parametrize("text", [EN, ZH], ids=["en", "zh"])
def test_a_watcher_never_sees_a_text_shrink(text: str) -> None:
    """After a step that failed an engine writes the same text once more, from the beginning."""
    shown: list[str] = []
    engine = ScriptedEngine(steps=4)
    steps: list[int] = []

    def fail_once() -> None:
        steps.append(1)
        if len(steps) == 4:
            raise ValueError("kernel")

    def watched() -> Plan:
        task = DigestTask("en" if text == EN else "zh")
        for _ in range(2):
            yield Request(
                "a", Document.of("x", "en"), (task,), watch=lambda _, part: shown.append(part)
            )
        return result("a", "watched")

    engine.before_step = fail_once
    with working(engine) as worker:
        worker.submit(watched()).result(10)
    parts = [text[: len(text) * taken // 4] for taken in (1, 2, 3, 4)]
    assert len(steps) == 3 + 1 + 4 + 4 and shown == parts * 2, "each request shows its own"


def test_an_error_for_one_request_leaves_its_neighbours_alone() -> None:
    def script(request: Request) -> Answer | DiglotError:
        return EngineFailed("no") if request.document.text == "bad" else written(request)

    with working(ScriptedEngine(script), window_s=0.06) as worker:
        bad, good = worker.submit(ask("bad")), worker.submit(ask("good"))
        assert good.result(10).id == "good"
        with pytest.raises(EngineFailed, match="no"):
            bad.result(10)


def test_a_plan_may_catch_the_error_and_answer_all_the_same() -> None:
    def forgiving() -> Plan:
        try:
            yield Request("1", Document.of("bad", "en"), (DigestTask("en"),))
        except EngineFailed:
            return result("1", "caught")
        raise AssertionError("the engine answered")

    engine = ScriptedEngine(lambda request: EngineFailed("no"))
    with working(engine) as worker:
        assert worker.submit(forgiving()).result(10).source == "caught"


def test_a_plan_that_breaks_is_an_error_of_its_article_only() -> None:
    def broken() -> Plan:
        yield Request("1", Document.of("x", "en"), (DigestTask("en"),))
        raise ZeroDivisionError

    with working(ScriptedEngine()) as worker:
        with pytest.raises(EngineFailed):
            worker.submit(broken()).result(10)
        assert worker.submit(ask("next")).result(10).id == "next"


def test_an_article_that_can_never_fit_fails_instead_of_waiting_for_ever() -> None:
    with working(ScriptedEngine(rows=0)) as worker, pytest.raises(EngineFailed, match="fit"):
        worker.submit(ask("too big")).result(10)


def test_a_plan_that_raises_at_once_raises_for_its_caller_and_frees_its_place() -> None:
    def empty() -> Generator[Request, Answer, Result]:
        raise NoText("nothing to read")
        yield

    with working(ScriptedEngine(), queue_limit=1) as worker:
        for _ in range(3):
            with pytest.raises(NoText):
                worker.submit(empty())
        assert worker.open_jobs == 0
        assert worker.submit(ask("fine")).result(10).id == "fine"


def test_the_queue_is_bounded() -> None:
    engine = ScriptedEngine()
    gate = held(engine)
    with working(engine, queue_limit=2) as worker:
        futures = [worker.submit(ask("a")), worker.submit(ask("b"))]
        with pytest.raises(Overloaded, match="2 articles"):
            worker.submit(ask("c"))
        gate.set()
        [future.result(10) for future in futures]
        wait_until(lambda: worker.open_jobs == 0)
        assert worker.submit(ask("d")).result(10).id == "d"


def test_the_queue_is_bounded_in_tokens_too_and_says_when_to_come_back() -> None:
    engine = ScriptedEngine()  # counts a character as a token
    with working(engine, queue_tokens=10) as worker:
        worker.submit(ask("measured" * 9)).result(10)  # longer than the queue, and alone in it
        gate = held(engine)
        futures = [worker.submit(ask("six of")), worker.submit(ask("4444"))]
        with pytest.raises(Overloaded, match="10 tokens") as refused:
            worker.submit(ask("桥"))
        assert 1 <= (refused.value.retry_after_s or 0) <= 600
        bulk = worker.submit(ask("bulk is bounded by who hands it in"), work="bulk")
        gate.set()
        [future.result(10) for future in [*futures, bulk]]
        wait_until(lambda: worker.open_jobs == 0)
        assert worker.submit(ask("桥")).result(10).id == "桥"


def test_online_work_goes_before_bulk_work_that_came_first() -> None:
    engine = ScriptedEngine(rows=1)
    gate = held(engine)
    with working(engine) as worker:
        running = worker.submit(ask("running"))
        wait_until(lambda: engine.admitted == 1)
        bulk = [worker.submit(ask(f"bulk {n}"), work="bulk") for n in range(2)]
        online = [worker.submit(ask(f"online {n}")) for n in range(2)]
        gate.set()
        [future.result(10) for future in [running, *bulk, *online]]
    assert engine.batches == [["running"], ["online 0"], ["online 1"], ["bulk 0"], ["bulk 1"]]


def test_online_work_waits_for_the_running_step_only_though_bulk_work_fills_the_engine() -> None:
    engine = ScriptedEngine(rows=2, steps=3)  # an article takes three steps
    gate = held(engine)
    with working(engine) as worker:
        bulk = [worker.submit(ask(f"bulk {n}"), work="bulk") for n in range(2)]
        wait_until(lambda: engine.admitted == 2)
        online = worker.submit(ask("online"))
        gate.set()
        assert [future.result(10).id for future in [online, *bulk]] == [
            "online",
            "bulk 0",
            "bulk 1",
        ]
    assert engine.batches[1] == ["bulk 0", "online"]
    assert sum("bulk 1" in batch for batch in engine.batches) == 1 + 3  # it had to begin again
    assert len(engine.cancelled) == 1


def test_online_work_that_is_tried_alone_sends_bulk_work_out() -> None:
    engine = ScriptedEngine()
    gate = held(engine)
    with working(engine) as worker:
        first = worker.submit(ask("first"))
        wait_until(lambda: engine.admitted == 1)
        futures = [worker.submit(ask(text)) for text in ("poison", "good")]
        bulk = worker.submit(ask("bulk"), work="bulk")
        gate.set()
        assert [future.result(10).id for future in [first, futures[1], bulk]] == [
            "first",
            "good",
            "bulk",
        ]
        with pytest.raises(EngineFailed, match="twice"):
            futures[0].result(10)
    assert engine.batches[1:] == [["poison", "good", "bulk"], ["poison"], ["good"], ["bulk"]]


def test_a_deadline_ends_waiting_and_running_work() -> None:
    engine = ScriptedEngine(rows=1)
    gate = held(engine)
    with working(engine, window_s=0.05) as worker:
        futures = [worker.submit(ask(text), timeout_s=0.1) for text in ("running", "waiting")]
        time.sleep(0.15)
        gate.set()
        late = worker.submit(ask("late"), timeout_s=30)
        assert late.result(10).id == "late"
        for future in futures:
            with pytest.raises(DeadlineExceeded):
                future.result(10)
        assert worker.open_jobs == 0


def test_cancelled_work_leaves_the_engine_and_its_plan_is_closed() -> None:
    closed = threading.Event()

    def watched() -> Plan:
        try:
            yield from ask("cancel me", times=100)
        finally:
            closed.set()
        raise AssertionError

    engine = ScriptedEngine(rows=1)
    gate = held(engine)
    with working(engine) as worker:
        running: Future[Result] = worker.submit(watched())
        waiting = worker.submit(ask("waits"))
        wait_until(lambda: worker.open_jobs == 2)
        assert running.cancel()
        assert waiting.cancel()
        gate.set()
        with pytest.raises(CancelledError):
            running.result(10)
        assert closed.wait(10)
        wait_until(lambda: worker.open_jobs == 0)
    assert ["waits"] not in engine.batches


@pytest.mark.parametrize("how", ["cancelled", "late"])
def test_an_engine_in_the_middle_of_a_step_can_see_that_a_request_is_abandoned(how: str) -> None:
    seen: list[bool] = []
    begun = threading.Event()

    def script(request: Request) -> Answer | DiglotError:
        seen.append(request.abandoned())
        begun.set()
        wait_until(request.abandoned)
        seen.append(request.abandoned())
        return EngineFailed("abandoned")

    with working(ScriptedEngine(script)) as worker:
        future = worker.submit(ask("a"), timeout_s=0.3 if how == "late" else None)
        assert begun.wait(10)
        if how == "cancelled":
            future.cancel()
        with pytest.raises(CancelledError if how == "cancelled" else DeadlineExceeded):
            future.result(10)
    assert seen == [False, True]


def test_stop_finishes_admitted_plans_and_takes_no_more() -> None:
    engine = ScriptedEngine(rows=1)
    gate = held(engine)
    worker = Worker(engine)
    worker.start()
    futures = [worker.submit(ask(str(n))) for n in range(3)]
    assert worker.stop(timeout_s=0.05) is False
    with pytest.raises(NotReady):
        worker.submit(ask("late"))
    gate.set()
    assert [future.result(10).id for future in futures] == ["0", "1", "2"]
    assert worker.stop(timeout_s=10)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_dead_worker_fails_its_jobs_and_refuses_more() -> None:
    engine = ScriptedEngine()

    class Fatal(BaseException):
        pass

    def fatal() -> None:
        raise Fatal

    engine.before_step = fatal
    worker = Worker(engine)
    worker.start()
    future = worker.submit(ask("lost"))
    with pytest.raises(NotReady):
        future.result(10)
    wait_until(lambda: not worker.alive)
    with pytest.raises(NotReady):
        worker.submit(ask("later"))
    assert worker.stop(timeout_s=10)


# Plans and engines that take long


class Gated:
    """An engine that answers at once, but waits for `gate` where the passage says "long"."""

    identity = ScriptedEngine().identity
    passage_limit = None

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.begun = 0

    def measure(self, passage: str) -> int:
        return len(passage)

    def admit(self, request: Request) -> None:
        raise AssertionError("it needs no steps")

    def step(self) -> list[Finished]:
        raise AssertionError("it needs no steps")

    def cancel(self, request_id: str) -> None:
        pass

    def answer(self, request: Request) -> Answer | DiglotError:
        if "long" in request.document.text:
            self.begun += 1
            assert self.gate.wait(30)
        return written(request)


def slow(passage: str, gate: threading.Event) -> Plan:
    """A plan of a long article, whose checks take until `gate` is set."""
    long = passage + "." * SHORT_TOKENS
    yield Request("", Document.of(long, "en"), (DigestTask("en"),))
    assert gate.wait(30)
    return result(passage, "")


@pytest.mark.parametrize("text", ["short", "短文"])
def test_a_plan_that_takes_long_holds_up_neither_the_engine_nor_its_neighbours(text: str) -> None:
    engine, gate = ScriptedEngine(), threading.Event()
    with working(engine) as worker:
        long = [worker.submit(slow(f"long {n}", gate)) for n in range(5)]
        wait_until(lambda: len([p for batch in engine.batches for p in batch]) == 5)
        assert worker.submit(ask(text, 3)).result(10).id == text
        assert not any(future.done() for future in long)
        gate.set()
        assert [future.result(10).id for future in long] == [f"long {n}" for n in range(5)]


@pytest.mark.parametrize("text", ["short", "短文"])
def test_an_engine_that_answers_at_once_does_so_beside_an_answer_that_takes_long(text: str) -> None:
    engine = Gated()
    with working(engine) as worker:
        long = [worker.submit(ask("long"), work=work) for work in ("online", "bulk") * 3]
        wait_until(lambda: engine.begun == 5)  # two threads for bulk work
        assert worker.submit(ask(text, 3)).result(10).id == text
        assert not any(future.done() for future in long)
        engine.gate.set()
        assert all(future.result(10).id == "long" for future in long)


THREE_OF_EACH: list[tuple[Work, Lane]] = [
    *[("bulk", "slow")] * 3,
    *[("online", "slow")] * 3,
    *[("online", "express")] * 3,
]


def elsewhere(passage: str, gate: threading.Event) -> Plan:
    """A plan that runs in another process: its first request asks for its turn."""
    yield Request("", Document.of(passage, "en"), ())
    assert gate.wait(30)
    answer = yield Request("", Document.of(passage, "en"), (DigestTask("en"),))
    assert answer.tasks
    return result(passage, "")


@pytest.mark.parametrize("engine", [ScriptedEngine(), Gated()])
@pytest.mark.parametrize("text", ["short", "短文"])
def test_plans_in_other_processes_take_turns_and_hold_up_no_other(
    engine: Engine, text: str
) -> None:
    gate = threading.Event()
    with working(engine, processes=2, threads=1) as worker:
        far = [
            worker.submit(elsewhere(f"{n}", gate), work=work, lane=lane)
            for n, (work, lane) in enumerate(THREE_OF_EACH)
        ]
        late = worker.submit(elsewhere("late", gate), timeout_s=0.1, lane="express")
        with pytest.raises(DeadlineExceeded):
            late.result(10)
        assert worker.submit(ask(text, 3)).result(10).id == text
        # Two in the express lane, and one of each work in the slow one.
        wait_until(lambda: len(worker._plans) == 4)
        assert not any(future.done() for future in far)
        gate.set()
        assert [future.result(10).id for future in far] == [f"{n}" for n in range(9)]


def test_work_that_waits_for_a_thread_keeps_its_deadline_and_can_be_cancelled() -> None:
    engine = Gated()
    with working(engine, threads=1) as worker:
        long = worker.submit(ask("long"))
        wait_until(lambda: engine.begun == 1)
        late, left = worker.submit(ask("late"), timeout_s=0.1), worker.submit(ask("left"))
        left.cancel()
        with pytest.raises(DeadlineExceeded):
            late.result(10)
        wait_until(lambda: worker.open_jobs == 1)
        engine.gate.set()
        assert long.result(10)


def test_an_article_that_is_given_up_while_its_plan_is_at_work_ends_there() -> None:
    engine, closed = Gated(), threading.Event()

    def plan() -> Plan:
        try:
            for _ in range(2):
                yield Request("", Document.of("long", "en"), (DigestTask("en"),))
        finally:
            closed.set()
        return result("long", "")

    with working(engine) as worker:
        future = worker.submit(plan())
        wait_until(lambda: engine.begun == 1)
        future.cancel()
        engine.gate.set()
        assert closed.wait(10)
        assert engine.begun == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_worker_that_dies_fails_jobs_in_threads() -> None:
    engine, gate = ScriptedEngine(), threading.Event()
    with working(engine) as worker:
        busy = worker.submit(slow("busy", gate))
        wait_until(lambda: bool(engine.batches))
        asks_again = worker.submit(asking_after(gate))
        wait_until(lambda: len(engine.batches) == 2)
        with pytest.raises(NotReady):
            worker.submit(ask("fatal")).result(10)
        gate.set()
        assert busy.result(10).id == "busy"  # it had all it needed
        with pytest.raises(NotReady):
            asks_again.result(10)


def asking_after(gate: threading.Event) -> Plan:
    yield Request("", Document.of("a" * (SHORT_TOKENS + 1), "en"), (DigestTask("en"),))
    assert gate.wait(30)
    yield Request("", Document.of("b", "en"), (DigestTask("en"),))
    return result("b", "")


@pytest.mark.parametrize("letter", ["a", "议"])
def test_a_shorter_article_has_its_turn_before_a_much_longer_one_that_came_first(
    letter: str,
) -> None:
    begun: list[int] = []

    def noted(passage: str, gate: threading.Event) -> Plan:
        yield Request("", Document.of(passage, "en"), ())
        begun.append(len(passage))
        assert gate.wait(30)
        yield Request("", Document.of(passage, "en"), (DigestTask("en"),))
        return result(passage, "")

    gate = threading.Event()
    with working(ScriptedEngine(), processes=1) as worker:
        futures = [worker.submit(noted(letter * 10, gate), lane="express")]
        wait_until(lambda: begun == [10])
        sizes = (200_000, 9_000, 3_000)
        futures += [worker.submit(noted(letter * size, gate), lane="express") for size in sizes]
        gate.set()
        for future in futures:
            future.result(10)
    assert begun == [10, 3_000, 9_000, 200_000]
