"""OpenVINO GenAI's continuous batching with its prefix cache, at its best.

It looks into the cache when a prompt is handed over, and finds there only what was read by then:
prompts that are all handed over at once share nothing. So one task of every article is handed over
at once, and an article's other tasks as soon as the first has its first token.
"""

import argparse
import json
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import openvino_genai

from benchmarks.job import Article, Job, Outcome, Task, run


def work(folder: Path, job: Job, given: argparse.Namespace) -> Outcome:
    pipeline = _pipeline(folder, given)
    vocabulary = json.loads((folder / "config.json").read_text())["vocab_size"]
    warm = Writing(pipeline, [Article([1, 2], [Task([3], 2)])], 0)
    while pipeline.has_non_finished_requests():
        warm.step()

    begun = time.perf_counter()
    writing = Writing(pipeline, job.prompts(vocabulary), given.first)
    all_read, written_while_reading = 0.0, 0
    while pipeline.has_non_finished_requests():
        writing.step()
        if not all_read and writing.all_read():
            all_read, written_while_reading = time.perf_counter(), writing.count()
    ended = time.perf_counter()

    decode = (writing.count() - written_while_reading) / (ended - all_read)
    # While prompts are read, those read before go on writing. That work is counted at the rate
    # of the time after it, when there is nothing left to read.
    meanwhile = (written_while_reading - len(writing.ids)) / decode
    return Outcome(
        articles=job.articles,
        seconds=ended - begun,
        tokens_read=job.tokens_to_read,
        tokens_written=writing.count(),
        prefill_tokens_per_s=job.tokens_to_read / (all_read - begun - meanwhile),
        decode_tokens_per_s=decode,
        first_tokens=[ids[0] for _, ids in sorted(writing.ids.items())],
        versions={name: version(name) for name in ("openvino", "openvino-genai")},
    )


class Writing:
    """The answers to some articles' tasks as they grow, by article and task."""

    def __init__(self, pipeline: Any, articles: list[Article], first: int) -> None:
        self.pipeline, self.articles, self.first = pipeline, articles, first
        self.ids: dict[tuple[int, int], list[int]] = {
            (place, number): []
            for place, article in enumerate(articles)
            for number in range(len(article.tasks))
        }
        self.handles: dict[tuple[int, int], Any] = {}
        for place in range(len(articles)):
            self._add(place, first)

    def step(self) -> None:
        self.pipeline.step()
        for key, handle in list(self.handles.items()):
            ids = self.ids[key]
            is_new = not ids
            while handle.can_read():
                for output in handle.read().values():
                    ids += output.generated_ids
            place, number = key
            if is_new and ids and number == self.first:
                for other in range(len(self.articles[place].tasks)):
                    if other != self.first:
                        self._add(place, other)

    def all_read(self) -> bool:
        return all(self.ids.values())

    def count(self) -> int:
        return sum(map(len, self.ids.values()))

    def _add(self, place: int, number: int) -> None:
        article = self.articles[place]
        task = article.tasks[number]
        config = openvino_genai.GenerationConfig()
        config.max_new_tokens = config.min_new_tokens = task.tokens
        config.set_eos_token_id(0)  # it wants to know one, to ignore it
        config.ignore_eos = True
        prompt = openvino.Tensor(np.array([article.beginning + task.instruction], np.int64))
        request = place * len(article.tasks) + number
        self.handles[place, number] = self.pipeline.add_request(request, prompt, config)


def _pipeline(folder: Path, given: argparse.Namespace) -> Any:
    scheduler = openvino_genai.SchedulerConfig()
    scheduler.enable_prefix_caching = True
    scheduler.max_num_batched_tokens = given.batched_tokens
    scheduler.dynamic_split_fuse = bool(given.split_fuse)
    scheduler.cache_size = given.cache_gib
    threads = {"INFERENCE_NUM_THREADS": given.threads}
    return openvino_genai.ContinuousBatchingPipeline(folder, scheduler, "CPU", threads)


if __name__ == "__main__":
    run(work, batched_tokens=256, split_fuse=1, cache_gib=0, first=0)
