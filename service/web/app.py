"""The application factory: one Flask app over one desk."""

from flask import Flask

from service.running.desk import Desk
from service.settings import Settings
from service.web import access, headers, problems, seen
from service.web.routes import Slots, blueprint

# JSON may write one character as twelve bytes ("\ud83d\ude00"), and holds some more than the text.
BYTES_A_CHARACTER = 12
ROOM_BESIDE_THE_TEXT = 64 * 1024

# The desk watches the deadline; this much later the face gives up on the desk as well.
GRACE_S = 5.0

# A client that sends or takes no byte for so long loses its connection, not a thread of ours.
STALLED_S = 30.0


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
    seen.install(app)
    headers.install(app)
    access.install(app, settings)
    app.register_blueprint(blueprint)
    problems.install(app)
    return app
