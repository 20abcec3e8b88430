"""The application factory: one Flask app over one service."""

import threading
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g, request
from flask.typing import ResponseReturnValue

from service.report.report_maker import ReportMaker
from service.serving.batch_runner import Bulk
from service.serving.service import Service
from service.settings import Settings
from service.store.batches import Batches
from service.web import (
    batch_routes,
    chat_errors,
    chat_routes,
    check_routes,
    problems,
    report_routes,
)
from service.web.incoming import BodyPending
from service.web.middleware import auth, request_log, security_headers
from service.web.response_wait import Slots
from service.web.routes import blueprint

# JSON may write one character as twelve bytes ("\ud83d\ude00"), and holds some more than the text.
BYTES_A_CHARACTER = 12
ROOM_BESIDE_THE_TEXT = 64 * 1024

# The service watches the deadline; this much later the face gives up on the service as well.
GRACE_S = 5.0

READINGS = 2
"""Long articles that are read at a time, and as many batches."""

SEEN = "diglot.seen"
"""In the WSGI environ: facts about a request for which the application is called a second time."""


class App(Flask):
    """A Flask app that may be called twice for one request: by its head, and with its body.

    What comes before a route (the key, the rates) is done the first time only. A route that asks
    for its body tells the server the most bytes that it takes.
    """

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Returns `func`: no view or hook is async, and asking each at every request takes time."""
        return func

    def full_dispatch_request(self) -> Response:
        try:
            return super().full_dispatch_request()
        except BodyPending as pending:
            pending.limit = request.max_content_length
            raise

    def preprocess_request(self) -> ResponseReturnValue | None:
        seen = request.environ.get(SEEN)
        known = vars(g._get_current_object())
        if seen:
            known.update(seen)
            return None
        refused = super().preprocess_request()
        if seen is not None:
            seen.update(known)
        return refused


def create_app(
    service: Service,
    settings: Settings,
    store: Batches | None = None,
    bulk: Bulk | None = None,
    stopping: threading.Event | None = None,
) -> Flask:
    """A Flask app that answers with what `service` makes, and stores batches in `store`, if any.

    It neither opens nor closes any of them. From when `stopping` is set it takes nothing more.
    """
    app = App(__name__)
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_characters * BYTES_A_CHARACTER + ROOM_BESIDE_THE_TEXT,
        BATCHES=store,
        BULK=bulk,
        SERVICE=service,
        GRACE_S=GRACE_S,
        SETTINGS=settings,
        SLOTS=Slots(settings.http_threads),
        REPORTS=ReportMaker(settings),
        TURNS=threading.BoundedSemaphore(READINGS),
        UPLOADS=threading.BoundedSemaphore(READINGS),
        STOPPING=stopping or threading.Event(),
    )
    request_log.install(app)
    security_headers.install(app)
    auth.install(app, settings)
    app.register_blueprint(blueprint)
    app.register_blueprint(batch_routes.blueprint)
    app.register_blueprint(check_routes.blueprint)
    app.register_blueprint(chat_routes.blueprint)
    chat_errors.install(app)
    app.register_blueprint(report_routes.blueprint)
    problems.install(app)
    return app
