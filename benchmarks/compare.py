"""Comparison: articles per hour of Diglot and its peers on the same job.

    python -m benchmarks.compare [--engines diglot,plain-fp32] [--rounds 1] [--articles 4]

Every engine runs in its own process. They take turns, round after round, so that a noisy hour
affects all of them. Needs 12 GB of disk for the peers' environments and models, which are kept.
Exit status 1 when an engine failed.
"""

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.engines import ENGINES, ROOT, Failed, measure, prepare
from benchmarks.job import Job
from benchmarks.shapes import SHAPES
from benchmarks.table import agreement, medians, ratios, table

CACHE = ROOT / "build" / "bench"


def main() -> int:
    given = arguments()
    job = Job(given.articles, given.article_tokens, given.digest_tokens)
    hybrid = "3_5" in SHAPES[given.shape]["model_type"]
    wanted = given.engines or [name for name in ENGINES if ENGINES[name].hybrid or not hybrid]
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in wanted}
    failures: dict[str, list[str]] = {name: [] for name in wanted}
    ready = {}
    for name in wanted:
        try:
            ready[name] = prepare(ENGINES[name], given.shape, given.cache)
        except Failed as error:
            fail(failures, name, f"could not be set up: {error}")
    for number in range(1, given.rounds + 1):
        for name, one in ready.items():
            try:
                found = measure(one, job, given.cache, given.threads)
            except Failed as error:
                fail(failures, name, f"in round {number}: {error}")
                continue
            rounds[name].append(found)
            say(
                f"round {number} of {given.rounds}: {name} {found['articles_per_hour']:.0f}/h, "
                f"others took {found['cores_taken_by_others']} cores"
            )
    print(
        f"{given.shape}, {job.articles} articles of {job.article_tokens} tokens, two digests of "
        f"{job.digest_tokens} and a stance, {given.threads} threads; tokens a second; medians"
    )
    print(table(rounds, failures))
    for name, share in agreement(rounds).items():
        print(f"{name}: {share:.0%} of its first tokens are those of plain-fp32")
    file = given.json or given.cache / f"{given.shape}.json"
    file.write_text(json.dumps(record(given, job, rounds, failures), indent=1) + "\n")
    say(f"written to {file}")
    return int(any(failures.values()))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.compare",
        description=__doc__.partition("\n")[0],
        epilog="Engines: " + "; ".join(f"{one.name} ({one.about})" for one in ENGINES.values()),
    )
    add = parser.add_argument
    add("--engines", type=names, help="some of them, with commas; default: all for the shape")
    add("--rounds", type=int, default=3)
    add("--shape", choices=sorted(SHAPES), default="qwen3-0.6b")
    add("--articles", type=int, default=Job.articles)
    add("--article-tokens", type=int, default=Job.article_tokens)
    add("--digest-tokens", type=int, default=Job.digest_tokens)
    add("--threads", type=int, default=machine.cores())
    add("--cache", type=Path, default=CACHE, help="keeps environments, models and logs")
    add("--json", type=Path, help="default: SHAPE.json in the cache")
    given = parser.parse_args()
    given.cache = given.cache.resolve()
    return given


def names(text: str) -> list[str]:
    found = text.split(",")
    if unknown := [name for name in found if name not in ENGINES]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not one of {', '.join(ENGINES)}")
    return found


def record(
    given: argparse.Namespace, job: Job, rounds: dict[str, Any], failures: dict[str, Any]
) -> dict[str, Any]:
    middle = medians(rounds)
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": machine.facts(),
        "shape": given.shape,
        "threads": given.threads,
        "job": vars(job),
        "medians": middle,
        "diglot_over_peer": ratios(middle),
        "first_tokens_as_plain_fp32": agreement(rounds),
        "failures": {name: found for name, found in failures.items() if found},
        "rounds": rounds,
    }


def commit() -> str | None:
    """The measured commit, with a + when files differ from it."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty=+", "--abbrev=12"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def fail(failures: dict[str, list[str]], name: str, why: str) -> None:
    failures[name].append(why)
    say(f"{name}: FAILED {why}")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
