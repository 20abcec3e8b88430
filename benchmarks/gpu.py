"""GPU: forked words and recorded steps on a card, and articles an hour beside transformers' own.

    python -m benchmarks.gpu [--model FOLDER ...] [--shape qwen3-0.6b ...] [--articles 64]

For each model, in float32 and bfloat16: rows of 60 words that equal those of `generate`, which
reads each text alone, and the share of all words before the first different one; for `generate` in
a padded batch, for forked answers, and for forked answers whose steps are replayed CUDA graphs.

For each shape, with random weights in bfloat16: the job of `benchmarks.compare` (articles of 1,000
tokens, two digests of 96 tokens and a stance each) by Diglot with its default settings, with
64 rows, with 512 tokens read a step, and without CUDA graphs; by transformers' `generate_batch`,
whose prefixes are shared and whose steps are recorded too; and by `generate` in batches. Each does
the job twice: the first run includes what is recorded on first use. The words of random weights
mean nothing, so only the first part judges accuracy. `--cache` keeps the random weights.

`--device cpu` tries the script where no card is.
"""

import argparse
import gc
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import ContinuousBatchingConfig

from benchmarks import forked_words, random_model
from benchmarks.forked_words import ALONE, EAGER, PADDED, RECORDED, Agreement, plain_model
from benchmarks.job import Job
from benchmarks.shapes import SHAPES
from service.llm import bench
from service.llm.llm_engine import LLMEngine
from service.settings import Settings

RUNS = 2
BATCH = 64
"""Rows of a batch of `generate`."""
Run = Callable[[], str]
"""Does the whole job; returns a remark."""


@dataclass(frozen=True, slots=True)
class Measured:
    """An engine's runs of the job, in seconds, with the most memory that it had allocated."""

    seconds: list[float]
    peak_bytes: int
    remark: str


def main() -> int:
    args = _arguments()
    if args.device == "cuda" and not torch.cuda.is_available():
        print("torch sees no GPU here; --device cpu tries the script", file=sys.stderr)
        return 1
    print(_machine(args.device), flush=True)
    record: dict[str, Any] = {"machine": _machine(args.device), "words": {}, "speed": {}}
    for folder in args.model:
        record["words"][folder.name] = _words(folder, args.device)
    job = Job(args.articles, args.article_tokens, args.digest_tokens)
    for shape in args.shape:
        with _random_weights(shape, args.cache) as folder:
            record["speed"][shape] = _speed(folder, shape, job, args.device)
    if args.json:
        args.json.write_text(json.dumps(record, indent=1))
    return 0


def _machine(device: str) -> str:
    card = torch.cuda.get_device_name() if device == "cuda" else "no card"
    return f"{card}, torch {torch.__version__}, transformers {transformers.__version__}"


def _words(folder: Path, device: str) -> dict[str, dict[str, str]]:
    """A line for each number format, printed and returned."""
    print(f"\n{folder.name}: rows with the words of generate (words before the first other)\n")
    print(f"| | {PADDED} | {EAGER} | {RECORDED} |\n| --- | --- | --- | --- |", flush=True)
    found = {}
    for dtype in ("float32", "bfloat16"):
        written = forked_words.written(folder, dtype, device)
        found[dtype] = {
            name: str(Agreement.of(written[name], written[ALONE])) if name in written else "none"
            for name in (PADDED, EAGER, RECORDED)
        }
        print(f"| {dtype} | {' | '.join(found[dtype].values())} |", flush=True)
        _free(device)
    return found


def _speed(folder: Path, shape: str, job: Job, device: str) -> dict[str, Any]:
    """A line for each engine, printed and returned."""
    print(f"\n{shape}, {job.articles} articles of {job.article_tokens} tokens\n")
    print("| | first run, s | second run, s | articles/h | peak GiB | |")
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    ways = {
        "Diglot": partial(_diglot, folder, job, device),
        "generate_batch": partial(_generate_batch, folder, job, device),
        "Diglot, 512 tokens read a step": partial(_diglot, folder, job, device, read_tokens=512),
        "Diglot, 64 rows": partial(_diglot, folder, job, device, batch_rows=64),
        "Diglot, nothing recorded": partial(_diglot, folder, job, device, cuda_graphs=False),
        "generate": partial(_generate, folder, job, device),
    }
    found = {}
    for name, way in ways.items():
        try:
            with way() as run:
                measured = _measured(run, device)
        except Exception as error:
            print(f"| {name} | {type(error).__name__}: {str(error)[:200]} | | | | |", flush=True)
        else:
            per_hour = job.articles / measured.seconds[-1] * 3600
            first, last = measured.seconds[0], measured.seconds[-1]
            peak = measured.peak_bytes / (1 << 30)
            cells = f"{first:.2f} | {last:.2f} | {per_hour:,.0f} | {peak:.1f} | {measured.remark}"
            print(f"| {name} | {cells} |", flush=True)
            found[name] = asdict(measured)
        _free(device)
    return found


def _measured(run: Run, device: str) -> Measured:
    seconds, remark = [], ""
    for _ in range(RUNS):
        start = time.perf_counter()
        remark = run()
        if device == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    peak = torch.cuda.max_memory_allocated() if device == "cuda" else 0
    return Measured(seconds, peak, remark)


@contextmanager
def _diglot(folder: Path, job: Job, device: str, **more: Any) -> Iterator[Run]:
    engine = LLMEngine(Settings(model=str(folder), dtype="bfloat16", device=device, **more))

    def run() -> str:
        found = bench.run(engine, job.articles, job.article_tokens, job.digest_tokens)
        return f"{found.replayed_steps} of {found.steps} steps replayed in both runs"

    yield run


@contextmanager
def _generate_batch(folder: Path, job: Job, device: str) -> Iterator[Run]:
    model = plain_model(folder, "bfloat16", device)
    prompts = _prompts(model, job)
    manager = model.continuous_batching_context_manager(
        model.generation_config,
        continuous_batching_config=ContinuousBatchingConfig(),
        workload_hints=_hints(prompts),
    )
    with manager as running:

        def run() -> str:
            for ids, tokens in prompts:
                running.add_request(ids, max_new_tokens=tokens)
            written = sum(_answer(running) for _ in prompts)
            if written != job.tokens_to_write:
                raise RuntimeError(f"{written} tokens came instead of {job.tokens_to_write}")
            return f"its attention: {model.config._attn_implementation}"

        yield run


def _hints(prompts: Sequence[tuple[list[int], int]]) -> Any:
    from transformers.generation.continuous_batching.utils import WorkloadHints

    longest = max(len(ids) for ids, _ in prompts)
    return WorkloadHints(longest, max(tokens for _, tokens in prompts), len(prompts))


def _answer(running: Any) -> int:
    """The number of tokens of the next request that is done."""
    while True:
        result = running.get_result(timeout=1)
        if result is not None and result.is_finished():
            return len(result.generated_tokens)
        if result is None and not running.is_running():
            raise RuntimeError("its thread has ended")


@contextmanager
def _generate(folder: Path, job: Job, device: str) -> Iterator[Run]:
    model = plain_model(folder, "bfloat16", device)
    prompts = sorted(_prompts(model, job), key=lambda prompt: -prompt[1])

    def run() -> str:
        for first in range(0, len(prompts), BATCH):
            rows = prompts[first : first + BATCH]
            ids = torch.tensor([ids for ids, _ in rows], device=model.device)
            with torch.inference_mode():
                model.generate(
                    input_ids=ids,
                    attention_mask=torch.ones_like(ids),
                    max_new_tokens=rows[0][1],
                )
        return f"batches of {BATCH}, each article read three times"

    yield run


def _prompts(model: Any, job: Job) -> list[tuple[list[int], int]]:
    """Every prompt whole, with the number of tokens to write."""
    articles = job.prompts(model.config.get_text_config().vocab_size)
    return [
        (article.beginning + task.instruction, task.tokens)
        for article in articles
        for task in article.tasks
    ]


@contextmanager
def _random_weights(shape: str, cache: Path | None) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = (cache or Path(scratch)) / shape
        if not folder.is_dir():
            random_model.build(shape, folder)
        yield folder


def _free(device: str) -> None:
    """Free the memory of the engine before."""
    gc.unfreeze()  # the LLM engine freezes what it holds
    gc.collect()
    if device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--model", type=Path, nargs="*", default=[], help="folders in Hugging Face format")
    add("--shape", choices=sorted(SHAPES), nargs="*", default=[])
    add("--articles", type=int, default=64)
    add("--article-tokens", type=int, default=Job.article_tokens)
    add("--digest-tokens", type=int, default=Job.digest_tokens)
    add("--device", choices=["cuda", "cpu"], default="cuda")
    add("--cache", type=Path, help="a folder that keeps the random weights")
    add("--json", type=Path, help="write the figures to this file too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
