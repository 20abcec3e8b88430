"""How many articles an hour? A job of made-up tokens, in which every article gets the same work."""

import random
import resource
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

from service.errors import BadSetting, NoRoom
from service.llm.engine import TransformersEngine
from service.llm.generator import Batch
from service.llm.sequence import Job, Score, Write
from service.settings import Settings

OPENING, INSTRUCTION = 20, 45
"""Tokens before an article and after it, about as many as Diglot's own prompts have."""
LANGUAGES = 2
SEED = 7


@dataclass(frozen=True, slots=True)
class Measures:
    """Rates of one run. The time is that of the whole job, after the model was loaded.

    `prefill_tokens_per_s` is what was read over the time of all passes that read, though most of
    them write as well; `decode_tokens_per_s` is what was written in all other passes over their
    time. The first token of each answer comes with the reading of its prompt and is not counted
    as decoded.
    `replayed_steps`: those of `steps` that were replays of a recording (CUDA graphs); the others
    were eager.
    """

    path: str
    dtype: str
    articles: int
    article_tokens: int
    digest_tokens: int
    seconds: float
    articles_per_hour: float
    prefill_tokens_per_s: float
    decode_tokens_per_s: float
    tokens_read: int
    tokens_written: int
    steps: int
    replayed_steps: int
    rows_per_step: float
    peak_rss_bytes: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(settings: Settings, articles: int, article_tokens: int, digest_tokens: int) -> Measures:
    """Two digests of exactly `digest_tokens` tokens and one stance for each article.

    Raises BadSetting where the model can't be used, takes the plain path, or where an article is
    longer than it reads.
    """
    return run(TransformersEngine(settings), articles, article_tokens, digest_tokens)


def run(
    engine: TransformersEngine, articles: int, article_tokens: int, digest_tokens: int
) -> Measures:
    """The same with an engine that is loaded already, and is of no use for words afterwards."""
    batch = engine.batch
    if not isinstance(batch, Batch):
        raise BadSetting("this model takes the plain path: transformers' own speed is its speed")
    if article_tokens > (engine.passage_limit or article_tokens):
        raise BadSetting(f"the model reads {engine.passage_limit} tokens at once, no more")
    batch.stops = frozenset()
    waiting = deque(_jobs(engine.words, articles, article_tokens, digest_tokens))
    done = 0
    began = time.monotonic()
    while done < articles:
        _admit(batch, waiting)
        done += len(batch.step())
    seconds = time.monotonic() - began
    tally = batch.tally
    return Measures(
        path=batch.path,
        dtype=engine.identity.dtype or "",
        articles=articles,
        article_tokens=article_tokens,
        digest_tokens=digest_tokens,
        seconds=seconds,
        articles_per_hour=articles / seconds * 3600,
        prefill_tokens_per_s=tally.read_tokens / tally.read_s,
        decode_tokens_per_s=(tally.written_tokens - tally.beside) / max(tally.write_s, 1e-9),
        tokens_read=tally.read_tokens,
        tokens_written=tally.written_tokens + articles * LANGUAGES,
        steps=tally.steps,
        replayed_steps=batch.replayed_steps,
        rows_per_step=tally.written_tokens / max(tally.steps, 1),
        peak_rss_bytes=_peak(),
    )


def _jobs(words: int, articles: int, article_tokens: int, digest_tokens: int) -> list[Job]:
    chance = random.Random(SEED)

    def some(count: int) -> tuple[int, ...]:
        return tuple(chance.randrange(words) for _ in range(count))

    opening = some(OPENING)
    digests = [Write(some(INSTRUCTION), digest_tokens) for _ in range(LANGUAGES)]
    stance = Score(some(INSTRUCTION), (some(1), some(1), some(2)))
    return [
        Job(str(number), opening + some(article_tokens), (*digests, stance))
        for number in range(articles)
    ]


def _admit(batch: Batch, waiting: deque[Job]) -> None:
    while waiting:
        try:
            batch.admit(waiting[0])
        except NoRoom:
            return
        waiting.popleft()


def _peak() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
