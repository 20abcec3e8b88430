"""The job with the C interface of llama.cpp and of what was forked from it.

One context holds a sequence for each task of a wave of articles. A passage is read once, into the
sequence of its first task, and the others take over what was read: a prompt cache that never
misses. Then all tasks of the wave write together, a token each at a time.
"""

import argparse
import ctypes
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.job import Article, Job, Outcome

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

    api: Any
    """The module with the C interface."""
    package: str

    def __init__(self, file: Path, sequences: int, room: int, args: argparse.Namespace) -> None:
        api = self.api
        api.llama_backend_init()
        model_params = api.llama_model_default_params()
        self.choose_model(model_params, args)
        self.model = api.llama_model_load_from_file(str(file).encode(), model_params)
        params = api.llama_context_default_params()
        params.n_ctx = sequences * -(-room // CELL) * CELL
        params.n_seq_max = sequences
        params.n_batch = params.n_ubatch = args.batch
        params.n_threads = params.n_threads_batch = args.threads
        self.choose(params, args)
        self.context = api.llama_init_from_model(self.model, params)
        if not self.model or not self.context:
            raise SystemExit(f"{self.package} can't load {file}")
        self.vocabulary = api.llama_vocab_n_tokens(api.llama_model_get_vocab(self.model))
        self.size = args.batch
        self.batch = api.llama_batch_init(self.size, 0, 1)

    def choose_model(self, params: Any, args: argparse.Namespace) -> None:
        """Set options of a model that only this library has, before it is loaded."""

    def choose(self, params: Any, args: argparse.Namespace) -> None:
        """Set options of a context that only this library has."""
        raise NotImplementedError

    def fork(self, source: int, target: int) -> None:
        """Let sequence `target` begin with all that `source` holds."""
        raise NotImplementedError

    def forget(self) -> None:
        """Empty every sequence."""
        raise NotImplementedError

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
            if failed := self.api.llama_decode(self.context, self.batch):
                raise SystemExit(f"llama_decode gave {failed}")
            guesses += [self._likeliest(index) for index, token in enumerate(part) if token[3]]
        return guesses

    def _likeliest(self, index: int) -> int:
        logits = self.api.llama_get_logits_ith(self.context, index)
        address = ctypes.cast(logits, ctypes.POINTER(ctypes.c_float))
        return int(np.ctypeslib.as_array(address, (self.vocabulary,)).argmax())


def work_with(kind: type[Context]) -> Callable[[Path, Job, argparse.Namespace], Outcome]:
    """The job's work, in contexts of `kind`."""

    def work(file: Path, job: Job, args: argparse.Namespace) -> Outcome:
        known = job.prompts(2)
        wave = min(args.wave, len(known))
        room = max(
            len(article.beginning) + max(len(t.instruction) + t.tokens for t in article.tasks)
            for article in known
        )
        tasks = max(len(article.tasks) for article in known)
        context = kind(file, wave * tasks, room, args)
        return _measure(context, job, wave)

    return work


def _measure(context: Context, job: Job, wave: int) -> Outcome:
    articles = job.prompts(context.vocabulary)
    context.feed([(1, 0, 0, True)])
    context.forget()
    reading = writing = 0.0
    first_token_s = 0.0
    rows: list[Row] = []
    begun = time.perf_counter()
    for start in range(0, len(articles), wave):
        context.forget()
        started = time.perf_counter()
        new = read(context, articles[start : start + wave])
        was_read = time.perf_counter()
        first_token_s = first_token_s or was_read - begun
        write(context, new)
        reading, writing = reading + was_read - started, writing + time.perf_counter() - was_read
        rows += sorted(new, key=lambda row: (row.article, row.sequence))
    seconds = time.perf_counter() - begun
    return Outcome(
        articles=job.articles,
        seconds=seconds,
        tokens_read=job.tokens_to_read,
        tokens_written=sum(len(row.ids) for row in rows),
        prefill_tokens_per_s=job.tokens_to_read / reading,
        decode_tokens_per_s=sum(len(row.ids) - 1 for row in rows) / max(writing, 1e-9),
        first_tokens=[row.ids[0] for row in rows],
        versions={context.package: version(context.package)},
        first_token_s=first_token_s,
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
    sequence = 0
    for number in range(max(len(article.tasks) for article in articles)):
        for index, article in enumerate(articles):
            if number < len(article.tasks):
                task = article.tasks[number]
                start = len(article.beginning)
                yield Row(sequence, index, task.instruction, task.tokens, start, [])
                sequence += 1


def write(context: Context, rows: list[Row]) -> None:
    while going := [row for row in rows if row.left]:
        guesses = context.feed([(row.ids[-1], row.position, row.sequence, True) for row in going])
        for row, guess in zip(going, guesses, strict=True):
            row.ids.append(guess)
            row.position += 1
            row.left -= 1
