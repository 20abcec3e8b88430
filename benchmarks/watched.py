"""Instrumented `python -m service digest`: what its engine prefilled and generated, and when.

    python -m benchmarks.watched --json FILE [--warm ARTICLE] digest PATHS… --model FOLDER

Everything after the flags is Diglot's own command line. With --warm another article is digested
before the clock starts. `benchmarks.seeds` runs this.
"""

import argparse
import contextlib
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from service import cli, engine_factory, metrics


@dataclass
class Watch:
    """Records an engine's work since `begin`."""

    rows: int = 0
    """The most answers that grow at once."""
    path: str = ""
    dtype: str | None = None
    began: float = 0.0
    read_before: float = 0.0
    first_token_before: float = 0.0
    steps: int = 0
    thin_steps: int = 0
    """Steps that wrote fewer than half as many tokens."""
    passages: dict[tuple[int, ...], list[dict[str, Any]]] = field(default_factory=dict)
    """By what was read: its instructions, and how many tokens were written after each."""

    def begin(self) -> None:
        self.steps = self.thin_steps = 0
        self.passages.clear()
        self.read_before = metrics.prefill_tokens._value.get()
        self.first_token_before = _first_token_s()
        self.began = time.monotonic()

    def attach(self, engine: Any) -> None:
        """Record the work of `engine`. Only this and `_note` use its internals."""
        generator = engine.generator
        self.path, self.dtype = generator.path, engine.identity.dtype
        self.rows = generator.max_rows
        step = generator.step

        def watched() -> Any:
            running = getattr(generator, "num_running", 0)
            finished = step()
            if running:
                self.steps += 1
                self.thin_steps += running < self.rows / 2
            for each in finished:
                if each.outcomes is not None:
                    self._note(each.request, each.outcomes)
            return finished

        generator.step = watched

    def _note(self, request: Any, outcomes: Any) -> None:
        for branch, outcome in zip(request.branches, outcomes, strict=True):
            prefix, suffix = tuple(request.prefix), list(branch.suffix)
            if not branch.shares_prefix:
                prefix, suffix = tuple(suffix[:-1]), suffix[-1:]
            if hasattr(branch, "continuations"):  # a stance: peers write the longest label
                tokens = max(map(len, branch.continuations))
            else:  # the token that ends an answer is written too
                tokens = max(1, len(outcome.ids) + outcome.complete)
            tasks = self.passages.setdefault(prefix, [])
            tasks.append({"instruction": suffix, "tokens": tokens})

    def record(self, articles: int) -> dict[str, Any]:
        tasks = [task for tasks in self.passages.values() for task in tasks]
        return {
            "articles": articles,
            "seconds": time.monotonic() - self.began,
            "first_token_s": _first_token_s() - self.first_token_before,
            "path": self.path,
            "dtype": self.dtype,
            "rows": self.rows,
            "steps": self.steps,
            "thin_steps": self.thin_steps,
            "tokens_read": int(metrics.prefill_tokens._value.get() - self.read_before),
            "tokens_written": sum(task["tokens"] for task in tasks),
            "passages": [
                {"beginning": list(beginning), "tasks": tasks}
                for beginning, tasks in self.passages.items()
            ],
        }


def _first_token_s() -> float:
    """Seconds until the first token, of all articles together."""
    samples = next(iter(metrics.time_to_first_token_seconds.collect())).samples
    return sum(sample.value for sample in samples if sample.name.endswith("_sum"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--warm", type=Path)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    watch = Watch()
    with TemporaryDirectory() as folder:
        keep_engine(watch)
        if args.warm:
            digest(["digest", str(args.warm), *_flags(args.command)], Path(folder) / "warm")
            watch.begin()
        status, articles = digest(args.command, Path(folder) / "out")
    if articles:
        args.json.write_text(json.dumps(watch.record(articles)))
    return status


def keep_engine(watch: Watch) -> None:
    """Load the command's engine once, and start the clock when it is loaded."""
    load, engines = engine_factory.load_engine, []

    def load_once(settings: Any, resources: Any) -> Any:
        if not engines:
            engines.append(load(settings, resources))
            watch.attach(engines[0])
            watch.begin()
        return engines[0]

    engine_factory.load_engine = load_once


def digest(command: list[str], out: Path) -> tuple[int, int]:
    """Run a Diglot command; returns its exit status and the number of articles with a result."""
    status = 0
    try:
        cli.main([*command, "--out", str(out)], prog_name="python -m service")
    except SystemExit as error:
        status = int(error.code or 0)
    with contextlib.suppress(OSError):
        return status, len((out / "digests.jsonl").read_text(encoding="utf-8").splitlines())
    return status, 0


def _flags(command: list[str]) -> list[str]:
    """The arguments after the paths."""
    first = next((i for i, word in enumerate(command) if word.startswith("--")), len(command))
    return command[first:]


if __name__ == "__main__":
    sys.exit(main())
