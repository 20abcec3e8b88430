"""gunicorn's threaded worker, in which only answering takes a thread.

gunicorn's own waits in a thread for the first bytes of a connection, for its head, for its body and
for a client that takes its answer slowly; a few dozen slow clients leave nobody to answer the
others. Here the loop that accepts connections takes requests in and sends what is left of answers,
both with a least pace and a last moment. The pool gets a request when it is whole, and an answer
that doesn't fit the socket waits without a thread. What is only fetched has few threads of its own,
and a large answer gets them for a part at a time. Parsing and WSGI are gunicorn's own.

A body over `UNASKED` bytes is taken only when the application has asked for it: it is called, and
called again once the body is there. What it refuses by the head is refused without the body.
"""

import errno
import selectors
import socket
import struct
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from service.web import connection_limits as limits
from service.web.connections import Connection, KeptBodies, OpenConnections
from service.web.incoming import Incoming
from service.web.outgoing import ClientGone, Outgoing, Pace
from service.web.protocol_errors import write_overloaded, write_timeout
from service.web.thread_pools import ThreadPools
from service.web.wsgi_caller import NextStep, WsgiCaller

NO_DESCRIPTORS_S = 0.5
"""So long no connections are accepted after the file descriptors ran out."""
LOOK_EVERY_S = 0.5
"""Between two looks at clients that are too slow, and two heartbeats."""
_RECEIVE = 256 * 1024
_ACCEPTS = 64
_NO_DESCRIPTORS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class HttpWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """The loop: each method runs in it, but for the tasks that `_work` hands to a thread."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._connections = OpenConnections(self.worker_connections)
        self._bodies = KeptBodies(self.worker_connections // 2)
        self._accepts_at = 0.0
        self._looks_at = 0.0
        self._folder = str(self.app.settings.data)
        self._caller: WsgiCaller
        self._pools: ThreadPools
        self._steps = {
            NextStep.AWAIT_BODY: self._await_body,
            NextStep.GO_ON: self._go_on,
            NextStep.SEND: self._send,
            NextStep.DROP: self._drop,
            NextStep.RESET: self._reset,
        }

    def run(self) -> None:
        self._caller = WsgiCaller(self.cfg, self.wsgi, lambda: not self.alive)
        self._pools = ThreadPools(self.tpool)
        self.poller.register(
            self.method_queue.fileno(), selectors.EVENT_READ, self.method_queue.run_callbacks
        )
        while self.alive and self.is_parent_alive():
            self._turn()
        stopped = time.monotonic()
        while self._is_waited_for(time.monotonic() - stopped):
            self._turn()
        self._pools.shutdown()
        self.poller.close()
        self.method_queue.close()
        for listener in self.sockets:
            listener.close()

    def _is_waited_for(self, stopping_s: float) -> bool:
        in_time = stopping_s <= self.cfg.graceful_timeout
        return in_time and self._connections.keep_from_stopping(stopping_s)

    def handle_exit(self, sig: Any, frame: Any) -> None:
        self.app.stopping.set()
        super().handle_exit(sig, frame)

    def _turn(self) -> None:
        self.set_accept_enabled(self._may_accept())
        self.wait_for_and_dispatch_events(timeout=LOOK_EVERY_S)
        now = time.monotonic()
        if now >= self._looks_at:
            self._looks_at = now + LOOK_EVERY_S
            self.notify()
            for conn in self._connections.late(now):
                self._on_late(conn)

    # Connections come

    def _may_accept(self) -> bool:
        if self._connections.room <= 0:
            self._make_room()
        return self._connections.room > 0 and time.monotonic() >= self._accepts_at

    def _make_room(self) -> None:
        for conn in self._connections.longest_waiting():
            self._give_up(conn)

    def accept(self, listener: Any) -> None:
        for _ in range(min(_ACCEPTS, self._connections.room)):
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
            conn.pace.note(len(data))
        if conn.is_leaving:
            if not data or (conn.pace and conn.pace.count > limits.MOST_UNREAD):
                self._drop(conn)
        elif data:
            self._take(conn, data)
        elif conn.incoming.request is None:
            self._drop(conn)
        else:
            conn.incoming.is_cut = True
            self._work(conn, self._caller.begin)

    def _take(self, conn: Connection, data: bytes) -> None:
        incoming, had_head = conn.incoming, conn.incoming.request is not None
        if conn.is_idle:
            conn.is_idle, conn.pace = False, Pace(limits.HEAD_S)
        try:
            incoming.feed(data)
        except OSError as error:  # a full disk, or no descriptor for the file of a body
            self.log.warning("a body can't be kept: %s", error.strerror)
            self._refuse(conn, write_overloaded)
            return
        except Exception as error:  # whatever is wrong with a head
            conn.fault = error
            self._work(conn, self._caller.begin)
            return
        if not had_head and incoming.request is not None:
            conn.is_late = not self.alive
            conn.await_body()
        self._bodies.note(conn, incoming.size)
        if incoming.is_complete or conn.has_body_to_ask_for:
            self._work(conn, self._caller.begin)
        while self._bodies.are_too_much and (largest := self._bodies.largest_on_its_way()):
            self._refuse(largest, write_overloaded)

    def _await_body(self, conn: Connection) -> None:
        conn.is_admitted = True
        conn.await_body()
        if conn.incoming.expects_continue:
            conn.outgoing.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            if not self._flush(conn):
                return
        self._watch(conn, selectors.EVENT_READ)

    # Threads answer them

    def _work(self, conn: Connection, task: Callable[[Connection], NextStep]) -> None:
        self._watch(conn, 0)
        conn.pace = None
        future = self._pools.pool(conn).submit(task, conn)
        future.add_done_callback(lambda done: self.method_queue.defer(self._on_work, conn, done))

    def _go_on(self, conn: Connection) -> None:
        self._work(conn, self._caller.go_on)

    def _on_work(self, conn: Connection, done: Future[NextStep]) -> None:
        error = done.exception()
        if error is not None:
            self.log.error("a connection failed", exc_info=error)
        step = NextStep.DROP if error is not None else done.result()
        self._guarded(self._steps[step], conn)

    # Answers go out

    def _send(self, conn: Connection) -> None:
        """Send the rest of an answer, then ask for more of it, or end it."""
        if conn.outgoing.pending:
            conn.await_answer()
            self._watch(conn, selectors.EVENT_WRITE)
        elif conn.answer is not None:
            self._go_on(conn)
        elif conn.keeps_alive:
            self._bodies.discard(conn)
            rest = conn.await_next(self._incoming(conn.client), self.cfg.keepalive)
            self._watch(conn, selectors.EVENT_READ)
            if rest:
                self._on_readable(conn, rest)
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
            conn.pace.note(sent)
        return True

    def _take_leave(self, conn: Connection) -> None:
        """Tell the client that no more comes."""
        conn.await_close()
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
            self._refuse(conn, write_timeout)

    def _refuse(self, conn: Connection, write: Callable[[Outgoing], None]) -> None:
        self._bodies.discard(conn)
        conn.incoming.close()
        write(conn.outgoing)
        conn.keeps_alive = False
        self._send(conn)

    def _give_up(self, conn: Connection) -> None:
        if conn.answer is not None:
            self._work(conn, self._caller.abandon)
        else:
            self._drop(conn)

    def _reset(self, conn: Connection) -> None:
        # An answer without a length ends with the connection, but not with one that is reset.
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._drop(conn)

    def _drop(self, conn: Connection) -> None:
        self._watch(conn, 0)
        self._bodies.discard(conn)
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
            self._guarded(self._on_readable if is_read else self._on_writable, conn)

    def _guarded(self, step: Callable[[Connection], None], conn: Connection) -> None:
        try:
            step(conn)
        except Exception:
            self.log.exception("a connection failed")
            self._drop(conn)
