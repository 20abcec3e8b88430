"""The fallback path compared with transformers' `generate`, on the same prompts in one batch.

    python -m benchmarks.fallback --model FOLDER [--rows 4] [--prompt-tokens 300] [--new-tokens 48]

The prompts are the sample articles, greedy, in float32. Four variants take turns:

- `generate`: plain transformers, without Diglot in its process;
- `generate, freed memory kept`: the same after `keep_freed_memory`;
- `growing cache`: plain transformers' model with the cache that writes in place;
- `fallback`: Diglot's fallback, with both, on the model from its loader.

They run in two processes, because the C library's setting can't be undone. The table has medians; a
ratio is the median of the rounds' ratios. Exit status 1 when the fallback takes more than 1.1 times
the CPU seconds of `generate`, or when the variants write different tokens.
"""

import argparse
import statistics
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks import machine
from benchmarks.sample_work import Work
from benchmarks.turns import Job, Turn, Worker
from service.llm import static_batch
from service.llm.fallback import FallbackGenerator
from service.llm.loader import Loaded, greedy
from service.llm.token_request import Generate, Generated, TokenRequest

STEP = 5
"""Prompts differ in length by this many tokens, so that there is padding."""
GENERATE, KEPT, GROWING, FALLBACK = WAYS = (
    "generate",
    "generate, freed memory kept",
    "growing cache",
    "fallback",
)
MOST = 1.1


def main() -> int:
    args = _arguments()
    work = Work(args.model, args.rows, args.prompt_tokens, args.new_tokens, args.threads)
    plain = Worker(_plain, work, timeout_s=args.timeout_s)
    kept = Worker(_kept, work, timeout_s=args.timeout_s)
    workers = {GENERATE: plain, KEPT: kept, GROWING: plain, FALLBACK: kept}
    every = range(args.warm_rounds + args.rounds)
    rounds = [{way: worker.turn(way) for way, worker in workers.items()} for _ in every]
    del rounds[: args.warm_rounds]
    plain.stop()
    kept.stop()
    print(_report(rounds, work))
    words = [turn.tokens for each in rounds for turn in each.values()]
    differ = any(each != words[0] for each in words)
    print("other words were written" if differ else "all wrote the same words")
    return int(differ or _ratio(rounds, FALLBACK, "cpu_s") > MOST)


def _plain(work: Work) -> Mapping[str, Job]:
    """The two variants with the C library's default setting."""
    loaded = _transformers(work)
    return {
        GENERATE: partial(_generate, loaded.model, work.prompts(STEP), work.new_tokens),
        GROWING: partial(_growing, loaded, work.prompts(STEP), work.new_tokens),
    }


def _kept(work: Work) -> Mapping[str, Job]:
    """The two variants that keep freed memory."""
    static_batch.keep_freed_memory()
    plain = _transformers(work)
    generator = FallbackGenerator(replace(work.load(), stops=plain.stops), work.rows)
    return {
        KEPT: partial(_generate, plain.model, work.prompts(STEP), work.new_tokens),
        FALLBACK: partial(_fallback, generator, work.prompts(STEP), work.new_tokens),
    }


def _transformers(work: Work) -> Loaded:
    """The model as transformers loads it, greedy, with its publisher's stop tokens."""
    model = work.load_plain()
    eos = model.generation_config.eos_token_id or 0
    stops = tuple(eos) if isinstance(eos, list) else (eos,)
    model.generation_config = greedy(stops)
    return Loaded(model, None, work.folder.name, None, None, stops, "float32")


def _generate(model: Any, prompts: list[list[int]], new: int) -> list[list[int]]:
    stops = model.generation_config.eos_token_id
    ids, mask = static_batch.pad_left(prompts, stops[0], torch.device("cpu"))
    with torch.inference_mode():
        output = model.generate(input_ids=ids, attention_mask=mask, max_new_tokens=new)
    return [_until(row, stops) for row in output[:, ids.shape[1] :].tolist()]


def _until(tokens: list[int], stops: list[int]) -> list[int]:
    ends = [index for index, token in enumerate(tokens) if token in stops]
    return tokens[: ends[0]] if ends else tokens


def _growing(loaded: Loaded, prompts: list[list[int]], new: int) -> list[list[int]]:
    rows = [static_batch.Row(ids, new) for ids in prompts]
    return [written.ids for written in static_batch.generate(loaded, rows)]


def _fallback(generator: FallbackGenerator, prompts: list[list[int]], new: int) -> list[list[int]]:
    for index, ids in enumerate(prompts):
        branch = Generate(tuple(ids[-1:]), new)
        generator.admit(TokenRequest(f"{index:04}", tuple(ids[:-1]), (branch,)))
    written = []
    for each in sorted(generator.step(), key=lambda each: each.id):
        assert each.outcomes is not None and isinstance(each.outcomes[0], Generated)
        written.append(each.outcomes[0].ids)
    return written


def _report(rounds: list[dict[str, Turn]], work: Work) -> str:
    lines = [
        f"{work}, {len(rounds)} rounds\n",
        "| | seconds | CPU s | of it system | page faults | seconds / generate | CPU / generate |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for way in WAYS:
        seconds, cpu, system, faults = (
            statistics.median(getattr(each[way], field) for each in rounds)
            for field in ("seconds", "cpu_s", "system_s", "faults")
        )
        lines.append(
            f"| {way} | {seconds:.2f} | {cpu:.2f} | {system:.2f} | {faults:,.0f}"
            f" | {_ratio(rounds, way, 'seconds'):.2f} | {_ratio(rounds, way, 'cpu_s'):.2f} |"
        )
    return "\n".join(lines)


def _ratio(rounds: list[dict[str, Turn]], way: str, field: str) -> float:
    return statistics.median(
        getattr(each[way], field) / getattr(each[GENERATE], field) for each in rounds
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fallback",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--model", type=Path, required=True, help="a folder in Hugging Face format")
    add("--rows", type=int, default=4)
    add("--prompt-tokens", type=int, default=300)
    add("--new-tokens", type=int, default=48)
    add("--rounds", type=int, default=3)
    add("--warm-rounds", type=int, default=1, help="before those that count")
    add("--threads", type=int, default=machine.cores())
    add("--timeout-s", type=float, default=600, help="for one turn")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
