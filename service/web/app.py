"""The application factory: one Flask app over one service."""

from flask import Flask

from service.serving.batch_runner import Bulk
from service.serving.service import Service
from service.settings import Settings
from service.store.batches import Batches
from service.web import batch_routes, problems
from service.web.middleware import auth, request_log, security_headers
from service.web.response_wait import Slots
from service.web.routes import blueprint

# JSON may write one character as twelve bytes ("\ud83d\ude00"), and holds some more than the text.
BYTES_A_CHARACTER = 12
ROOM_BESIDE_THE_TEXT = 64 * 1024

# The service watches the deadline; this much later the face gives up on the service as well.
GRACE_S = 5.0

# A client that sends or takes no byte for so long loses its connection, not a thread of ours.
STALLED_S = 30.0


def create_app(
    service: Service, settings: Settings, store: Batches | None = None, bulk: Bulk | None = None
) -> Flask:
    """A Flask app that answers with what `service` makes, and stores batches in `store`, if any.

    It neither opens nor closes any of them.
    """
    app = Flask(__name__)
    app.config.update(
        MAX_CONTENT_LENGTH=settings.max_characters * BYTES_A_CHARACTER + ROOM_BESIDE_THE_TEXT,
        BATCHES=store,
        BULK=bulk,
        SERVICE=service,
        GRACE_S=GRACE_S,
        SETTINGS=settings,
        SLOTS=Slots(settings.http_threads),
        STALLED_S=STALLED_S,
    )
    request_log.install(app)
    security_headers.install(app)
    auth.install(app, settings)
    app.register_blueprint(blueprint)
    app.register_blueprint(batch_routes.blueprint)
    problems.install(app)
    return app
