"""Soak test: the service's memory over ten minutes of mixed work on a tiny random model.

    python -m benchmarks.soak [--minutes 10] [--clients 4] [--hostile 25]

Runs against a real gunicorn: short and long articles in both languages that never repeat, streams,
bad bodies, clients that disconnect, and batches behind them all. Prints the resident memory of the
process that owns the model, every minute, as a JSON line: all of it, and its own (`anon`), which
leaves out the pages of files that other programs' demand for memory takes and gives back. Exit
status 1 when it grows by more than 5 % after the first minute, or when an answer is wrong.
"""

import argparse
import json
import random
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.serving import Served, serving
from tests.support.slow_clients import slow_clients
from tests.support.tiny import make_model, save

MOST_GROWTH = 1.05
MINUTE_S = 60.0
RENEW_S = 20.0
READY_S = 600.0
BATCH = 40  # articles
JSON = {"Content-Type": "application/json"}
EVENTS = {"Accept": "text/event-stream"}
SENTENCES = (
    "The council of Ashford will build {} new stops by the spring of 2027.",
    "The mayor said that {} residents support the plan, which costs 12 million euros.",
    "镇议会将在明年春天之前新建{}座车站，耗资1200万元。",
    "镇长表示，{}名居民支持这项计划。",
)


class Client(threading.Thread):
    """A client that sends random kinds of requests until it is stopped."""

    def __init__(self, served: Served, seed: int, stop: threading.Event) -> None:
        super().__init__(name=f"client-{seed}")
        self._served = served
        self._chance = random.Random(seed)
        self._stop_now = stop
        self.answers: Counter[str] = Counter()
        self.wrong: list[str] = []

    def run(self) -> None:
        ways = (self.plain, self.plain, self.plain, self.stream, self.bad, self.hang_up, self.batch)
        while not self._stop_now.is_set():
            way = self._chance.choice(ways)
            try:
                way()
            except OSError as error:
                self.wrong.append(f"{way.__name__}: {error!r}")

    def plain(self) -> None:
        self._post("plain", "/summarize", self._article(), 200)

    def stream(self) -> None:
        body = self._post("stream", "/summarize", self._article(), 200, EVENTS)
        if b"event: result" not in body:
            self.wrong.append(f"stream: {body[-200:]!r}")

    def bad(self) -> None:
        self._post("bad", "/summarize", {"text": "", "length": "endless"}, 422)

    def hang_up(self) -> None:
        connection = self._served.connect()
        connection.request("POST", "/summarize", json.dumps(self._article()), JSON)
        time.sleep(self._chance.uniform(0, 0.3))
        connection.close()
        self.answers["hung up"] += 1

    def batch(self) -> None:
        """Send a batch while few articles wait, because memory is measured and not the disk."""
        waiting = re.search(
            rb"^diglot_batch_articles (\S+)$", self._served.get("/metrics").body, re.M
        )
        if waiting and float(waiting[1]) < BATCH:
            self._post("batch", "/batches", [self._article() for _ in range(BATCH)], 202)

    def _post(
        self, way: str, path: str, body: Any, wanted: int, headers: Mapping[str, str] | None = None
    ) -> bytes:
        sent = json.dumps(body).encode()
        reply = self._served.ask("POST", path, sent, {**JSON, **(headers or {})})
        self.answers[f"{way} {reply.status}"] += 1
        if reply.status != wanted:
            self.wrong.append(f"{way}: {reply.status} {reply.body[:200]!r}")
        return reply.body

    def _article(self) -> dict[str, str]:
        """An article unlike all others, so that no answer comes from the result cache."""
        count = self._chance.choice((2, 3, 5, 8, 30))
        text = "\n".join(
            self._chance.choice(SENTENCES).format(self._chance.randrange(10**9))
            for _ in range(count)
        )
        # Noise fails its checks and is written twice, to the last token: mostly few are asked for.
        return {"text": text, "length": self._chance.choice(("short", "short", "short", "long"))}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=int, default=10)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--hostile", type=int, default=25, help="connections of each kind")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="diglot-soak-") as name:
        folder = Path(name)
        model = save(folder / "model", make_model("qwen3"))
        # One thread: layers this small gain nothing by more, which wait for each other where other
        # programs use the cores.
        command = ("-m", "service", "serve", "--engine", "transformers", "--threads", "1")
        # The pages of the KV cache count from when they are first written, and finished prefixes
        # are kept in it: one this small is full after a minute, and what grows then is a leak.
        command += ("--batch-rows", "8", "--passage-tokens", "2048")
        with serving(folder / "log", *command, "--port", "0", "--model", str(model)) as served:
            served.wait_until_ready(READY_S)
            sizes, clients = soak(served, given.clients, given.minutes, given.hostile)
    growth = max(sizes) / sizes[0]
    wrong = [fault for client in clients for fault in client.wrong]
    print(json.dumps({"growth_after_minute_1": round(growth - 1, 4), "wrong": wrong[:10]}))
    return int(growth > MOST_GROWTH or bool(wrong))


class Hostile(threading.Thread):
    """Holds `count` connections of each hostile kind, and begins anew before they are cut off."""

    def __init__(self, served: Served, count: int, stop: threading.Event) -> None:
        super().__init__(name="hostile")
        self._served = served
        self._kinds = dict.fromkeys(("silent", "heads", "bodies", "readers"), count)
        self._stop_now = stop

    def run(self) -> None:
        lines = json.dumps({"text": "", "source": "s" * 1900}) + "\n"
        kind = {"Content-Type": "application/x-ndjson"}
        reply = self._served.ask("POST", "/batches", (lines * 4000).encode(), kind)
        address = self._served.host, self._served.port
        while not self._stop_now.is_set():
            with slow_clients(address, results=reply.json["results"], **self._kinds):
                self._stop_now.wait(RENEW_S)


def soak(
    served: Served, count: int, minutes: int, hostile: int
) -> tuple[list[float], list[Client]]:
    """Resident MiB after each minute, and the clients with their answers."""
    stop = threading.Event()
    clients = [Client(served, seed, stop) for seed in range(count)]
    threads = [*clients, Hostile(served, hostile, stop)]
    for thread in threads:
        thread.start()
    sizes = []
    for minute in range(1, minutes + 1):
        time.sleep(MINUTE_S)
        sizes.append(resident_mib(served.worker_pid()))
        anon = resident_mib(served.worker_pid(), "RssAnon")
        answers = sum((client.answers for client in clients), Counter())
        line = {
            "minute": minute,
            "rss_mib": round(sizes[-1], 1),
            "anon_mib": round(anon, 1),
            "answers": dict(answers),
        }
        print(json.dumps(line), flush=True)
    stop.set()
    for thread in threads:
        thread.join()
    return sizes, clients


def resident_mib(pid: int, kind: str = "VmRSS") -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    (kilobytes,) = re.findall(rf"^{kind}:\s+(\d+) kB", status, re.MULTILINE)
    return int(kilobytes) / 1024


if __name__ == "__main__":
    sys.exit(main())
