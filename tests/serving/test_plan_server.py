"""The serving side of a plan process, over a pipe in this one."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from typing import Any

import pytest

from service.article import Article
from service.engine import Identity
from service.errors import EngineFailed, NoText
from service.resources import Resources
from service.result import Result
from service.serving.plan_messages import Begin, Forget, Measure, PlanStep, Resume
from service.serving.plan_server import PlanServer, untold
from service.settings import Settings
from service.tasks import Draft, Options, Request
from tests.support.scripted import written

TEXTS = [
    "The council of Ashford voted to build a bridge. The mayor called it overdue.",
    "青石镇议会投票决定建一座新桥。镇长林秀兰表示，这座桥早该建了。",
]
IDENTITY = Identity("scripted", "tests", None, "sha256:0")


class Serving:
    def __init__(self) -> None:
        self.ours, theirs = Pipe()
        self.server = PlanServer(theirs, Resources.load(Settings()))
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        with suppress(EOFError):
            self.server.serve()

    def ask(self, message: Any) -> Any:
        connection: Connection = self.ours
        connection.send(message)
        assert connection.poll(60)
        return connection.recv()


@pytest.fixture
def serving() -> Iterator[Serving]:
    opened = Serving()
    yield opened
    opened.ours.close()
    opened.thread.join(10)
    assert not opened.thread.is_alive(), "it ends when the service closes its end"


def begin(text: str, **more: Any) -> Begin:
    known = {"passage_limit": None, "is_extractive": False, "is_watched": False, **more}
    return Begin(7, "mine", Article(text), Options(), IDENTITY, **known)


@pytest.mark.parametrize("text", TEXTS)
def test_a_plan_is_taken_to_its_request_and_then_to_its_end(serving: Serving, text: str) -> None:
    step = serving.ask(begin(text))
    assert isinstance(step, PlanStep) and isinstance(step.outcome, Request)
    assert step.outcome.document.text == text
    ended = serving.ask(Resume(7, written(step.outcome)))
    assert isinstance(ended.outcome, Result) and ended.outcome.id == "mine"
    assert serving.server._plans == {}


@pytest.mark.parametrize("text", TEXTS)
def test_without_a_model_the_first_step_is_the_last(serving: Serving, text: str) -> None:
    ended = serving.ask(begin(text, is_extractive=True)).outcome
    assert isinstance(ended, Result)
    assert {digest.engine for digest in ended.digests.values()} == {"extractive"}


def test_lengths_are_asked_of_the_service(serving: Serving) -> None:
    asked = serving.ask(begin(TEXTS[0], passage_limit=100))
    assert asked == Measure(TEXTS[0])
    assert isinstance(serving.ask(12).outcome, Request)


def test_a_watched_request_has_a_watch_that_the_service_fills_in(serving: Serving) -> None:
    request = serving.ask(begin(TEXTS[0], is_watched=True)).outcome
    assert request.watch.tell is untold
    assert untold(Draft(0, "en", 1, "a")) is None  # type: ignore[func-returns-value]


def test_errors_are_outcomes(serving: Serving) -> None:
    assert isinstance(serving.ask(begin(" ")).outcome, NoText)
    serving.ask(begin(TEXTS[1]))
    assert isinstance(serving.ask(Resume(7, EngineFailed("no"))).outcome, EngineFailed)


def test_a_plan_that_is_forgotten_is_closed(serving: Serving) -> None:
    serving.ask(begin(TEXTS[0]))
    serving.ours.send(Forget(7))
    serving.ours.send(Forget(8))  # one that it never had
    serving.ask(begin(TEXTS[1], is_extractive=True))
    assert serving.server._plans == {}


def test_the_process_stays_light() -> None:
    code = "import sys, service.serving.plan_server; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert not {"torch", "transformers", "flask", "service.llm"} & set(done.stdout.split())
