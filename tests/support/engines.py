"""An engine asked directly, and through the worker as the service asks it."""

from collections.abc import Sequence
from typing import Any

import pytest

from service.article import Document
from service.errors import DiglotError, EngineFailed
from service.llm.llm_engine import LLMEngine
from service.serving.queue import Plan
from service.serving.worker import Worker
from service.tasks import Answer, DigestTask, Finished, Request, StanceAnswer, StanceTask, Task
from tests.support import tiny

TASKS: tuple[Task, ...] = (
    DigestTask("en", "short"),
    DigestTask("zh", "short"),
    StanceTask("the bridge"),
)


def request(
    name: str, passage: str = tiny.ENGLISH, tasks: Sequence[Task] = TASKS, **changes: Any
) -> Request:
    language = "zh-Hans" if passage == tiny.CHINESE else "en"
    language, title = changes.pop("language", language), changes.pop("title", None)
    return Request(name, Document.of(passage, language, title), tuple(tasks), **changes)


def outcomes(finished: list[Finished]) -> dict[str, Any]:
    return {one.request_id: one.outcome for one in finished}


def finish(engine: LLMEngine, most_steps: int = 4000) -> dict[str, Any]:
    """The answers of all admitted requests, by id."""
    finished: dict[str, Any] = {}
    for _ in range(most_steps):
        finished |= outcomes(engine.step())
        if not engine._pending:
            return finished
    raise AssertionError(f"not finished after {most_steps} steps")


def answer_alone(engine: LLMEngine, asked: Request) -> Answer:
    engine.admit(asked)
    outcome = finish(engine)[asked.id]
    assert isinstance(outcome, Answer)
    return outcome


def assert_same(one: Answer, other: Answer) -> None:
    """Scores may differ in the last bits, as sums of floats do; words may not."""
    for left, right in zip(one.tasks, other.tasks, strict=True):
        if isinstance(left, StanceAnswer):
            assert isinstance(right, StanceAnswer)
            assert left.label == right.label
            assert left.scores == pytest.approx(right.scores, rel=1e-3)
        else:
            assert left == right


def ask_worker(engine: LLMEngine, *requests: Request) -> dict[str, Any]:
    """The answer or error of each request, sent to a worker all at once as the service does."""
    outcomes: dict[str, Any] = {}

    def ask(request: Request) -> Plan:
        try:
            outcomes[request.id] = yield request
        except DiglotError as error:
            outcomes[request.id] = error
        raise EngineFailed("no result is wanted")

    worker = Worker(engine, window_s=0.2)
    worker.start()
    futures = [worker.submit(ask(request)) for request in requests]
    for future in futures:
        assert isinstance(future.exception(120), EngineFailed)
    assert worker.stop(10)
    return outcomes
