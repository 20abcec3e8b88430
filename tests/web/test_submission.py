"""A slot is held while a request waits for its answer, and no longer."""

from concurrent.futures import Future
from pathlib import Path

import pytest
from flask import Flask

from service.errors import Overloaded
from service.result import Result
from service.settings import Settings
from service.web.app import create_app
from service.web.submission import slot, streamed
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
