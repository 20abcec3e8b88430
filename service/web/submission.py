"""Parts of the application that requests use, and the handing in of an article."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, nullcontext
from typing import NamedTuple, cast

from flask import Response, current_app, g, request

from service.errors import StoreFailed
from service.pipeline.context import Watch
from service.result import Result
from service.serving.service import Service
from service.settings import Settings
from service.store.batches import Batches
from service.web.request_body import Sent
from service.web.response_wait import LONG, Slots, Waiting, client
from service.web.streaming import EVENTS

LENGTH = "diglot.length"
"""In the WSGI environ: bytes of the body, as announced, or as far as it has come in chunks."""


class Submission(NamedTuple):
    """An article that was handed in, and the wait for its answer."""

    future: Future[Result]
    waiting: Waiting[Result]


@contextmanager
def slot() -> Iterator[ExitStack]:
    """One of the places for requests that wait. Raises Overloaded where none is free.

    It is given back at the end, unless the stack was handed to `streamed`.
    """
    with ExitStack() as stack:
        stack.enter_context(_slots().one(_length()))
        yield stack


@contextmanager
def turn() -> Iterator[None]:
    """A turn at reading the request's body and handing its article in; a short one needs none.

    Threads take turns at Python, so that a short article would wait for every long one otherwise.
    """
    turns: threading.Semaphore = current_app.config["TURNS"]
    with turns if _length() >= LONG else nullcontext():
        yield


def _slots() -> Slots:
    return cast(Slots, current_app.config["SLOTS"])


def _length() -> int:
    """Bytes of the request's body, as far as they are known."""
    return cast(int, request.environ.get(LENGTH, request.content_length or 0))


def settings() -> Settings:
    return cast(Settings, current_app.config["SETTINGS"])


def service() -> Service:
    """The service of the application that answers this request."""
    return cast(Service, current_app.config["SERVICE"])


def batches() -> Batches:
    """The store of batches. Raises StoreFailed where none is open."""
    store = cast(Batches | None, current_app.config["BATCHES"])
    if store is None:
        raise StoreFailed("No store of batches is open.")
    return store


def owner() -> str:
    """Owner of the request's batches: its key, or "" where no keys are used."""
    return cast(str, g.get("owner", ""))


def submit(sent: Sent, watch: Watch | None = None) -> Submission:
    """Hand in what a request sent. Raises what Service.submit raises."""
    seconds = min(sent.timeout or settings().timeout_s, settings().timeout_s)
    future = service().submit(
        sent.article,
        sent.options,
        timeout_s=seconds,
        id=g.request_id,
        watch=watch,
        owner=owner(),
    )
    return Submission(future, Waiting(future, seconds + current_app.config["GRACE_S"], client()))


def streamed(events: Iterator[bytes], future: Future[Result], held: ExitStack) -> Response:
    """`events` as a response; closing it gives the article up.

    The slot is held until the answer is there, however slowly it is taken then.
    """
    response = Response(events, mimetype=EVENTS, headers={"X-Accel-Buffering": "no"})
    response.call_on_close(future.cancel)
    kept = held.pop_all()
    future.add_done_callback(lambda _: kept.close())
    return response
