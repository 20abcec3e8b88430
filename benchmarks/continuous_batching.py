"""transformers' continuous batching (`generate_batch`) on a CPU, beside `generate` and Diglot.

    python -m benchmarks.continuous_batching --model FOLDER [--prompts 8] [--prompt-tokens 256]

The prompts are the sample articles, continued greedily in float32 by exactly `--new-tokens` tokens
each. Every method has its own process; they take turns, round after round, and the first round is
a warm-up. `generate_batch` runs with its own defaults, and with a cache and a batch of exactly the
job's size. A method that takes longer than `--timeout-s` for one turn is stopped, which the table
shows; its own output goes to stderr. A turn includes the set-up and tear-down of `generate_batch`.
"""

import argparse
import statistics
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from transformers import ContinuousBatchingConfig, GenerationConfig

from benchmarks import machine
from benchmarks.forked_words import answer
from benchmarks.sample_work import Work
from benchmarks.turns import Job, Stopped, Turn, Worker
from service.llm.capability import prepare
from service.llm.generator import BatchGenerator
from service.llm.scheduler import Limits

PAGE = 256
"""Tokens of a page of its cache, by default."""


def main() -> int:
    args = _arguments()
    work = Work(args.model, args.prompts, args.prompt_tokens, args.new_tokens, args.threads)
    setups = {
        "generate": _generate_alone,
        "generate_batch": _generate_batch,
        "generate_batch, of the job's size": _generate_batch_sized,
        "Diglot, float32": _diglot,
    }
    turns: dict[str, list[Turn] | str] = {name: [] for name in setups}
    workers: dict[str, Worker] = {}
    for name, setup in setups.items():
        workers[name] = Worker(setup, work, timeout_s=args.timeout_s)
    for number in range(args.rounds + 1):
        for name, worker in list(workers.items()):
            done = turns[name]
            assert not isinstance(done, str)
            try:
                turn = worker.turn("job")
            except Stopped as stopped:
                turns[name] = str(stopped).removeprefix("job: ")
                del workers[name]
                continue
            done += [turn] if number else []
    for worker in workers.values():
        worker.stop()
    print(_report(turns, work, args.rounds))
    return 0


def _generate_alone(work: Work) -> Mapping[str, Job]:
    model, ids = work.load_plain(), torch.tensor(work.prompts())
    model.generation_config = _settings(work.new_tokens)

    def job() -> list[list[int]]:
        with torch.inference_mode():
            output = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids))
        written: list[list[int]] = output[:, ids.shape[1] :].tolist()
        return written

    return {"job": job}


def _generate_batch(work: Work) -> Mapping[str, Job]:
    return _batched(work, ContinuousBatchingConfig())


def _generate_batch_sized(work: Work) -> Mapping[str, Job]:
    pages = work.rows * -(-(work.prompt_tokens + work.new_tokens) // PAGE)
    tokens = work.rows * work.prompt_tokens
    return _batched(work, ContinuousBatchingConfig(num_blocks=pages, max_batch_tokens=tokens))


def _batched(work: Work, config: ContinuousBatchingConfig) -> Mapping[str, Job]:
    model, prompts = work.load_plain(), work.prompts()

    def job() -> list[list[int]]:
        answers = model.generate_batch(
            prompts, _settings(work.new_tokens), continuous_batching_config=config
        )
        return [list(each.generated_tokens) for each in answers.values()]

    return {"job": job}


def _settings(new: int) -> Any:
    """Greedy settings without a stop token."""
    config: Any = GenerationConfig
    return config(do_sample=False, max_new_tokens=new, eos_token_id=-1, pad_token_id=0)


def _diglot(work: Work) -> Mapping[str, Job]:
    loaded = work.load()
    assert prepare(loaded.model, torch.float32), "the model's past can't be forked"
    room = work.rows * (work.prompt_tokens + work.new_tokens + PAGE)
    limits = Limits(kv_tokens=room, rows=work.rows, chunk_tokens=512)
    generator = BatchGenerator(loaded.model, loaded.stops, limits, dtype=torch.float32)
    return {"job": partial(_written, generator, work.prompts(), work.new_tokens)}


def _written(generator: BatchGenerator, prompts: list[list[int]], new: int) -> list[list[int]]:
    return answer(generator, [(tuple(ids[:-1]), (tuple(ids[-1:]),)) for ids in prompts], new)


def _report(turns: Mapping[str, list[Turn] | str], work: Work, rounds: int) -> str:
    lines = [
        f"{work}, {rounds} rounds\n",
        "| | seconds | CPU s | of it system | page faults | rows with generate's words |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    yardstick = turns["generate"]
    for name, done in turns.items():
        if isinstance(done, str):
            lines.append(f"| {name} | {done} | | | | |")
            continue
        cells = [
            statistics.median(getattr(turn, field) for turn in done)
            for field in ("seconds", "cpu_s", "system_s", "faults")
        ]
        same = "" if isinstance(yardstick, str) else _same(done[0].tokens, yardstick[0].tokens)
        lines.append("| {} | {:.2f} | {:.2f} | {:.2f} | {:,.0f} | {} |".format(name, *cells, same))
    return "\n".join(lines)


def _same(found: list[list[int]], expected: list[list[int]]) -> str:
    if len(found) != len(expected):
        return f"{len(found)} answers came"
    pairs = zip(found, expected, strict=True)
    return f"{sum(one == other for one, other in pairs)} of {len(expected)}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.continuous_batching",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--model", type=Path, required=True, help="a folder in Hugging Face format")
    add("--prompts", type=int, default=8)
    add("--prompt-tokens", type=int, default=256)
    add("--new-tokens", type=int, default=16)
    add("--rounds", type=int, default=3)
    add("--threads", type=int, default=machine.cores())
    add("--timeout-s", type=float, default=120, help="for one turn")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
