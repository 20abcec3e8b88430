"""The part of a request's way that runs in a thread: calling the application for its answer."""

import logging
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from typing import Any

from gunicorn.http import wsgi

from service.errors import DiglotError
from service.web import connection_limits as limits
from service.web.app import SEEN
from service.web.connections import Connection
from service.web.incoming import BodyPending, PendingBody
from service.web.outgoing import ClientGone, Rest
from service.web.protocol_errors import write_error
from service.web.routes import LATE
from service.web.streaming import EVENTS
from service.web.submission import LENGTH

log = logging.getLogger(__name__)


class NextStep(Enum):
    """The next thing that the loop does with a connection that comes back from a thread."""

    AWAIT_BODY = auto()
    GO_ON = auto()
    """Let a thread make more of the answer, after what others wait for."""
    SEND = auto()
    DROP = auto()
    RESET = auto()
    """Close it so that the client can't take what it has for the whole answer."""


class WsgiCaller:
    """Calls `application` and takes its answers. `is_stopping` tells whether the service ends."""

    def __init__(self, cfg: Any, application: Any, is_stopping: Callable[[], bool]) -> None:
        self._cfg = cfg
        self._application = application
        self._is_stopping = is_stopping

    def begin(self, conn: Connection) -> NextStep:
        """Call the application, and send its answer as far as the client takes it."""
        try:
            if conn.fault is not None:
                raise conn.fault
            response, environ = self._speak_wsgi(conn)
            body = self._application(environ, response.start_response)
            conn.answer = Rest(response, body, is_live=_is_live(response))
        except BodyPending as pending:
            conn.incoming.limit = pending.limit
            return NextStep.AWAIT_BODY
        except Exception as error:
            return self._fail(conn, error)
        is_there = response.response_length is not None
        return self.go_on(conn) if is_there or conn.answer.is_live else NextStep.GO_ON

    def _speak_wsgi(self, conn: Connection) -> tuple[Any, dict[str, Any]]:
        incoming = conn.incoming
        body = incoming.body() if incoming.is_complete else PendingBody()
        response, environ = wsgi.create(
            incoming.request, conn.outgoing, conn.client, conn.server, self._cfg
        )
        del environ["wsgi.file_wrapper"]  # a file is sent in parts, as everything is
        environ |= {
            "wsgi.input": body,
            "wsgi.multithread": True,
            "gunicorn.socket": conn.sock,
            SEEN: conn.seen,
            LATE: conn.is_late,
            LENGTH: incoming.length,
        }
        is_whole = incoming.is_complete and not (incoming.is_cut or incoming.is_overlong)
        if self._is_stopping() or not is_whole:
            response.force_close()
        return response, environ

    def go_on(self, conn: Connection) -> NextStep:
        """Send an answer as far as the client takes it; of a stored one some at a time."""
        answer = conn.answer
        assert answer is not None
        made = 0
        try:
            for part in answer.parts:
                answer.response.write(part)
                conn.outgoing.flush()
                made += len(part)
                if conn.outgoing.pending > limits.FULL:
                    return NextStep.SEND
                if made >= limits.FULL and not answer.is_live:
                    return NextStep.GO_ON
            answer.response.close()
            conn.outgoing.flush()
        except ClientGone:
            return self.abandon(conn)
        except Exception as error:
            self.abandon(conn)
            if not answer.response.headers_sent:
                return self._fail(conn, error)
            if isinstance(error, DiglotError):
                log.warning("an answer broke off: %s", error)
            else:
                log.error("an answer broke off", exc_info=error)
            return NextStep.RESET
        self.abandon(conn)
        conn.keeps_alive = not answer.response.should_close() and conn.incoming.ends_as_framed()
        return NextStep.SEND

    def abandon(self, conn: Connection) -> NextStep:
        """Close what makes the answer; its article is given up where it is not there yet."""
        answer, conn.answer = conn.answer, None
        if answer is not None:
            answer.close()
        return NextStep.DROP

    def _fail(self, conn: Connection, error: Exception) -> NextStep:
        write_error(conn.outgoing, error)
        with suppress(ClientGone):
            conn.outgoing.flush()
        conn.keeps_alive = False
        return NextStep.SEND


def _is_live(response: Any) -> bool:
    """Whether the parts of an answer are made while its client waits for each."""
    return any(
        name.lower() == "content-type" and value.startswith(EVENTS)
        for name, value in response.headers
    )
