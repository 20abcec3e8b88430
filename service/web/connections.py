"""gunicorn's threaded worker, where the open network asks for more than it does by itself.

What can't be parsed as HTTP is answered with a problem, as everything else is. A client that sends
the head of its request drop by drop, or that never takes its leave, costs one thread for a bounded
time, and never the loop that accepts the others. Who comes while the service stops is told so.
"""

import json
import socket
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from gunicorn import util
from gunicorn.glogging import Logger
from gunicorn.http import errors
from gunicorn.workers.gthread import TConn, ThreadWorker

from service import metrics
from service.errors import DiglotError
from service.web.problems import described

HEAD_S = 10.0
"""So long may the head of a request take; the body has its own limits."""
BEAT_S = 1.0
_SEND_S = 1.0
_STATUSES: dict[type[Exception], HTTPStatus] = {
    errors.LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    errors.LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    errors.UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
    errors.ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
}
_OURS = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)
BAD_REQUEST = "bad_request"
STOPPING, LATE = "diglot.stopping", "diglot.late"
"""In the WSGI environ: whether the service has been told to stop, and whether the connection came
after that."""
MOST_LATE = 64
LATE_THREADS = 4


class Log(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's own lines go where all lines go, in the same format."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class Worker(ThreadWorker):  # type: ignore[misc]
    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._reading: dict[Any, float] = {}
        self._next_beat = 0.0
        self._late: set[Any] = set()
        self._late_pool = ThreadPoolExecutor(LATE_THREADS, "late")
        self._serving = threading.local()

    def notify(self) -> None:
        """The heartbeat; gunicorn's loop calls it at every event, where one a second is plenty."""
        now = time.monotonic()
        if now >= self._next_beat:
            self._next_beat = now + BEAT_S
            super().notify()

    def load_wsgi(self) -> None:
        super().load_wsgi()
        app = _honouring_close(self.wsgi)

        def wsgi(environ: Any, start_response: Any) -> Any:
            environ[STOPPING], environ[LATE] = not self.alive, self._serving.late
            return app(environ, start_response)

        self.wsgi: Any = wsgi

    def run(self) -> None:
        try:
            super().run()
        finally:  # nobody is waited for who came late
            for conn in list(self._late):
                _cut(conn)

    def set_accept_enabled(self, enabled: bool) -> None:
        """gunicorn would leave who comes while it stops without an answer, until it has."""
        super().set_accept_enabled(enabled or not self.alive)

    def accept(self, listener: socket.socket) -> None:
        if self.alive:
            super().accept(listener)
            return
        with suppress(OSError):
            sock, address = listener.accept()
            if len(self._late) >= MOST_LATE:
                sock.close()
                return
            conn = TConn(self.cfg, sock, address, listener.getsockname())
            self._late.add(conn)
            # Not counted among the connections whose end is waited for.
            self._late_pool.submit(self.handle, conn)

    def handle(self, conn: Any) -> Any:
        """Serve one request of a connection, in a thread of the pool."""
        self._reading[conn] = time.monotonic() + HEAD_S
        self._serving.late = conn in self._late
        try:
            goes_on = super().handle(conn)
        finally:
            self._reading.pop(conn, None)
            self._late.discard(conn)
        if not goes_on or self._serving.late:
            # gunicorn would wait for the client's farewell in the loop that accepts all others.
            util.close_graceful(conn.sock)
            conn.close = _already
        return goes_on

    def handle_request(self, req: Any, conn: Any) -> Any:
        self._reading.pop(conn, None)
        return super().handle_request(req, conn)

    def murder_pending(self) -> None:
        """Called by the loop about every second: cut off who is late with a head."""
        super().murder_pending()
        now = time.monotonic()
        for conn, last in list(self._reading.items()):
            if now > last:
                _cut(conn)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        """Answer what gunicorn could not parse, or what broke outside of Flask."""
        request_id = str(uuid.uuid4())
        if isinstance(exc, errors.ParseException) and not isinstance(exc, _OURS):
            status = _STATUSES.get(type(exc), HTTPStatus.BAD_REQUEST)
            code, title = BAD_REQUEST, status.phrase
            detail = "This is no request that HTTP/1.1 allows, or its head is too long."
            self.log.warning("%s unparsed %d %s", request_id, status, type(exc).__name__)
            metrics.rejections.labels(code).inc()
        else:
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            code, title = DiglotError.code, DiglotError.title
            detail = "Something broke inside the service. The log tells more under this request id."
            self.log.exception("request %s failed outside of Flask", request_id)
        metrics.http_requests.labels("unparsed", "OTHER", status.value).inc()
        body = json.dumps(described(status.value, code, title, detail, request_id)) + "\n"
        with suppress(OSError):
            client.settimeout(_SEND_S)
            client.sendall(_head(status, request_id, len(body)) + body.encode())


def _honouring_close(app: Any) -> Any:
    """gunicorn leaves an application's `Connection: close` out; here it closes the connection."""

    def wsgi(environ: Any, start_response: Any) -> Any:
        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            if ("Connection", "close") in headers:
                start_response.__self__.force_close()
            return start_response(status, headers, *more)

        return app(environ, start)

    return wsgi


def _head(status: HTTPStatus, request_id: str, length: int) -> bytes:
    return (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        "Connection: close\r\n"
        "Content-Type: application/problem+json\r\n"
        f"Content-Length: {length}\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        f"X-Request-Id: {request_id}\r\n"
        "\r\n"
    ).encode("latin-1")


def _cut(conn: Any) -> None:
    with suppress(OSError):
        conn.sock.shutdown(socket.SHUT_RDWR)


def _already(graceful: bool = False) -> None:
    """In place of a connection's `close`, once it is closed."""
