"""gunicorn's threaded worker, in which only answering takes a thread.

gunicorn's own waits in a thread for the first bytes of a connection, for its head, for its body and
for a client that takes its answer slowly; a few dozen slow clients leave nobody to answer the
others. Here the loop that accepts connections takes requests in and sends what is left of answers,
both with a least pace and a last moment. The pool gets a request when it is whole, and an answer
that doesn't fit the socket waits without a thread. Parsing and WSGI are gunicorn's own.

A body over `UNASKED` bytes is taken only when the application has asked for it: it is called, and
called again once the body is there. What it refuses by the head is refused without the body.
"""

import errno
import json
import selectors
import socket
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import Any

from gunicorn.glogging import Logger
from gunicorn.http import errors, wsgi
from gunicorn.workers.gthread import ThreadWorker

from service import metrics
from service.errors import DiglotError, Overloaded
from service.web.app import SEEN
from service.web.incoming import BodyPending, Incoming, PendingBody
from service.web.outgoing import ClientGone, Outgoing, Pace, Rest
from service.web.problems import code_of, described
from service.web.routes import LATE

HEAD_S = 10.0
"""So long may the head of a request take, and a new connection be silent."""
UNASKED = 64 * 1024
GRACE_S, LEAST_RATE = 30.0, 1000.0
"""Bytes a second that a client must send or take, after so many seconds."""
MOST_BODY_S, MOST_ANSWER_S = 900.0, 3600.0
FAREWELL_S = 2.0
"""So long a connection stays half open after an answer, so that the client gets all of it."""
MOST_UNREAD_S, MOST_UNREAD = 60.0, 256_000_000
"""So long, and so many bytes, a client may go on sending a body that was refused."""
IDLE_STOP_S, SLOW_STOP_S = 2.0, 10.0
"""So long a stopping service waits for requests on open connections, which it refuses, and for
clients to take answers that don't fit the socket.
"""
MOST_HELD = 1_000_000_000
"""Bytes of bodies that are kept, of all clients together."""
FULL = 256 * 1024
"""Bytes of an answer that wait for the client before the application is asked for more."""
RESERVED = 96
"""File descriptors for the store, the log, the model's files and the like."""
MOST_CONNECTIONS = 8192
NO_DESCRIPTORS_S = 0.5
NEVER_DROPPED_S = 1.0
"""So long every connection has, however many wait behind it."""
_RECEIVE = 64 * 1024
_ACCEPTS = 64
_NO_DESCRIPTORS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_STATUSES: dict[type[Exception], HTTPStatus] = {
    errors.LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    errors.LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    errors.UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
    errors.ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
}
_OURS = (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)
BAD_REQUEST = "bad_request"


class Log(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's own lines go where all lines go, in the same format."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


def connections_for(descriptors: int) -> int:
    """The connections that a process with so many file descriptors takes; a third is for bodies."""
    return max(8, min(MOST_CONNECTIONS, (descriptors - RESERVED) * 2 // 3))


class Connection:
    """A client's connection, and the request that it is at. `pace` is None while a thread works."""

    def __init__(self, sock: socket.socket, client: Any, server: Any, incoming: Incoming) -> None:
        sock.setblocking(False)
        self.sock = sock
        self.client = client
        self.server = server
        self.incoming = incoming
        self.outgoing = Outgoing(sock)
        self.answer: Rest | None = None
        self.pace: Pace | None = Pace(HEAD_S)
        self.watched = 0
        """The events that the loop waits for."""
        self.fault: Exception | None = None
        """The fault of the request's head."""
        self.seen: dict[str, Any] = {}
        self.is_admitted = False
        """Whether the application asked for the body."""
        self.is_idle = False
        self.is_leaving = False
        self.is_late = False
        """Whether the request's head came after the service was told to stop."""
        self.keeps_alive = False

        self.answer_ends: float | None = None

    @property
    def is_between_requests(self) -> bool:
        return self.is_idle or self.is_leaving or self.incoming.request is None

    @property
    def is_in_flight(self) -> bool:
        """Whether its request came in time and has no whole answer yet; its body may still come."""
        is_coming = self.incoming.request is not None and not self.is_between_requests
        is_being_answered = self.pace is None or bool(self.outgoing.pending)
        return not self.is_late and (is_coming or is_being_answered)


Step = Callable[[Connection], None]
"""The next thing that the loop does with a connection."""


class HttpWorker(ThreadWorker):  # type: ignore[misc]
    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._connections: set[Connection] = set()
        self._accepts_at = 0.0
        self._looks_at = 0.0
        self._folder = str(self.app.settings.data)

    def run(self) -> None:
        self.poller.register(
            self.method_queue.fileno(), selectors.EVENT_READ, self.method_queue.run_callbacks
        )
        while self.alive and self.is_parent_alive():
            self._turn()
        stopped = time.monotonic()
        while self._is_waited_for(time.monotonic() - stopped):
            self._turn()
        self.tpool.shutdown(wait=False)
        self.poller.close()
        self.method_queue.close()
        for listener in self.sockets:
            listener.close()

    def _is_waited_for(self, stopping_s: float) -> bool:
        """Whether, so long after it was told to stop, somebody is still waited for."""
        if stopping_s > self.cfg.graceful_timeout:
            return False
        if stopping_s < IDLE_STOP_S and any(
            c.is_idle or c.incoming.has_begun for c in self._connections
        ):
            return True
        return any(
            c.is_in_flight and (c.answer_ends is None or stopping_s < SLOW_STOP_S)
            for c in self._connections
        )

    def handle_exit(self, sig: Any, frame: Any) -> None:
        self.app.stopping.set()
        super().handle_exit(sig, frame)

    def _turn(self) -> None:
        self.notify()
        self.set_accept_enabled(self._may_accept())
        self.wait_for_and_dispatch_events(timeout=NO_DESCRIPTORS_S)
        now = time.monotonic()
        if now >= self._looks_at:
            self._looks_at = now + NO_DESCRIPTORS_S
            for conn in [c for c in self._connections if c.pace and c.pace.is_late(now)]:
                self._on_late(conn)

    # Connections come

    def _may_accept(self) -> bool:
        if len(self._connections) >= self.worker_connections:
            self._make_room()
        has_room = len(self._connections) < self.worker_connections
        return has_room and time.monotonic() >= self._accepts_at

    def _make_room(self) -> None:
        """Drop those that wait the longest: first such as are at no request, then slow ones."""
        latest = time.monotonic() - NEVER_DROPPED_S
        waiting = [
            (not c.is_between_requests, c.pace.begun, id(c), c)
            for c in self._connections
            if c.pace is not None and c.pace.begun < latest
        ]
        for *_, conn in sorted(waiting)[: max(1, self.worker_connections // 20)]:
            self._give_up(conn)

    def accept(self, listener: Any) -> None:
        room = self.worker_connections - len(self._connections)
        for _ in range(min(_ACCEPTS, room)):
            try:
                sock, client = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _NO_DESCRIPTORS:
                    raise
                self.log.warning("no new connections for a while: %s", error.strerror)
                self._accepts_at = time.monotonic() + NO_DESCRIPTORS_S
                self._make_room()
                return
            conn = Connection(sock, client, listener.getsockname(), self._incoming(client))
            self._connections.add(conn)
            self._watch(conn, selectors.EVENT_READ)

    def _incoming(self, client: Any) -> Incoming:
        return Incoming(self.cfg, client, self._folder)

    # Requests come in

    def _on_readable(self, conn: Connection, data: bytes | None = None) -> None:
        try:
            data = conn.sock.recv(_RECEIVE) if data is None else data
        except BlockingIOError:
            return
        except OSError:
            self._drop(conn)
            return
        if conn.pace is not None:
            conn.pace.count += len(data)
        if conn.is_leaving:
            if not data or (conn.pace and conn.pace.count > MOST_UNREAD):
                self._drop(conn)
        elif data:
            self._take(conn, data)
        elif conn.incoming.request is None:
            self._drop(conn)
        else:
            conn.incoming.is_cut = True
            self._work(conn, self._begin)

    def _take(self, conn: Connection, data: bytes) -> None:
        incoming, had_head = conn.incoming, conn.incoming.request is not None
        if conn.is_idle:
            conn.is_idle, conn.pace = False, Pace(HEAD_S)
        try:
            incoming.feed(data)
        except OSError as error:  # a full disk, or no descriptor for the file of a body
            self.log.warning("a body can't be kept: %s", error.strerror)
            self._refuse(conn, HTTPStatus.SERVICE_UNAVAILABLE, Overloaded.code, Overloaded.title)
            return
        except Exception as error:  # whatever is wrong with a head
            conn.fault = error
            self._work(conn, self._begin)
            return
        if not had_head and incoming.request is not None:
            conn.is_late = not self.alive
            conn.pace = Pace(MOST_BODY_S, GRACE_S, LEAST_RATE)
        if incoming.is_complete or self._is_to_be_asked(conn):
            self._work(conn, self._begin)
        elif incoming.size > UNASKED and self._holds_too_much():
            self._refuse(conn, HTTPStatus.SERVICE_UNAVAILABLE, Overloaded.code, Overloaded.title)

    def _is_to_be_asked(self, conn: Connection) -> bool:
        incoming = conn.incoming
        wants_word = incoming.expects_continue or incoming.size > UNASKED
        return incoming.request is not None and not conn.is_admitted and wants_word

    def _holds_too_much(self) -> bool:
        """Whether bodies take too much room, or too many file descriptors."""
        sizes = [c.incoming.size for c in self._connections if c.incoming.size > UNASKED]
        return sum(sizes) > MOST_HELD or len(sizes) > self.worker_connections // 2

    def _await_body(self, conn: Connection) -> None:
        conn.is_admitted = True
        conn.pace = Pace(MOST_BODY_S, GRACE_S, LEAST_RATE)
        if conn.incoming.expects_continue:
            conn.outgoing.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            if not self._flush(conn):
                return
        self._watch(conn, selectors.EVENT_READ)

    # Threads answer them

    def _work(self, conn: Connection, task: Callable[[Connection], Step]) -> None:
        self._watch(conn, 0)
        conn.pace = None
        future = self.tpool.submit(task, conn)
        future.add_done_callback(lambda done: self.method_queue.defer(self._on_work, conn, done))

    def _on_work(self, conn: Connection, done: Future[Step]) -> None:
        error = done.exception()
        if error is not None:
            self.log.error("a connection failed", exc_info=error)
        self._take_step(self._drop if error is not None else done.result(), conn)

    def _begin(self, conn: Connection) -> Step:
        try:
            if conn.fault is not None:
                raise conn.fault
            response, environ = self._speak_wsgi(conn)
            conn.answer = Rest(response, self.wsgi(environ, response.start_response))
        except BodyPending:
            return self._await_body
        except Exception as error:
            return self._fail(conn, error)
        return self._go_on(conn)

    def _speak_wsgi(self, conn: Connection) -> tuple[Any, dict[str, Any]]:
        incoming = conn.incoming
        body = incoming.body() if incoming.is_complete else PendingBody()
        response, environ = wsgi.create(
            incoming.request, conn.outgoing, conn.client, conn.server, self.cfg
        )
        del environ["wsgi.file_wrapper"]  # a file is sent in parts, as everything is
        environ |= {
            "wsgi.input": body,
            "wsgi.multithread": True,
            "gunicorn.socket": conn.sock,
            SEEN: conn.seen,
            LATE: conn.is_late,
        }
        if not (self.alive and incoming.is_complete) or incoming.is_cut:
            response.force_close()
        return response, environ

    def _go_on(self, conn: Connection) -> Step:
        """Send an answer as far as the client takes it."""
        answer = conn.answer
        assert answer is not None
        try:
            for part in answer.parts:
                answer.response.write(part)
                conn.outgoing.flush()
                if conn.outgoing.pending > FULL:
                    return self._send
            answer.response.close()
            conn.outgoing.flush()
        except ClientGone:
            self._abandon(conn)
            return self._drop
        except Exception as error:
            self._abandon(conn)
            if not answer.response.headers_sent:
                return self._fail(conn, error)
            self.log.exception("an answer broke off")
            return self._drop
        self._abandon(conn)
        conn.keeps_alive = not answer.response.should_close() and conn.incoming.ends_as_framed()
        return self._send

    def _abandon(self, conn: Connection) -> Step:
        """Close what makes the answer; its article is given up where it is not there yet."""
        answer, conn.answer = conn.answer, None
        if answer is not None:
            answer.close()
        return self._drop

    def _fail(self, conn: Connection, error: Exception) -> Step:
        self.handle_error(conn.incoming.request, conn.outgoing, conn.client, error)
        with suppress(ClientGone):
            conn.outgoing.flush()
        conn.keeps_alive = False
        return self._send

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answer what gunicorn could not parse, or what broke outside of Flask."""
        if isinstance(exc, errors.ParseException) and not isinstance(exc, _OURS):
            status = _STATUSES.get(type(exc), HTTPStatus.BAD_REQUEST)
            detail = "This is no request that HTTP/1.1 allows, or its head is too long."
            self._write_problem(client, status, BAD_REQUEST, status.phrase, detail)
        else:
            self.log.error("a request failed outside of Flask", exc_info=exc)
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            detail = "Something broke inside the service. The log tells more."
            self._write_problem(client, status, DiglotError.code, DiglotError.title, detail)

    def _write_problem(
        self, client: Any, status: HTTPStatus, code: str, title: str, detail: str
    ) -> None:
        request_id = str(uuid.uuid4())
        self.log.warning("%s unparsed %d %s", request_id, status, code)
        metrics.rejections.labels(code).inc()
        metrics.http_requests.labels("unparsed", "OTHER", status.value).inc()
        body = json.dumps(described(status.value, code, title, detail, request_id)) + "\n"
        client.sendall(_head(status, request_id, len(body)) + body.encode())

    # Answers go out

    def _send(self, conn: Connection) -> None:
        """Send the rest of an answer, then ask for more of it, or end it."""
        if conn.outgoing.pending:
            now = time.monotonic()
            conn.answer_ends = conn.answer_ends or now + MOST_ANSWER_S
            conn.pace = Pace(conn.answer_ends - now, GRACE_S, LEAST_RATE)
            self._watch(conn, selectors.EVENT_WRITE)
        elif conn.answer is not None:
            self._work(conn, self._go_on)
        elif conn.keeps_alive:
            self._begin_next(conn)
        else:
            self._take_leave(conn)

    def _on_writable(self, conn: Connection) -> None:
        if self._flush(conn) and not conn.outgoing.pending:
            self._send(conn)

    def _flush(self, conn: Connection) -> bool:
        try:
            sent = conn.outgoing.flush()
        except ClientGone:
            self._give_up(conn)
            return False
        if conn.pace is not None:
            conn.pace.count += sent
        return True

    def _begin_next(self, conn: Connection) -> None:
        rest = conn.incoming.rest
        conn.incoming.close()
        conn.incoming = self._incoming(conn.client)
        conn.is_admitted, conn.seen, conn.answer_ends = False, {}, None
        conn.is_idle, conn.pace = True, Pace(self.cfg.keepalive)
        self._watch(conn, selectors.EVENT_READ)
        if rest:
            self._on_readable(conn, rest)

    def _take_leave(self, conn: Connection) -> None:
        """Say that no more comes, and read on for a while.

        A client that still sends its body would otherwise lose the answer to a broken pipe.
        """
        incoming, conn.is_leaving = conn.incoming, True
        is_unread = incoming.request is not None and not incoming.is_complete
        conn.pace = Pace(MOST_UNREAD_S if is_unread else FAREWELL_S)
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(conn)
        else:
            self._watch(conn, selectors.EVENT_READ)

    # Connections go

    def _on_late(self, conn: Connection) -> None:
        if conn.outgoing.pending or conn.is_leaving:
            self._give_up(conn)
        elif conn.is_idle or not conn.incoming.has_begun:
            self._drop(conn)
        else:
            status = HTTPStatus.REQUEST_TIMEOUT
            self._refuse(conn, status, code_of(status.phrase), status.phrase)

    def _refuse(self, conn: Connection, status: HTTPStatus, code: str, title: str) -> None:
        detail = "The request took too long to arrive."
        if status != HTTPStatus.REQUEST_TIMEOUT:
            detail = "Too many bodies are being sent at the moment; try again later."
        self._write_problem(conn.outgoing, status, code, title, detail)
        conn.keeps_alive = False
        self._send(conn)

    def _give_up(self, conn: Connection) -> None:
        if conn.answer is not None:
            self._work(conn, self._abandon)
        else:
            self._drop(conn)

    def _drop(self, conn: Connection) -> None:
        self._watch(conn, 0)
        conn.incoming.close()
        conn.sock.close()
        self._connections.discard(conn)

    def _watch(self, conn: Connection, event: int) -> None:
        if event == conn.watched:
            return
        if conn.watched:
            conn.watched = 0
            self.poller.unregister(conn.sock)
        if event:
            self.poller.register(conn.sock, event, partial(self._on_socket, conn, event))
            conn.watched = event

    def _on_socket(self, conn: Connection, event: int, _: Any) -> None:
        if conn.watched == event:  # else what came before it in the same turn changed that
            is_read = event == selectors.EVENT_READ
            self._take_step(self._on_readable if is_read else self._on_writable, conn)

    def _take_step(self, step: Step, conn: Connection) -> None:
        try:
            step(conn)
        except Exception:
            self.log.exception("a connection failed")
            self._drop(conn)


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
