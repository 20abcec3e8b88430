"""The application factory: one Flask app over one desk."""

import logging
import re
import time
import uuid

from flask import Flask, Response, g, request

from service.running.desk import Desk
from service.settings import Settings
from service.web import problems
from service.web.routes import Slots, blueprint

log = logging.getLogger(__name__)

# JSON may write one character as twelve bytes ("\ud83d\ude00"), and holds some more than the text.
BYTES_A_CHARACTER = 12
ROOM_BESIDE_THE_TEXT = 64 * 1024

# The desk watches the deadline; this much later the face gives up on the desk as well.
GRACE_S = 5.0

# A client that sends or takes no byte for so long loses its connection, not a thread of ours.
STALLED_S = 30.0

_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")


def create_app(desk: Desk, settings: Settings) -> Flask:
    """A Flask app that answers with what `desk` makes; it neither opens nor closes the desk."""
    app = Flask(__name__)
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_characters * BYTES_A_CHARACTER + ROOM_BESIDE_THE_TEXT,
        DESK=desk,
        GRACE_S=GRACE_S,
        SETTINGS=settings,
        SLOTS=Slots(settings.http_threads),
        STALLED_S=STALLED_S,
    )
    app.before_request(_begin)
    app.after_request(_end)
    app.register_blueprint(blueprint)
    problems.install(app)
    return app


def _begin() -> None:
    g.started = time.monotonic()
    sent = request.headers.get("X-Request-Id", "")
    g.request_id = sent if _REQUEST_ID.fullmatch(sent) else str(uuid.uuid4())


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.request_id
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Cache-Control", "no-store")
    # The route, not the address: an address can hold what a person asked about, or a line break.
    route = request.url_rule.rule if request.url_rule else "unknown"
    milliseconds = (time.monotonic() - g.started) * 1000
    log.info(
        "%s %s %s %d %.0f ms",
        g.request_id,
        request.method,
        route,
        response.status_code,
        milliseconds,
    )
    return response
