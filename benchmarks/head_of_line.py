"""Head of line: the time that short articles take while long ones are read.

    python -m benchmarks.head_of_line [--model FOLDER] [--long 0 1 4 8] [--seconds 15]

Runs against a real gunicorn, without a model or with the one of FOLDER. So many clients at a time
send long articles of 200,000 characters, again and again: ordinary news and hostile texts (rows of
figures, names and short lines), in English and Chinese, as text and as HTML. Beside them one client
sends a short article as soon as the last one is answered, and another asks for /livez.

A line for each number of long clients: the short articles that were answered, and the median, the
99th percentile and the longest of their times; the longest time of /livez; with a model, the
longest time in which it neither read nor wrote a token while it was at work; and the long articles
that were answered, and those that were not in time (30 s). All times are in milliseconds.
"""

import argparse
import asyncio
import itertools
import json
import random
import re
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.load import Client
from tests.support.serving import Served, serving

CHARACTERS = 200_000
LONG_S = 30.0
SHORT = {
    "en": "The council of Ashford voted to build bridge {}. The mayor called it overdue.",
    "zh": "青石镇议会周二投票决定建第{}座桥。镇长表示，这座桥早该建了。",
}
TOKENS = re.compile(r"^diglot_(?:prefill|decode)_tokens_total (\S+)$", re.MULTILINE)
ROWS = re.compile(r"^diglot_engine_rows (\S+)$", re.MULTILINE)


def news(chance: random.Random) -> str:
    return (
        f"The council of Ashford voted on Tuesday to build {chance.randrange(10**6)} new stops by"
        " the spring of 2027. The mayor, Ann Lee, said that most residents support the plan. "
    )


def news_zh(chance: random.Random) -> str:
    return (
        f"青石镇议会周二投票决定新建{chance.randrange(10**6)}座车站，明年春天之前完工。"
        "镇长林秀兰表示，多数居民支持这项计划。"
    )


def figures(chance: random.Random) -> str:
    return f"{chance.randrange(10**6)}% $ {chance.random():.3f}m, "


def figures_zh(chance: random.Random) -> str:
    return f"第{chance.randrange(10**6)}项耗资{chance.randrange(10**4)}万元，市长支持；"


def hanzi(chance: random.Random) -> str:
    return "".join(chr(chance.randrange(0x4E00, 0x9FA5)) for _ in range(50))


def names(chance: random.Random) -> str:
    return "".join(chance.choices("abcdefgh", k=5)).title() + " "


def lines(chance: random.Random) -> str:
    return f"Line {chance.randrange(10**6)} said no.\n"


def paragraphs(chance: random.Random) -> str:
    return f"<p>{chance.choice('ab镇')}{chance.randrange(10**6)}"


KINDS: tuple[tuple[Callable[[random.Random], str], str], ...] = (
    (news, "text/plain"),
    (news_zh, "text/plain"),
    (figures, "text/plain"),
    (figures_zh, "text/plain"),
    (hanzi, "text/plain"),
    (names, "text/plain"),
    (lines, "text/plain"),
    (paragraphs, "text/html"),
)


def long_articles(seed: int) -> Iterator[tuple[bytes, str]]:
    """Bodies of all kinds in turn, no two of them alike."""
    chance = random.Random(seed)
    for number in itertools.count(seed):
        make, kind = KINDS[number % len(KINDS)]
        text = "".join(make(chance) for _ in range(CHARACTERS // len(make(chance)) + 1))
        yield text[:CHARACTERS].encode(), kind


@dataclass
class Found:
    """Times in milliseconds, and the statuses of the long articles."""

    short: list[float] = field(default_factory=list)
    livez: list[float] = field(default_factory=list)
    long: list[int] = field(default_factory=list)
    still: float = 0.0
    """The longest time in which the engine moved no token, though it was at work."""


async def measure(served: Served, count: int, seconds: float) -> Found:
    found = Found()
    last = time.monotonic() + seconds
    askers = [ask_long(served.port, number, last, found) for number in range(count)]
    async with asyncio.TaskGroup() as tasks:
        for asker in askers:
            tasks.create_task(asker)
        tasks.create_task(ask_short(served.port, last, found))
        tasks.create_task(watch(served, last, found))
    return found


async def ask_long(port: int, seed: int, last: float, found: Found) -> None:
    articles = long_articles(seed)
    while (left := last - time.monotonic()) > 0.1:
        body, kind = await asyncio.to_thread(next, articles)
        client = Client(port, "10.0.0.1")
        with suppress(TimeoutError):
            async with asyncio.timeout(left):
                found.long.append((await client.ask(body, kind, f"?timeout={LONG_S}"))[0])
        client.close()


async def ask_short(port: int, last: float, found: Found) -> None:
    client = Client(port, "10.0.0.2")
    texts = itertools.cycle(SHORT.values())
    for number in itertools.count():
        text = next(texts).format(f"{number}-{time.time_ns()}")
        begun = time.monotonic()
        if begun > last:
            break
        status, answer = await client.ask(json.dumps({"text": text, "length": "short"}).encode())
        if status != 200:
            raise SystemExit(f"a short article got {status}: {answer[:200]!r}")
        found.short.append((time.monotonic() - begun) * 1000)
    client.close()


async def watch(served: Served, last: float, found: Found) -> None:
    """Ask for /livez and for the engine's counters, twenty times a second."""
    moved, tokens = time.monotonic(), -1.0
    while (begun := time.monotonic()) < last:
        await asyncio.to_thread(served.get, "/livez")
        found.livez.append((time.monotonic() - begun) * 1000)
        said = (await asyncio.to_thread(served.get, "/metrics")).body.decode()
        now, new = time.monotonic(), sum(map(float, TOKENS.findall(said)))
        if new != tokens or not any(map(float, ROWS.findall(said))):
            moved, tokens = now, new
        found.still = max(found.still, (now - moved) * 1000)
        await asyncio.sleep(0.05)


def shown(count: int, found: Found) -> str:
    short = sorted(found.short)
    p50, p99 = statistics.median(short), short[int(len(short) * 0.99)]
    figures = (p50, p99, short[-1], max(found.livez), found.still)
    done = sum(status == 200 for status in found.long)
    return (
        f"{count:5} {len(short):7}"
        + "".join(f"{figure:8.0f}" for figure in figures)
        + f" {done:8} {len(found.long) - done:4}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", help="a model's folder; without it, the engine extractive")
    parser.add_argument("--long", type=int, nargs="+", default=[0, 1, 4, 8])
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--processes", type=int, default=2, help="DIGLOT_READING_PROCESSES")
    flags = parser.parse_args()
    engine = ["--model", flags.model] if flags.model else ["--engine", "extractive"]
    command = ("-m", "service", "serve", "--port", "0", *engine)
    with tempfile.TemporaryDirectory(prefix="diglot-head-of-line-") as folder:
        more = ("--keep-results-mb", "0", "--reading-processes", str(flags.processes))
        with serving(Path(folder) / "log", *command, *more) as served:
            served.wait_until_ready()
            warm(served)
            print(f"{'long':>5} {'short':>7}     p50     p99    most   livez   still answered late")
            for count in flags.long:
                found = asyncio.run(measure(served, count, flags.seconds))
                print(shown(count, found), flush=True)
    return 0


def warm(served: Served) -> None:
    """Start the processes, and load what the first article in each language needs."""
    for text in (*SHORT.values(), *(one * 400 for one in SHORT.values())):
        request = urllib.request.Request(
            f"http://127.0.0.1:{served.port}/summarize?timeout=60",
            text.encode(),
            {"Content-Type": "text/plain"},
        )
        with suppress(OSError):
            urllib.request.urlopen(request).close()


if __name__ == "__main__":
    sys.exit(main())
