"""Sampler: chooses the next token of each row, greedy or drawn, and reads log-probabilities.

A row's token depends only on its own logits, tokens and random numbers, never on its neighbours.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Any
from zlib import crc32

import torch
from transformers import (
    LogitsProcessorList,
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from service.llm.kernels import rowwise
from service.llm.token_request import Sampled, SampleToken, SamplingParams

SECOND_TRY_PENALTY = 1.1
"""The penalty on repeated tokens when a digest is retried: greedy decoding alone would give the
same digest (Keskar et al. 2019, CTRL)."""


def sample(rows: Sequence[SamplingParams], logits: torch.Tensor) -> list[Sampled]:
    """The token of each of `rows` and what it wants scored, from `logits` (rows, vocabulary)."""
    if not rows:
        return []
    greedy = argmax(logits)
    tokens = [
        token if row.sample is None else row.sample(row_logits, row.generated)
        for row, row_logits, token in zip(rows, logits, greedy, strict=True)
    ]
    scored = [
        row.targets or ((token,) if row.scored else ())
        for row, token in zip(rows, tokens, strict=True)
    ]
    log_probs = iter(_log_probs(logits, scored))
    return [
        Sampled(token, list(islice(log_probs, len(each))))
        for token, each in zip(tokens, scored, strict=True)
    ]


def _log_probs(logits: torch.Tensor, tokens: Sequence[Sequence[int]]) -> list[float]:
    """The log-probabilities of each row's `tokens`, one row after the other."""
    needed = [row for row, each in enumerate(tokens) if each]
    if not needed:
        return []
    if len(needed) < len(logits):
        logits = logits[needed]
    pairs = [(row, token) for row, each in enumerate(filter(None, tokens)) for token in each]
    rows, columns = torch.tensor(pairs, device=logits.device).T
    return (logits[rows, columns].float() - log_sum_exp(logits)[rows]).tolist()


def log_sum_exp(logits: torch.Tensor) -> torch.Tensor:
    """The logarithm of the sum of each row's exponentials: float32 (rows,)."""
    if rowwise.available(logits):
        return rowwise.log_sum_exp(logits)
    return logits.float().logsumexp(-1)


def argmax(logits: torch.Tensor) -> list[int]:
    """The most likely token of each row of `logits`, (rows, vocabulary)."""
    if rowwise.available(logits):
        return rowwise.argmax(logits).tolist()
    return logits.argmax(-1).tolist()


def token_sampler(
    settings: Any | None, penalty: float, seed: int, prompt: Sequence[int]
) -> SampleToken | None:
    """The sampler of tokens after `prompt`; None stands for greedy decoding.

    `settings`: the publisher's sampling settings (a GenerationConfig), or None for greedy.
    `penalty`: the penalty on tokens that the answer already contains; 1 is none.
    """
    processors = LogitsProcessorList()
    if penalty != 1:
        processors.append(RepetitionPenaltyLogitsProcessor(penalty))
    if settings is None:
        return _greedy_with(processors) if processors else None
    processors.extend(_warpers(settings))
    prompt_seed = crc32(repr((seed, tuple(prompt))).encode())

    def draw(logits: torch.Tensor, generated: Sequence[int]) -> int:
        # Seeded anew for each token, so that an answer that is restarted draws the same tokens.
        rng = torch.Generator().manual_seed(crc32(repr((prompt_seed, len(generated))).encode()))
        scores = _process(processors, logits, generated)
        return int(torch.multinomial(scores.softmax(-1).cpu(), 1, generator=rng))

    return draw


def _greedy_with(processors: LogitsProcessorList) -> SampleToken:
    return lambda logits, generated: int(_process(processors, logits, generated).argmax())


def _process(
    processors: LogitsProcessorList, logits: torch.Tensor, generated: Sequence[int]
) -> torch.Tensor:
    ids = torch.tensor([list(generated)], dtype=torch.int64, device=logits.device)
    scores: torch.Tensor = processors(ids, logits.float()[None].clone())  # type: ignore[arg-type]
    return scores[0]


def _warpers(settings: Any) -> list[Any]:
    """The publisher's logits warpers, in the order in which transformers applies them."""
    warpers = {
        "temperature": TemperatureLogitsWarper,
        "top_k": TopKLogitsWarper,
        "top_p": TopPLogitsWarper,
        "min_p": MinPLogitsWarper,
    }
    values = {name: getattr(settings, name, None) for name in warpers}
    neutral = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": None}
    return [
        warpers[name](value)
        for name, value in values.items()
        if value is not None and value != neutral[name]
    ]
