"""Benchmark: articles per hour over random tokens, with the same work for every article."""

import random
import resource
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, replace
from typing import Any

from service.errors import BadSetting, NoRoom
from service.llm.generator import BatchGenerator
from service.llm.llm_engine import LLMEngine
from service.llm.request_encoder import SCORED_TOKENS
from service.llm.token_request import Generate, Loglikelihood, TokenRequest
from service.settings import Settings

OPENING, INSTRUCTION = 20, 45
"""Tokens before and after an article, about as many as in Diglot's own prompts."""
LANGUAGES = 2
SEED = 7


@dataclass(frozen=True, slots=True)
class Measures:
    """Rates of one run. The time is that of the whole job, after the model was loaded.

    `prefill_tokens_per_s`: prefilled tokens over the time of all passes that prefill, most of which
    decode too. `decode_tokens_per_s`: tokens decoded in all other passes over their time. The first
    token of each answer comes with the prefill of its prompt and does not count as decoded.
    `replayed_steps`: those of `steps` that were replays of CUDA graphs; the others were eager.
    `evidence_share`: the time of weighing both digests of an article, over the article's own time.
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
    evidence_share: float
    peak_rss_bytes: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(settings: Settings, articles: int, article_tokens: int, digest_tokens: int) -> Measures:
    """Measure two digests of exactly `digest_tokens` tokens and one stance for each article.

    Raises BadSetting where the model can't be used or takes the fallback path, or where an article
    exceeds its passage limit.
    """
    return run(LLMEngine(settings), articles, article_tokens, digest_tokens)


def run(engine: LLMEngine, articles: int, article_tokens: int, digest_tokens: int) -> Measures:
    """Measure an engine that is loaded already."""
    generator = engine.generator
    if not isinstance(generator, BatchGenerator):
        raise BadSetting("this model takes the plain path: transformers' own speed is its speed")
    if article_tokens > (engine.passage_limit or article_tokens):
        raise BadSetting(f"the model reads {engine.passage_limit} tokens at once, no more")
    waiting = deque(_requests(engine.vocabulary, articles, article_tokens, digest_tokens))
    num_finished = 0
    start = time.monotonic()
    while num_finished < articles:
        _admit(generator, waiting)
        num_finished += len(generator.step())
    seconds = time.monotonic() - start
    stats = replace(generator.stats)
    evidence = _evidence_seconds(generator, engine.vocabulary, digest_tokens)
    decoded_alone = stats.decode_tokens - stats.mixed_tokens
    return Measures(
        path=generator.path,
        dtype=engine.identity.dtype or "",
        articles=articles,
        article_tokens=article_tokens,
        digest_tokens=digest_tokens,
        seconds=seconds,
        articles_per_hour=articles / seconds * 3600,
        prefill_tokens_per_s=stats.prefill_tokens / stats.prefill_s,
        decode_tokens_per_s=decoded_alone / max(stats.decode_s, 1e-9),
        tokens_read=stats.prefill_tokens,
        tokens_written=stats.decode_tokens + articles * LANGUAGES,
        steps=stats.steps,
        replayed_steps=generator.replayed_steps,
        rows_per_step=stats.decode_tokens / max(stats.steps, 1),
        evidence_share=evidence / (seconds / articles),
        peak_rss_bytes=_peak(),
    )


def _evidence_seconds(generator: BatchGenerator, vocabulary: int, digest_tokens: int) -> float:
    """Seconds to weigh both digests of an article that were just written.

    Their log-probabilities are known; those without the article are missing. The prompts of these
    are those of the articles before, and so are read already.
    """
    rng = random.Random(SEED + 1)

    def tokens(count: int) -> tuple[int, ...]:
        return tuple(rng.randrange(vocabulary) for _ in range(count))

    prompts = [tokens(OPENING + INSTRUCTION) for _ in range(LANGUAGES)]

    def weigh(name: str) -> None:
        digest = (tokens(min(digest_tokens, SCORED_TOKENS)),)
        alone = [Loglikelihood(prompt, digest, shares_prefix=False) for prompt in prompts]
        _finish(generator, TokenRequest(name, (), tuple(alone)))

    weigh("before")
    start = time.monotonic()
    weigh("weighed")
    return time.monotonic() - start


def _finish(generator: BatchGenerator, request: TokenRequest) -> None:
    generator.admit(request)
    while not generator.step():
        pass


def _requests(
    vocabulary: int, articles: int, article_tokens: int, digest_tokens: int
) -> list[TokenRequest]:
    rng = random.Random(SEED)

    def tokens(count: int) -> tuple[int, ...]:
        return tuple(rng.randrange(vocabulary) for _ in range(count))

    opening = tokens(OPENING)
    digests = [
        Generate(tokens(INSTRUCTION), digest_tokens, ignore_eos=True, scored_tokens=SCORED_TOKENS)
        for _ in range(LANGUAGES)
    ]
    stance = Loglikelihood(tokens(INSTRUCTION), (tokens(1), tokens(1), tokens(2)))
    return [
        TokenRequest(str(number), opening + tokens(article_tokens), (*digests, stance))
        for number in range(articles)
    ]


def _admit(generator: BatchGenerator, waiting: deque[TokenRequest]) -> None:
    while waiting:
        try:
            generator.admit(waiting[0])
        except NoRoom:
            return
        waiting.popleft()


def _peak() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
