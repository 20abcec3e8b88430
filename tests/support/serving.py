"""A server in a process of its own, on a port that the system picks, for tests to talk to."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.waiting import PATIENCE_S

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Served:
    process: subprocess.Popen[bytes]
    log: Path
    host: str
    port: int

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE_S)

    def get(self, path: str) -> Reply:
        return self._ask("GET", path, b"", {})

    def post(
        self,
        body: Any,
        content_type: str = "application/json",
        query: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        all_headers = {"Content-Type": content_type, **(headers or {})}
        return self._ask("POST", "/summarize" + query, sent, all_headers)

    def wait_until_ready(self, timeout_s: float = PATIENCE_S) -> None:
        last = time.monotonic() + timeout_s
        while True:
            try:
                if self.get("/readyz").status == 200:
                    return
            except OSError:
                assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < last, self.log.read_text()
            time.sleep(0.05)

    def wait_for_log(self, text: str, timeout_s: float = PATIENCE_S) -> None:
        last = time.monotonic() + timeout_s
        while text not in self.log.read_text():
            assert time.monotonic() < last, self.log.read_text()
            time.sleep(0.05)

    def worker_pid(self) -> int:
        pid = self.process.pid
        last = time.monotonic() + PATIENCE_S
        while not (children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
            assert time.monotonic() < last, "nobody has replaced the worker"
            time.sleep(0.05)
        return int(children[0])

    def kill(self) -> None:
        """End every process of the service in the middle of what it does, as a power cut would."""
        pid = self.process.pid
        workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        self.process.kill()
        for worker in workers:
            with suppress(ProcessLookupError):
                os.kill(int(worker), signal.SIGKILL)
        self.process.wait()

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        return self._ask(method, path, body, dict(headers or {}))

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        connection = self.connect()
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()


@contextmanager
def serving(
    log: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """Run `python ARGUMENTS` until it says which address is open; it is killed at the end."""
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, "DIGLOT_DATA": str(log.parent / "data"), **(environment or {})},
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
        try:
            host, port = _address(process, log)
            yield Served(process, log, host, port)
        finally:
            process.kill()
            process.wait()


def results(server: Served, batch: str) -> list[dict[str, Any]]:
    """All results of a batch, once it is complete."""
    last = time.monotonic() + PATIENCE_S
    while True:
        reply = server.ask("GET", f"/batches/{batch}/results")
        assert reply.status == 200, reply.body
        if reply.headers["X-Diglot-Complete"] == "true":
            return [json.loads(line) for line in reply.body.splitlines()]
        assert time.monotonic() < last, server.ask("GET", f"/batches/{batch}").body
        time.sleep(0.2)


def _address(process: subprocess.Popen[bytes], log: Path) -> tuple[str, int]:
    last = time.monotonic() + PATIENCE_S
    while time.monotonic() < last and process.poll() is None:
        if found := re.search(r"http://\[?([^\]\s]+)\]?:(\d+) is open", log.read_text()):
            return found[1], int(found[2])
        time.sleep(0.05)
    raise AssertionError(log.read_text())
