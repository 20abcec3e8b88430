"""A slot is held while a request waits for its answer, and no longer."""

from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask

from service.errors import Overloaded
from service.result import Result
from service.settings import Settings
from service.web.app import READINGS, create_app
from service.web.response_wait import LONG
from service.web.submission import LENGTH, slot, streamed, turn
from tests.support.fakes import FakeService


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return create_app(FakeService(), Settings(data=tmp_path, http_threads=1))  # type: ignore[arg-type]


def test_a_slot_is_given_back(app: Flask) -> None:
    with app.test_request_context("/"):
        with slot(), pytest.raises(Overloaded), slot():
            pass
        with slot():
            pass


def test_a_stream_holds_its_slot_until_the_answer_is_there(app: Flask) -> None:
    future: Future[Result] = Future()
    with app.test_request_context("/"):
        with slot() as held:
            streamed(iter([b"x"]), future, held)
        with pytest.raises(Overloaded), slot():
            pass
        future.set_exception(Overloaded())
        with slot():
            pass


@pytest.mark.parametrize("threads", [4, 5])
def test_long_bodies_leave_half_of_the_slots_to_others(tmp_path: Path, threads: int) -> None:
    app = create_app(FakeService(), Settings(data=tmp_path, http_threads=threads))  # type: ignore[arg-type]
    with ExitStack() as held:
        for _ in range(2):
            with app.test_request_context("/", environ_overrides={LENGTH: LONG}):
                held.enter_context(slot())
        with (
            app.test_request_context("/", environ_overrides={LENGTH: LONG}),
            pytest.raises(Overloaded, match="2 requests with long bodies"),
            slot(),
        ):
            pass
        for _ in range(2):
            with app.test_request_context("/", environ_overrides={LENGTH: LONG - 1}):
                held.enter_context(slot())


def test_a_refused_long_body_takes_no_place(app: Flask) -> None:
    with app.test_request_context("/", environ_overrides={LENGTH: LONG}):
        with slot(), pytest.raises(Overloaded), slot():
            pass
        with slot():
            pass


def test_a_short_body_is_read_while_long_ones_have_every_turn(app: Flask) -> None:
    with ExitStack() as held:
        for _ in range(READINGS):
            with app.test_request_context("/", environ_overrides={LENGTH: LONG}):
                held.enter_context(turn())
        assert not app.config["TURNS"].acquire(blocking=False)
        with app.test_request_context("/", data=b"a" * 100), turn():
            pass
    assert app.config["TURNS"].acquire(blocking=False)
