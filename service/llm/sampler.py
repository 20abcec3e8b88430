"""Sampler: chooses the next token of each row, greedy or drawn, or reads its log-probabilities.

A row's token depends only on its own logits, tokens and random numbers, never on its neighbours.
"""

from collections.abc import Sequence
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
    """The token or the log-probabilities of each of `rows`, from `logits` (rows, vocabulary)."""
    if not rows:
        return []
    greedy = argmax(logits)
    return [
        _sample_row(row, row_logits, token)
        for row, row_logits, token in zip(rows, logits, greedy, strict=True)
    ]


def _sample_row(row: SamplingParams, logits: torch.Tensor, greedy: int) -> Sampled:
    if row.targets:
        log_probs = logits.float().log_softmax(-1)
        return [float(log_probs[token]) for token in row.targets]
    return greedy if row.sample is None else row.sample(logits, row.generated)


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
