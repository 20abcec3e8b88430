"""Load: Diglot's overhead around the engine, and the answers to 1,000 mixed requests.

    python benchmarks/load.py overhead [--clients 64] [--rate 150] [--seconds 10]
    python benchmarks/load.py mixed [--clients 64] [--requests 1000] [--rounds 3]

Runs against a real gunicorn (`instant.py`) with an engine that answers at once. The driver is a
small asyncio program over plain sockets, because it shares the machine's cores with the service and
a larger tool would be measured too.

`overhead`: `clients` clients, each with its own connection, send requests at random times, together
`rate` per second. Latency runs from the first byte sent to the last byte read. `bare` is HTTP, the
queue and the store; `whole` also reads and checks the article. In `closed` each client sends its
next request at once, which gives the highest throughput, but not the latency of a calm service.
`CPU ms` is the service's processor time per answer, which is more reliable than latency where other
programs use the machine.

`mixed`: of all requests 10 % are bad, 10 % hang up, 10 % go over a limit (half too long, half too
often), and four kinds of hostile connections, 10 % each, are held to the end of the round: silent,
head drop by drop, body drop by drop, and results that are read slowly. Exit status 1 when an
answer is wrong, something is left in the queue, or memory grows from round to round.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
TEXT = (
    "The council of Ashford voted on Tuesday to build a new bridge over the Mill River. It will"
    " cost 12 million euros and open in 2027. The mayor called it overdue."
    " 青石镇议会周二投票决定建桥。"
)
MOST_GROWTH = 1.05
"""Of the memory, from the second round to the last; the first fills caches."""


@dataclass(frozen=True)
class Server:
    process: subprocess.Popen[bytes]
    port: int

    def metrics(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics") as answer:
            return str(answer.read(), "utf-8")

    def sum(self, name: str) -> float:
        lines = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", self.metrics(), re.MULTILINE)
        return sum(map(float, lines))

    def memory_mib(self) -> float:
        """Resident memory of the service's process."""
        status = (self._serving() / "status").read_text()
        return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) / 1024

    def cpu_s(self) -> float:
        """Processor time of the service's process so far."""
        fields = (self._serving() / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _serving(self) -> Path:
        pid = self.process.pid
        (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return Path("/proc") / child


@contextmanager
def serving(*flags: str) -> Iterator[Server]:
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, str(HERE / "instant.py"), *flags], stdout=log, stderr=log
        )
        try:
            yield Server(process, _port(process, log.fileno()))
        finally:
            process.terminate()
            process.wait(30)


def _port(process: subprocess.Popen[bytes], log: int) -> int:
    for _ in range(600):
        time.sleep(0.1)
        said = Path(f"/proc/self/fd/{log}").read_text()
        if process.poll() is not None:
            raise SystemExit(said)
        if found := re.search(r"http://127.0.0.1:(\d+) is open", said):
            port = int(found[1])
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz").close()
                return port
            except OSError:
                continue
    raise SystemExit("the service did not become ready")


class Client:
    """A connection; `address`: the client address that it claims."""

    def __init__(self, port: int, address: str) -> None:
        self._port = port
        self._address = address
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(
        self, body: bytes, kind: str = "application/json", query: str = ""
    ) -> tuple[int, bytes]:
        reader, writer = await self._open()
        writer.write(self._head("POST", f"/summarize{query}", kind, len(body)) + body)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(re.findall(rb"(?i)content-length: (\d+)", head)[0])
        answer = await reader.readexactly(length)
        if re.search(rb"(?i)connection: close", head):
            self.close()
        return int(head.split()[1]), answer

    async def hang_up(self, body: bytes) -> None:
        _, writer = await self._open()
        writer.write(self._head("POST", "/summarize", "application/json", len(body)) + body)
        await writer.drain()
        await asyncio.sleep(random.uniform(0, 0.02))
        self.close()

    def close(self) -> None:
        if self._streams:
            self._streams[1].close()
        self._streams = None

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        return self._streams

    def _head(self, method: str, path: str, kind: str, length: int) -> bytes:
        return (
            f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
            f"X-Forwarded-For: {self._address}\r\nContent-Length: {length}\r\n\r\n"
        ).encode()


_marks = itertools.count()
"""So that no article is sent twice, which the service would answer from its store."""


def article(mark: str, text: str = TEXT) -> bytes:
    return json.dumps({"text": f"{text} {mark}", "source": mark}).encode()


# Overhead


async def latencies(port: int, clients: int, rate: float, seconds: float) -> list[float]:
    """Of every answer, in milliseconds; a rate of 0 asks again at once."""
    last = time.perf_counter() + seconds
    found: list[float] = []

    async def one(number: int) -> None:
        client = Client(port, f"10.0.{number}.1")
        asked = 0
        while True:
            if rate:
                await asyncio.sleep(random.expovariate(rate / clients))
            if (begun := time.perf_counter()) > last:
                break
            asked += 1
            # A client passes for a new address before its own may ask no more.
            client._address = f"10.{asked // 200}.{number}.1"
            status, _ = await client.ask(article(f"{number}-{asked}-{next(_marks)}"))
            if status != 200:
                raise SystemExit(f"the service answered {status}")
            found.append((time.perf_counter() - begun) * 1000)
        client.close()

    await asyncio.gather(*map(one, range(clients)))
    return found


def overhead(flags: argparse.Namespace) -> int:
    print(f"{'':13} {'asked/s':>8} {'p50 ms':>8} {'p99 ms':>8} {'most':>8} {'CPU ms':>8}")
    for name, options in (("bare", ["--bare"]), ("whole", [])):
        with serving(*options, "--log-level", flags.log_level) as server:
            asyncio.run(latencies(server.port, flags.clients, flags.rate, 3))  # warm
            for shown, rate in ((name, flags.rate), (f"{name} closed", 0.0)):
                begun = server.cpu_s()
                found = asyncio.run(latencies(server.port, flags.clients, rate, flags.seconds))
                cpu = (server.cpu_s() - begun) / len(found) * 1000
                p50, p99 = statistics.median(found), statistics.quantiles(found, n=100)[98]
                speed = len(found) / flags.seconds
                figures = (speed, p50, p99, max(found), cpu)
                print(f"{shown:13}", *(f"{figure:8.1f}" for figure in figures), flush=True)
    return 0


# Mixed


BAD = (
    (b'{"text": "a", ', "application/json", 400),
    (b'{"txt": "a"}', "application/json", 422),
    (b'{"text": " "}', "application/json", 422),
    ("桥".encode("gbk"), "text/plain", 400),
    (b"<a/>", "application/xml", 415),
)
TOO_LONG = article("long", "a" * 200_001)
HOSTILE = ("silent", "slow head", "slow body", "slow reader")
DRIP_S = 0.25
SMALL_BUFFER = 4096
TIRED = "192.0.2.99"
"""An address that has asked too often."""


@dataclass
class Round:
    """Requests by outcome, and the times of good ones, in milliseconds."""

    seen: Counter[str] = field(default_factory=Counter)
    good_ms: list[float] = field(default_factory=list)
    held: list[asyncio.Task[None]] = field(default_factory=list)


def work_of(requests: int) -> list[str]:
    shares = {"bad": 0.1, "hang up": 0.1, "too long": 0.05, "too often": 0.05}
    shares |= dict.fromkeys(HOSTILE, 0.1)
    work = [kind for kind, share in shares.items() for _ in range(int(requests * share))]
    work += ["good"] * (requests - len(work))
    random.Random(1).shuffle(work)
    return work


async def mix(port: int, clients: int, requests: int, results: str) -> Round:
    pending = list(enumerate(work_of(requests)))
    found = Round()

    async def one(number: int) -> None:
        client, tired = Client(port, f"10.9.{number}.1"), Client(port, TIRED)
        while pending:
            task, kind = pending.pop()
            if kind in HOSTILE:
                held = hold(port, kind, results, f"10.8.{number}.1")
                found.held.append(asyncio.create_task(held))
                await asyncio.sleep(0.02)  # about what an answer takes
                continue
            begun = time.perf_counter()
            try:
                right = await _try(kind, task, client, tired)
            except (OSError, asyncio.IncompleteReadError) as error:
                right = False
                client.close()
                print(f"{kind}: {error!r}")
            found.seen[f"{kind}: {'right' if right else 'WRONG'}"] += 1
            if kind == "good":
                found.good_ms.append((time.perf_counter() - begun) * 1000)
        client.close()
        tired.close()

    exhausted = Client(port, TIRED)
    while (await exhausted.ask(b"a", "text/xml"))[0] != 429:
        pass
    exhausted.close()
    await asyncio.gather(*map(one, range(clients)))
    for task in found.held:
        task.cancel()
    await asyncio.gather(*found.held, return_exceptions=True)
    return found


async def hold(port: int, kind: str, results: str, address: str) -> None:
    """Keep a connection and hardly use it, until the service or the round ends it."""
    loop = asyncio.get_running_loop()
    head = f"Host: localhost\r\nX-Forwarded-For: {address}\r\n"
    article = "Content-Type: text/plain\r\nContent-Length: 100000\r\n"
    first = {
        "silent": "",
        "slow head": f"GET /livez HTTP/1.1\r\n{head}X-Slow: ",
        "slow body": f"POST /summarize HTTP/1.1\r\n{head}{article}\r\nab",
        "slow reader": f"GET {results} HTTP/1.1\r\n{head}\r\n",
    }[kind]
    with socket.socket() as client:
        client.setblocking(False)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        with suppress(OSError):
            await loop.sock_connect(client, ("127.0.0.1", port))
            await loop.sock_sendall(client, first.encode())
            while True:
                await asyncio.sleep(DRIP_S)
                if kind in ("silent", "slow reader"):
                    if not await loop.sock_recv(client, SMALL_BUFFER):
                        return
                else:
                    await loop.sock_sendall(client, b"a")


def large_results(port: int) -> str:
    """The address of the results of a batch: 8 MB of articles that were refused."""
    line = json.dumps({"text": "", "source": "s" * 1900}) + "\n"
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/batches",
        (line * 4000).encode(),
        {"Content-Type": "application/x-ndjson"},
    )
    with urllib.request.urlopen(request) as answer:
        return str(json.load(answer)["results"])


async def _try(kind: str, task: int, client: Client, tired: Client) -> bool:
    mark = f"{task}-{random.random()}"
    match kind:
        case "good":
            status, answer = await client.ask(article(mark))
            return status == 200 and json.loads(answer)["source"] == mark
        case "bad":
            body, media, expected = BAD[task % len(BAD)]
            return (await client.ask(body, media))[0] == expected
        case "hang up":
            await client.hang_up(article(mark))
            return True
        case "too long":
            return (await client.ask(TOO_LONG))[0] == 413
        case _:
            return (await tired.ask(article(mark)))[0] == 429


def mixed(flags: argparse.Namespace) -> int:
    failed = False
    memory: list[float] = []
    with serving("--step-s", "0.02", "--log-level", flags.log_level) as server:
        results = large_results(server.port)
        for round_ in range(1, flags.rounds + 1):
            begun = time.perf_counter()
            found = asyncio.run(mix(server.port, flags.clients, flags.requests, results))
            spent = time.perf_counter() - begun
            time.sleep(1)
            depth, tokens = server.sum("diglot_queue_depth"), server.sum("diglot_queue_tokens")
            gone = server.sum("diglot_cancellations_total")
            memory.append(server.memory_mib())
            p50, p99 = (statistics.quantiles(found.good_ms, n=100)[at] for at in (49, 98))
            print(
                f"round {round_}: {spent:.1f} s, {memory[-1]:.0f} MiB; hung up so far: {gone:.0f};"
                f" left in the queue: {depth:.0f} articles, {tokens:.0f} tokens;"
                f" {len(found.held)} hostile connections; good ones took {p50:.0f} ms,"
                f" 99 % of them {p99:.0f} ms at most"
            )
            for kind, count in sorted(found.seen.items()):
                print(f"    {kind} {count}", flush=True)
            failed |= bool(depth or tokens) or any("WRONG" in kind for kind in found.seen)
    if len(memory) > 2 and memory[-1] > memory[1] * MOST_GROWTH:
        print(f"memory grew from {memory[1]:.0f} to {memory[-1]:.0f} MiB")
        failed = True
    return int(failed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["overhead", "mixed"])
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--rate", type=float, default=150.0)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--log-level", default="info")
    flags = parser.parse_args()
    return overhead(flags) if flags.what == "overhead" else mixed(flags)


if __name__ == "__main__":
    sys.exit(main())
