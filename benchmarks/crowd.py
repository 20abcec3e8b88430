"""Crowd: the time that ordinary requests take while many clients want much at the same moment.

    python -m benchmarks.crowd [--senders 120] [--readers 300] [--seconds 15] [--model FOLDER]

Runs against a real gunicorn, without a model or with the one of FOLDER. `senders` clients send an
article of 150,000 Chinese characters (450 KB) each, all at once, and the next one as soon as there
is an answer, whichever it is. `readers` clients ask for the results of a batch (8 MB) and take
nothing, all at once, and again after `AGAIN_S`. They are a process of their own.

A line for each of the crowds: for /livez, /readyz and a short article, asked in turn by one client
on new connections, the number of answers, the median and the longest time in milliseconds, and the
answers that were not 200; then how the senders were answered.
"""

import argparse
import asyncio
import json
import multiprocessing
import socket
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.head_of_line import SHORT, warm
from benchmarks.load import Client, large_results
from tests.support.serving import Served, serving

SENTENCE = (
    "青石镇议会周二投票决定新建{}座车站，明年春天之前完工。镇长林秀兰表示，多数居民支持这项计划。"
)
CHARACTERS = 150_000
AGAIN_S = 5.0
PAUSE_S = 0.1


@dataclass
class Times:
    """Of one address: milliseconds of each answer, and the statuses that were not 200."""

    answered: list[float] = field(default_factory=list)
    refused: Counter[int] = field(default_factory=Counter)


def article(number: int) -> bytes:
    sentence = SENTENCE.format(number)
    return (sentence * (CHARACTERS // len(sentence))).encode()


async def send(port: int, number: int, seen: Counter[int]) -> None:
    sent = 0
    while True:
        client = Client(port, "10.0.0.1")
        with suppress(OSError, asyncio.IncompleteReadError):
            status, _ = await client.ask(article(number * 10_000 + sent), "text/plain")
            seen[status] += 1
            sent += 1
        client.close()


async def stall(port: int, results: str) -> None:
    head = f"GET {results} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    loop = asyncio.get_running_loop()
    while True:
        with socket.socket() as client:
            client.setblocking(False)
            await loop.sock_connect(client, ("127.0.0.1", port))
            await loop.sock_sendall(client, head)
            await asyncio.sleep(AGAIN_S)


def crowd(port: int, senders: int, readers: int, results: str, told: Connection) -> None:
    """Be so many clients until something comes through `told`; tells how they were answered."""
    seen: Counter[int] = Counter()

    async def run() -> None:
        tasks = [send(port, number, seen) for number in range(senders)]
        tasks += [stall(port, results) for _ in range(readers)]
        running = [asyncio.create_task(task) for task in tasks]
        await asyncio.to_thread(told.recv)
        for one in running:
            one.cancel()

    asyncio.run(run())
    told.send(dict(seen))


def probe(served: Served, seconds: float) -> dict[str, Times]:
    """Ask for health and for a digest in turn, for so long."""
    found = {"/livez": Times(), "/readyz": Times(), "/summarize": Times()}
    texts = tuple(SHORT.values())
    last = time.monotonic() + seconds
    number = 0
    while time.monotonic() < last:
        number += 1
        text = texts[number % len(texts)].format(f"{number}-{time.time_ns()}")
        ask: dict[str, Callable[[], int]] = {
            "/livez": lambda: served.get("/livez").status,
            "/readyz": lambda: served.get("/readyz").status,
            "/summarize": lambda text=text: served.post({"text": text, "length": "short"}).status,  # type: ignore[misc]
        }
        for path, asked in ask.items():
            begun = time.monotonic()
            status = asked()
            found[path].answered.append((time.monotonic() - begun) * 1000)
            if status != 200:
                found[path].refused[status] += 1
        time.sleep(PAUSE_S)
    return found


def measure(served: Served, senders: int, readers: int, results: str, seconds: float) -> str:
    ours, theirs = multiprocessing.Pipe()
    arguments = (served.port, senders, readers, results, theirs)
    clients = multiprocessing.get_context("fork").Process(target=crowd, args=arguments)
    clients.start()
    found = probe(served, seconds)
    ours.send("stop")
    seen = ours.recv()
    clients.join()
    shown = [f"{senders:7} {readers:7}"]
    for path, times in found.items():
        refused = f" {dict(times.refused)}" if times.refused else ""
        spent = times.answered
        shown.append(
            f"{path} {len(spent)}: {statistics.median(spent):.0f}, {max(spent):.0f}{refused}"
        )
    return "; ".join([*shown, f"senders got {json.dumps(seen)}"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", help="a model's folder; without it, the engine extractive")
    parser.add_argument("--senders", type=int, default=120)
    parser.add_argument("--readers", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=15.0)
    flags = parser.parse_args()
    engine = ["--model", flags.model] if flags.model else ["--engine", "extractive"]
    command = ("-m", "service", "serve", "--port", "0", *engine)
    with (
        tempfile.TemporaryDirectory(prefix="diglot-crowd-") as folder,
        serving(Path(folder) / "log", *command) as served,
    ):
        served.wait_until_ready()
        warm(served)
        results = large_results(served.port)
        print("senders readers; address answers: median, longest (ms)")
        for counts in ((0, 0), (flags.senders, 0), (0, flags.readers)):
            print(measure(served, *counts, results, flags.seconds), flush=True)
            time.sleep(2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
