"""What each address answers."""

import concurrent.futures
import json
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from flask import Blueprint, Response, current_app, g, render_template, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from service import counts
from service.errors import Cancelled, DeadlineExceeded, NotReady, Overloaded
from service.result import Result
from service.running.desk import Desk
from service.settings import Settings
from service.web.bodies import Asked, read_article
from service.web.contract import OPERATIONS, document
from service.web.explained import explained
from service.web.problems import problem
from service.web.states import Live, Ready

blueprint = Blueprint("diglot", __name__)

# How often a waiting request looks whether its asker is still there.
LOOK_EVERY_S = 0.25


class Slots:
    """Bounds how many requests wait for answers, so that threads are left for /livez and /readyz.

    Without it a busy service would look dead, and be killed for it.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._free = threading.BoundedSemaphore(count)

    @contextmanager
    def one(self) -> Iterator[None]:
        if not self._free.acquire(blocking=False):
            raise Overloaded(f"{self._count} requests wait for their answers already.")
        try:
            yield
        finally:
            self._free.release()


@blueprint.get("/")
def page() -> Response:
    return _page("page.html")


@blueprint.get("/docs")
def docs() -> Response:
    return _page(
        "docs.html", operations=OPERATIONS, options=Asked.model_fields, problems=explained()
    )


@blueprint.get("/openapi.json")
def contract() -> Response:
    return _json(document())


def _page(template: str, **shown: object) -> Response:
    return Response(render_template(template, **shown), mimetype="text/html")


@blueprint.get("/livez")
def livez() -> Response:
    return _answer(Live())


@blueprint.get("/readyz")
def readyz() -> Response:
    desk = _desk()
    if desk.state == "ready" and desk.identity is not None:
        return _answer(Ready(engine=desk.identity))
    reason = desk.reason or f"The engine is {desk.state}."
    return problem(NotReady.status, NotReady.code, NotReady.title, reason, {"state": desk.state})


@blueprint.get("/metrics")
def metrics() -> Response:
    counts.state.state(_desk().state)
    return Response(generate_latest(), mimetype=CONTENT_TYPE_LATEST)


@blueprint.post("/summarize")
def summarize() -> Response:
    settings: Settings = current_app.config["SETTINGS"]
    slots: Slots = current_app.config["SLOTS"]
    client = cast(socket.socket | None, request.environ.get("gunicorn.socket"))
    if client is not None:
        client.settimeout(current_app.config["STALLED_S"])
    with slots.one():
        article, options = read_article(request, settings.max_characters)
        future = _desk().submit(article, options, timeout_s=settings.timeout_s, id=g.request_id)
        result = _wait(future, settings.timeout_s + current_app.config["GRACE_S"], client)
    return _answer(result)


def _wait(
    future: concurrent.futures.Future[Result], limit_s: float, client: socket.socket | None
) -> Result:
    """The Result; an asker who hung up, or a desk that never answers, frees the place at once."""
    last = time.monotonic() + limit_s
    while not concurrent.futures.wait([future], timeout=LOOK_EVERY_S).done:
        if client is not None and _gone(client):
            future.cancel()
            raise Cancelled("The client closed the connection before the answer was there.")
        if time.monotonic() > last:
            future.cancel()
            raise DeadlineExceeded("The answer was not there in time.")
    try:
        return future.result()
    except concurrent.futures.CancelledError as error:
        raise NotReady("The service is stopping.") from error


def _gone(client: socket.socket) -> bool:
    """Whether the client has closed its side; an HTTP client that waits for an answer has not."""
    poll = select.poll()
    poll.register(client, select.POLLIN)
    try:
        return bool(poll.poll(0)) and client.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return True


def _desk() -> Desk:
    return cast(Desk, current_app.config["DESK"])


def _answer(model: BaseModel) -> Response:
    return Response(model.model_dump_json() + "\n", mimetype="application/json")


def _json(body: dict[str, Any]) -> Response:
    return Response(json.dumps(body, ensure_ascii=False) + "\n", mimetype="application/json")
