"""OpenVINO GenAI's continuous batching with its prefix cache, all prompts handed over at once."""

import argparse
import json
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import openvino_genai

from benchmarks.job import Job, Outcome, run


def work(folder: Path, job: Job, given: argparse.Namespace) -> Outcome:
    pipeline = _pipeline(folder, given)
    written: dict[int, list[int]] = {}
    handles = {-1: _add(pipeline, 10_000_000, [1, 2, 3], 2)}
    while pipeline.has_non_finished_requests():
        _step(pipeline, handles, {-1: []})

    vocabulary = json.loads((folder / "config.json").read_text())["vocab_size"]
    prompts = [
        (article.beginning + task.instruction, task.tokens)
        for article in job.prompts(vocabulary)
        for task in article.tasks
    ]
    written = {number: [] for number in range(len(prompts))}
    all_read, written_while_reading = 0.0, 0
    begun = time.perf_counter()
    handles = {number: _add(pipeline, number, *prompt) for number, prompt in enumerate(prompts)}
    while pipeline.has_non_finished_requests():
        _step(pipeline, handles, written)
        if not all_read and all(written.values()):
            all_read = time.perf_counter()
            written_while_reading = sum(map(len, written.values()))
    ended = time.perf_counter()

    tokens_written = sum(map(len, written.values()))
    decode = (tokens_written - written_while_reading) / (ended - all_read)
    # While prompts are read, those read before go on writing. That work is counted at the rate
    # of the time after it, when there is nothing left to read.
    meanwhile = (written_while_reading - len(prompts)) / decode
    tokens_read = job.tokens_to_read
    return Outcome(
        articles=job.articles,
        seconds=ended - begun,
        tokens_read=tokens_read,
        tokens_written=tokens_written,
        prefill_tokens_per_s=tokens_read / (all_read - begun - meanwhile),
        decode_tokens_per_s=decode,
        first_tokens=[ids[0] for ids in written.values()],
        versions={name: version(name) for name in ("openvino", "openvino-genai")},
    )


def _pipeline(folder: Path, given: argparse.Namespace) -> Any:
    scheduler = openvino_genai.SchedulerConfig()
    scheduler.enable_prefix_caching = True
    scheduler.max_num_batched_tokens = given.batched_tokens
    scheduler.dynamic_split_fuse = bool(given.split_fuse)
    scheduler.cache_size = given.cache_gib
    threads = {"INFERENCE_NUM_THREADS": given.threads}
    return openvino_genai.ContinuousBatchingPipeline(folder, scheduler, "CPU", threads)


def _add(pipeline: Any, number: int, ids: list[int], tokens: int) -> Any:
    config = openvino_genai.GenerationConfig()
    config.max_new_tokens = config.min_new_tokens = tokens
    config.set_eos_token_id(0)  # it wants to know one, to ignore it
    config.ignore_eos = True
    return pipeline.add_request(number, openvino.Tensor(np.array([ids], np.int64)), config)


def _step(pipeline: Any, handles: dict[int, Any], written: dict[int, list[int]]) -> None:
    pipeline.step()
    for number, handle in handles.items():
        while handle.can_read():
            for output in handle.read().values():
                written[number] += output.generated_ids


if __name__ == "__main__":
    run(work, batched_tokens=256, split_fuse=1, cache_gib=0)
