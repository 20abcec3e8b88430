"""gunicorn with Diglot inside: one worker process that owns the engine, threads for HTTP.

Only Diglot's own settings count: gunicorn's files and GUNICORN_CMD_ARGS are not read, because a
second worker would load a second model, and a short timeout would cut answers off.
"""

import logging
import os
import resource
import signal
import socket
import sys
import threading
from functools import partial
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter as GunicornArbiter
from gunicorn.glogging import Logger

from service.errors import BadSetting, StoreFailed
from service.serving.service import Service
from service.settings import Settings
from service.web.api_keys import Keys
from service.web.connection_limits import connections_for
from service.web.http_worker import HttpWorker
from service.web.runtime import MakeService, Runtime, check_store

log = logging.getLogger(__name__)

# Threads beside those that wait for answers: they keep /livez, /readyz and the page answering.
SPARE_THREADS = 8
# The heartbeat comes from the worker's own loop, every second, however long an article takes.
# Only a process that hangs as a whole is late; loading weights can hold it for a while.
HEARTBEAT_TIMEOUT_S = 120
# Longer than the deadline of a request, so that each one in flight gets its answer or its 504.
DRAIN_BEYOND_DEADLINE_S = 15
BACKLOG = 2048
# An article that is read in one thread makes the engine wait so long at each of the hundreds of
# calls of a step (Python's own 5 ms made a step of 62 ms take 0.9 s; this one, 0.15 to 0.2 s).
SWITCH_S = 0.0005
MOST_DESCRIPTORS = 16_384


def run(settings: Settings, make_service: MakeService | None = None) -> int:
    """Serve until SIGTERM (answers requests in flight, exit code 0) or SIGINT (stops at once).

    `make_service` is called in the worker process. Raises BadSetting when the address can't be
    listened on, or the keys or the store can't be used. gunicorn mostly ends the process itself;
    the exit status is returned otherwise.
    """
    Keys(settings.data).all()  # raises when who may come in is not known
    os.environ.pop("SCRIPT_NAME", None)  # gunicorn reads it; the setting is path_prefix
    _check_store(settings)
    listener = _listen(settings.host, settings.port)
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    model = f" ({settings.model})" if settings.engine != "extractive" else ""
    log.info("http://%s:%d is open; loading the engine: %s%s", shown, port, settings.engine, model)
    _Server(settings, make_service or _make_service, listener.detach()).run()
    return 0


def _check_store(settings: Settings) -> None:
    try:
        check_store(settings)
    except StoreFailed as error:
        raise BadSetting(
            f"the store in {settings.data} can't be used: {error}. Another folder can be chosen"
            " with --data or DIGLOT_DATA."
        ) from error


def _make_service(settings: Settings) -> Service:
    from service.engine_factory import load_engine

    return Service(settings, partial(load_engine, interactive=True))


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket; taken here, because gunicorn retries for 5 s and then says less."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        everywhere = family == socket.AF_INET6 and host == "::" and socket.has_dualstack_ipv6()
        return socket.create_server(
            address[:2], family=family, backlog=BACKLOG, dualstack_ipv6=everywhere
        )
    except OSError as error:
        # create_server says the address again; a name that is not found has no errno of the system.
        number = error.errno or 0
        reason = os.strerror(number) if number > 0 else error.strerror
        raise BadSetting(
            f"can't listen on {host} port {port}: {reason}. Choose another with --host and"
            " --port, or DIGLOT_HOST and DIGLOT_PORT."
        ) from error


def _raise_descriptors() -> int:
    """Let this process have as many file descriptors as it may; returns how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = min(n for n in (hard, MOST_DESCRIPTORS) if n != resource.RLIM_INFINITY)
    if soft != resource.RLIM_INFINITY and soft < limit:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
        except (ValueError, OSError):  # macOS allows less than it says
            limit = soft
    else:
        limit = MOST_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft
    most = connections_for(limit)
    log.info("file descriptors: %d (at first %d); at most %d connections", limit, soft, most)
    return limit


class Log(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's own lines go where all lines go, in the same format."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class Arbiter(GunicornArbiter):  # type: ignore[misc]
    """gunicorn's master, kept from what would load a second model beside the first.

    SIGHUP replaces the process: the old one ends before the new one begins. The signals that ask
    for more processes, fewer, or another master beside this one are refused.
    """

    def handle_hup(self) -> None:
        log.info("SIGHUP: the process is replaced once its requests are answered")
        self.kill_workers(signal.SIGTERM)

    def handle_ttin(self) -> None:
        log.warning("one process owns the model: SIGTTIN, SIGTTOU and SIGUSR2 do nothing here")

    handle_ttou = handle_usr2 = handle_winch = handle_ttin

    def spawn_worker(self) -> Any:
        if self.WORKERS:
            raise RuntimeError("a second process would load a second model")
        return super().spawn_worker()


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """`settings` and `stopping` are for the worker: stopping is set from SIGTERM on."""

    def __init__(self, settings: Settings, make_service: MakeService, listener: int) -> None:
        self.settings = settings
        self.stopping = threading.Event()
        self._descriptors = _raise_descriptors()
        self._make_service = make_service
        self._listener = listener
        self._runtime: Runtime | None = None
        self._hurried = False
        super().__init__()

    def load_config(self) -> None:
        choices = {
            "bind": f"fd://{self._listener}",
            "workers": 1,
            "worker_class": HttpWorker,
            "worker_connections": connections_for(self._descriptors),
            "logger_class": Log,
            "threads": self.settings.http_threads + SPARE_THREADS,
            "timeout": HEARTBEAT_TIMEOUT_S,
            "graceful_timeout": int(self.settings.timeout_s) + DRAIN_BEYOND_DEADLINE_S,
            "keepalive": self.settings.keep_alive_s,
            # Headers that would change the path are not believed; the app asks its proxies.
            "forwarded_allow_ips": "",
            "forwarder_headers": "",
            "limit_request_line": 8190,  # options of a text body stand in the query string
            "preload_app": False,  # the engine's threads would not survive the fork
            "control_socket_disable": True,
            "accesslog": None,
            "loglevel": "debug" if self.settings.log_level == "debug" else "warning",
            "proc_name": "diglot",
            "worker_int": self._on_hurry,
            "worker_exit": self._on_worker_exit,
        }
        for name, value in choices.items():
            self.cfg.set(name, value)

    def run(self) -> None:
        Arbiter(self).run()

    def load(self) -> Flask:
        """Called by gunicorn in the worker process, after the fork."""
        sys.setswitchinterval(SWITCH_S)
        self._runtime = Runtime(self.settings, self._make_service, self.stopping)
        self._runtime.open()
        return self._runtime.app

    def _on_hurry(self, worker: Any) -> None:
        self._hurried = True

    def _on_worker_exit(self, server: Any, worker: Any) -> None:
        if self._runtime is None:  # gunicorn may call this in the master too
            return
        if self._hurried:
            # Python would wait for the threads that wait for their answers.
            logging.shutdown()
            os._exit(0)
        self._runtime.close(DRAIN_BEYOND_DEADLINE_S)
