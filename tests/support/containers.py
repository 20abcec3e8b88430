"""A container of the tests, and how to talk to it although its network leads nowhere."""

import ctypes
import http.client
import json
import os
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.container_engines import NAME, Engine
from tests.support.serving import ROOT, Reply

READY_S = 120.0
# The limits of a careful site, and stricter than any: no network at all.
HARDENED = (
    *("--network", "none", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
    *("--read-only", "--tmpfs", "/tmp:rw,size=64m,mode=1777", "--memory", "2g"),
    *("--pids-limit", "256"),
)
CLONE_NEWNET = 0x40000000


@dataclass(frozen=True)
class Container:
    engine: Engine
    name: str
    pid: int
    port: int

    def inspect(self, what: str) -> str:
        return self.engine("inspect", "--format", "{{" + what + "}}", self.name)

    def log(self) -> str:
        return self.engine("logs", self.name, stderr=True)

    def execute(self, *command: str) -> str:
        return self.engine("exec", self.name, *command)

    def connect(self, timeout_s: float = 60.0) -> http.client.HTTPConnection:
        """A connection out of the container's own network: a socket stays where it was made."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        with _inside_network(self.pid):
            connection.sock = socket.create_connection(("127.0.0.1", self.port), timeout_s)
        return connection

    def ask(
        self, method: str, path: str, body: Any = None, content_type: str = "application/json"
    ) -> Reply:
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection = self.connect()
        try:
            connection.request(method, path, sent, {"Content-Type": content_type})
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()

    def state(self) -> Reply:
        """The first answer of /readyz, whatever it says."""
        last = time.monotonic() + READY_S
        while True:
            try:
                return self.ask("GET", "/readyz")
            except OSError:  # not listening yet
                assert self.inspect(".State.Running") == "true", self.log()
            assert time.monotonic() < last, self.log()
            time.sleep(0.1)

    def wait_until_ready(self) -> float:
        """Seconds until it was."""
        start = time.monotonic()
        while self.state().status != 200:
            assert time.monotonic() < start + READY_S, self.log()
            time.sleep(0.1)
        return time.monotonic() - start

    def exit_status(self) -> int:
        return int(self.inspect(".State.ExitCode"))


@contextmanager
def _inside_network(pid: int) -> Iterator[None]:
    """This thread in the network of another process."""
    enter = ctypes.CDLL(None, use_errno=True).setns
    with open("/proc/thread-self/ns/net") as own, open(f"/proc/{pid}/ns/net") as other:  # noqa: PTH123
        try:
            if enter(other.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            yield
        finally:
            enter(own.fileno(), CLONE_NEWNET)


def build(engine: Engine, name: str, *arguments: str, context: Path = ROOT) -> str:
    """`docker build` with the address of torch's CPU build, where the caller has one."""
    index = os.environ.get("TORCH_INDEX", "")
    given = [f"--build-arg=TORCH_INDEX={index}", *arguments]
    engine("build", "--quiet", *engine.build_flags, *given, "--tag", name, str(context))
    return name


@contextmanager
def running(
    engine: Engine, image: str, *flags: str, hardened: bool = True, port: int = 8000
) -> Iterator[Container]:
    """The image as a service, until the end of the block; it is killed then."""
    name = f"{NAME}-{uuid.uuid4().hex[:8]}"
    allowed = HARDENED if hardened else ("--network", "host")
    try:
        engine("run", "--detach", "--name", name, *engine.run_flags, *allowed, *flags, image)
        pid = int(engine("inspect", "--format", "{{.State.Pid}}", name))
        yield Container(engine, name, pid, port)
    finally:
        engine("rm", "--force", "--volumes", name, check=False)
