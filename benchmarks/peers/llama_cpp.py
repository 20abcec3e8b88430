"""llama.cpp as its server would run with a prompt cache that never misses.

One context holds a sequence for each task of a wave of articles. A passage is read once, into the
sequence of its first task, and the others take over what was read (`llama_memory_seq_cp`). Then
all tasks of the wave write together, a token each at a time.
"""

import argparse
import ctypes
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import llama_cpp as api
import numpy as np

from benchmarks.job import Article, Job, Outcome, run

CELL = 256  # llama.cpp rounds the room of a sequence up to this many tokens


@dataclass
class Row:
    """One task's sequence: where it stands, and the ids that it wrote."""

    sequence: int
    article: int
    instruction: list[int]
    left: int
    position: int
    ids: list[int]


class Context:
    """A model and its memory, fed with (id, position, sequence, is a guess wanted?)."""

    def __init__(self, file: Path, sequences: int, room: int, given: argparse.Namespace) -> None:
        api.llama_backend_init()
        api.llama_log_set(_silence, ctypes.c_void_p(0))
        self.model = api.llama_model_load_from_file(
            str(file).encode(), api.llama_model_default_params()
        )
        params = api.llama_context_default_params()
        params.n_ctx = sequences * -(-room // CELL) * CELL
        params.n_seq_max = sequences
        params.n_batch = params.n_ubatch = given.batch
        params.n_threads = params.n_threads_batch = given.threads
        params.flash_attn_type = given.flash_attention
        params.kv_unified = bool(given.unified)
        self.context = api.llama_init_from_model(self.model, params)
        if not self.model or not self.context:
            raise SystemExit(f"llama.cpp can't load {file}")
        self.vocabulary = api.llama_vocab_n_tokens(api.llama_model_get_vocab(self.model))
        self.memory = api.llama_get_memory(self.context)
        self.size = given.batch
        self.batch = api.llama_batch_init(self.size, 0, 1)

    def feed(self, tokens: list[tuple[int, int, int, bool]]) -> list[int]:
        """Let the tokens through the model; the likeliest next id of each one that wants it."""
        guesses = []
        for start in range(0, len(tokens), self.size):
            part = tokens[start : start + self.size]
            self.batch.n_tokens = len(part)
            for index, (id_, position, sequence, wanted) in enumerate(part):
                self.batch.token[index] = id_
                self.batch.pos[index] = position
                self.batch.n_seq_id[index] = 1
                self.batch.seq_id[index][0] = sequence
                self.batch.logits[index] = wanted
            if failed := api.llama_decode(self.context, self.batch):
                raise SystemExit(f"llama_decode gave {failed}")
            guesses += [self._likeliest(index) for index, one in enumerate(part) if one[3]]
        return guesses

    def _likeliest(self, index: int) -> int:
        logits = api.llama_get_logits_ith(self.context, index)
        return int(np.ctypeslib.as_array(logits, (self.vocabulary,)).argmax())

    def fork(self, source: int, target: int) -> None:
        api.llama_memory_seq_cp(self.memory, source, target, -1, -1)

    def forget(self) -> None:
        api.llama_memory_clear(self.memory, False)


@api.llama_log_callback
def _silence(level: int, text: bytes, data: ctypes.c_void_p) -> None:
    """Its log is long, and errors come back as codes."""


def work(file: Path, job: Job, given: argparse.Namespace) -> Outcome:
    wave = min(given.wave, job.articles)
    room = max(
        len(article.beginning) + max(len(task.instruction) + task.tokens for task in article.tasks)
        for article in job.prompts(2)
    )
    tasks = len(job.prompts(2)[0].tasks)
    context = Context(file, wave * tasks, room, given)
    articles = job.prompts(context.vocabulary)
    context.feed([(1, 0, 0, True)])
    context.forget()
    reading = writing = 0.0
    rows: list[Row] = []
    begun = time.perf_counter()
    for start in range(0, len(articles), wave):
        context.forget()
        started = time.perf_counter()
        found = read(context, articles[start : start + wave])
        was_read = time.perf_counter()
        write(context, found)
        reading, writing = reading + was_read - started, writing + time.perf_counter() - was_read
        rows += sorted(found, key=lambda row: (row.article, row.sequence))
    seconds = time.perf_counter() - begun
    return Outcome(
        articles=job.articles,
        seconds=seconds,
        tokens_read=job.tokens_to_read,
        tokens_written=sum(len(row.ids) for row in rows),
        prefill_tokens_per_s=job.tokens_to_read / reading,
        decode_tokens_per_s=sum(len(row.ids) - 1 for row in rows) / writing,
        first_tokens=[row.ids[0] for row in rows],
        versions={"llama-cpp-python": version("llama-cpp-python")},
    )


def read(context: Context, articles: list[Article]) -> list[Row]:
    """Read each beginning once and every instruction; every row has then its first token."""
    rows = list(rows_of(articles))
    for place, article in enumerate(articles):
        own = [row.sequence for row in rows if row.article == place]
        context.feed([(id_, at, own[0], False) for at, id_ in enumerate(article.beginning)])
        for other in own[1:]:
            context.fork(own[0], other)
    tokens = []
    for row in rows:
        ends = len(row.instruction) - 1
        for at, id_ in enumerate(row.instruction):
            tokens.append((id_, row.position + at, row.sequence, at == ends))
        row.position += len(row.instruction)
    for row, guess in zip(rows, context.feed(tokens), strict=True):
        row.ids.append(guess)
        row.left -= 1
    return rows


def rows_of(articles: list[Article]) -> Iterator[Row]:
    """Task by task, so that the sequences that write longest are neighbours.

    llama.cpp takes sequences into one step only where their numbers follow one another.
    """
    for number in range(len(articles[0].tasks)):
        for place, article in enumerate(articles):
            task = article.tasks[number]
            yield Row(
                sequence=number * len(articles) + place,
                article=place,
                instruction=task.instruction,
                left=task.tokens,
                position=len(article.beginning),
                ids=[],
            )


def write(context: Context, rows: list[Row]) -> None:
    while going := [row for row in rows if row.left]:
        guesses = context.feed([(row.ids[-1], row.position, row.sequence, True) for row in going])
        for row, guess in zip(going, guesses, strict=True):
            row.ids.append(guess)
            row.position += 1
            row.left -= 1


if __name__ == "__main__":
    run(work, wave=8, batch=512, flash_attention=1, unified=0)
