"""The time that a batch's report takes over HTTP: made, kept, and asked for with its ETag.

    python -m benchmarks.batch_report [--articles 1000] [--rounds 3]

A service without a model digests a batch of generated articles, the same in each round. The report
of each batch is asked for thrice: cold, when it is made; warm, when it is kept; and with
`If-None-Match`, when it is not sent again. The first cold one also starts the process that makes
reports. Printed are milliseconds, those of CPU of the service and its processes in brackets, and
the page's size.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from benchmarks.on_ray import articles
from tests.support.serving import Reply, Served, serving


def settled(server: Served, texts: list[str]) -> str:
    """The address of a batch of `texts`, once all are digested."""
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    kind = {"Content-Type": "application/x-ndjson"}
    address = server.ask("POST", "/batches?length=short", lines.encode(), kind).headers["Location"]
    while (batch := server.get(address).json)["state"] in {"waiting", "running"}:
        time.sleep(0.5)
    assert batch["done"] == len(texts), batch
    return str(address)


def timed(server: Served, path: str, headers: Mapping[str, str]) -> tuple[str, Reply]:
    begun, before = time.perf_counter(), cpu_of(server)
    reply = server.ask("GET", path, b"", headers)
    seconds, used = time.perf_counter() - begun, cpu_of(server) - before
    return f"{1000 * seconds:.0f} ms ({1000 * used:.0f})", reply


def cpu_of(server: Served) -> float:
    """The CPU seconds of the service's processes."""
    total = 0.0
    for process in psutil.Process(server.process.pid).children(recursive=True):
        with suppress(psutil.Error):
            used = process.cpu_times()
            total += used.user + used.system
    return total


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--articles", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    texts = list(articles(asked.articles, random.Random(0), ["en", "zh"]))
    flags = ("-m", "service", "serve", "--engine", "extractive", "--port", "0")
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder) / "log", *flags) as server,
    ):
        server.wait_until_ready()
        for round_ in range(asked.rounds):
            report = settled(server, texts) + "/report"
            cold, first = timed(server, report, {})
            warm, again = timed(server, report, {})
            known, unchanged = timed(server, report, {"If-None-Match": first.headers["ETag"]})
            statuses = [reply.status for reply in (first, again, unchanged)]
            print(
                f"round {round_}: cold {cold}, warm {warm}, with the ETag {known};"
                f" {len(first.body) / 1e6:.1f} MB, statuses {statuses}",
                flush=True,
            )
            if statuses != [200, 200, 304] or first.body != again.body:
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
