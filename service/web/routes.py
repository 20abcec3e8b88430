"""Routes: the page, /summarize, health, metrics and docs."""

import json
from typing import Any, cast

from flask import Blueprint, Response, current_app, g, render_template, request
from pydantic import BaseModel

from service import metrics
from service.errors import NotReady
from service.serving.service import State
from service.web.explanations import explained
from service.web.openapi import document
from service.web.operations import OPERATIONS, Live, Ready
from service.web.problems import problem
from service.web.request_body import read_article
from service.web.request_fields import Asked
from service.web.streaming import EVENTS, Newest, events
from service.web.submission import service, settings, slot, streamed, submit, turn

blueprint = Blueprint("diglot", __name__)


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
    return _json(document(request.script_root))


def _page(template: str, **shown: object) -> Response:
    return Response(render_template(template, **shown), mimetype="text/html")


@blueprint.get("/livez")
def livez() -> Response:
    return _answer(Live())


LATE = "diglot.late"
"""In the WSGI environ: whether the request's head came after the service was told to stop. Where a
server does not say it, a request is late that is begun while the service stops."""


@blueprint.before_app_request
def take_nothing_more_while_stopping() -> None:
    if request.method == "POST" and request.environ.get(LATE, _is_stopping()):
        raise NotReady("The service is stopping.")


@blueprint.get("/readyz")
def readyz() -> Response:
    identity, state = service().identity, _state()
    if state == "ready" and identity is not None:
        return _answer(Ready(engine=identity))
    stopping = "the service is stopping" if _is_stopping() else None
    reason = stopping or service().reason or f"The engine is {state}."
    return problem(NotReady.status, NotReady.code, NotReady.title, reason, {"state": state})


@blueprint.get("/metrics", endpoint="metrics")
def show_metrics() -> Response:
    metrics.state.state(_state())
    return Response(metrics.exposition(), mimetype=metrics.CONTENT_TYPE)


@blueprint.post("/summarize")
def summarize() -> Response:
    with slot() as held:
        newest = Newest() if _wants_events() else None
        with turn():
            sent = read_article(request, settings().max_characters)
            future, waiting = submit(sent, newest.put if newest else None)
        if newest is None:
            return _answer(waiting.result())
        stream = events(future, newest, waiting, sent.options.zh_script, g.request_id)
        return streamed(stream, future, held)


def _wants_events() -> bool:
    return request.accept_mimetypes.best_match(["application/json", EVENTS]) == EVENTS


def _state() -> State:
    return "draining" if _is_stopping() else service().state


def _is_stopping() -> bool:
    return cast(bool, current_app.config["STOPPING"].is_set())


def _answer(model: BaseModel) -> Response:
    return Response(model.model_dump_json() + "\n", mimetype="application/json")


def _json(body: dict[str, Any]) -> Response:
    return Response(json.dumps(body, ensure_ascii=False) + "\n", mimetype="application/json")
