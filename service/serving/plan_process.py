"""A process that does long work (plans of long articles, reports), as the service sees it."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil

from service.errors import Cancelled
from service.serving.plan_messages import Forget, Measure
from service.settings import Settings
from service.tasks import Draft

LOOK_EVERY_S = 0.25
HUNG_S = 60.0
"""A step that takes so long is ended once its article was given up."""
_CODE = "import sys; from {module} import main; main(int(sys.argv[1]))"
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class ProcessEnded(Exception):
    """The process ended while it was at work."""


class PlanProcess:
    """One process, started when it is first asked for something.

    It runs `main` of `module`, which takes the descriptor of its end of a socket pair.
    """

    def __init__(self, settings: Settings, module: str = "service.serving.plan_server") -> None:
        self._settings = settings
        self._code = _CODE.format(module=module)
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._closed = False
        self._dropped: deque[int] = deque()
        self.lock = threading.Lock()
        """Held by the thread that talks to it."""
        self.is_slow = False
        """Whether it is at work on a plan of the slow lane."""
        self.generation = 0
        """Counts the processes that ended here; the plans that they held are gone."""
        self.plans: set[int] = set()
        """The plans that are its own, whether they have begun or not."""

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def drop(self, plan: int) -> None:
        """Let it forget a plan, when it is next asked for something."""
        self.plans.discard(plan)
        self._dropped.append(plan)

    def memory_bytes(self) -> int:
        """Resident memory of the process; 0 where there is none."""
        pid = self.pid
        try:
            return psutil.Process(pid).memory_info().rss if pid is not None else 0
        except psutil.NoSuchProcess:
            return 0

    def ask(
        self, message: object, hear: Callable[[object], object], is_left: Callable[[], bool]
    ) -> Any:
        """Send a message and return its answer.

        What the process asks or tells before is given to `hear`; what that returns, if anything, is
        sent back. Raises ProcessEnded, and Cancelled where the step was given up and ended.
        """
        try:
            connection = self._connection or self._start()
            while self._dropped:
                connection.send(Forget(self._dropped.popleft()))
            connection.send(message)
            while True:
                self._await(connection, is_left)
                answer = connection.recv()
                if not isinstance(answer, Measure | Draft):
                    return answer
                if (said := hear(answer)) is not None:
                    connection.send(said)
        except (EOFError, OSError) as error:
            self.end()
            raise ProcessEnded from error
        except BaseException:  # its late answer would be taken for that of the next message
            self.end()
            raise

    def end(self) -> None:
        """Kill the process, if there is one; the next message starts another."""
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._connection = self._process = None
        self._dropped.clear()
        self.generation += 1

    def close(self) -> None:
        """End the process for good."""
        self._closed = True
        if (process := self._process) is not None:
            process.kill()
            process.wait()

    def _await(self, connection: Connection, is_left: Callable[[], bool]) -> None:
        """Wait for a message. Raises Cancelled where it takes long and was given up meanwhile."""
        begun = time.monotonic()
        while not connection.poll(LOOK_EVERY_S):
            if not is_left():
                continue
            # The others' plans would have to be read again.
            if len(self.plans) <= 1 or time.monotonic() - begun > HUNG_S:
                raise Cancelled("The article was given up while it was read.")

    def _start(self) -> Connection:
        if self._closed:
            raise EOFError
        ours, theirs = socket.socketpair()
        path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-c", self._code, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env={**os.environ, **_ONE_THREAD, "PYTHONPATH": path},
            )
        self._connection = Connection(ours.detach())
        self._connection.send(self._settings)
        return self._connection
