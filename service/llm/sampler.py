"""Which token comes next: the likeliest one, or one that is chosen otherwise.

A row's choice depends on its own words and its own chance only, never on its neighbours.
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
from service.llm.sequence import Choose

SECOND_TRY_PENALTY = 1.1
"""On words of its own that a digest repeats, when it is asked for again: the likeliest words alone
would be the same ones (Keskar et al. 2019, CTRL)."""


def likeliest(logits: torch.Tensor) -> list[int]:
    """The likeliest next token of each row of `logits`, (rows, words)."""
    if rowwise.available(logits):
        return rowwise.likeliest(logits).tolist()
    return logits.argmax(-1).tolist()


def chooser(
    settings: Any | None, penalty: float, seed: int, prompt: Sequence[int]
) -> Choose | None:
    """How the words after `prompt` are chosen; None stands for the likeliest, always.

    `settings` are a model's own sampling settings (a GenerationConfig), or None for the likeliest.
    `penalty` is on tokens that the answer has already; 1 is none.
    """
    wanted = LogitsProcessorList()
    if penalty != 1:
        wanted.append(RepetitionPenaltyLogitsProcessor(penalty))
    if settings is None:
        return _penalised(wanted) if wanted else None
    wanted.extend(_warpers(settings))
    own = crc32(repr((seed, tuple(prompt))).encode())

    def draw(logits: torch.Tensor, written: Sequence[int]) -> int:
        # Made anew for each word: an answer that is begun again draws the same words.
        chance = torch.Generator().manual_seed(crc32(repr((own, len(written))).encode()))
        scores = _processed(wanted, logits, written)
        return int(torch.multinomial(scores.softmax(-1).cpu(), 1, generator=chance))

    return draw


def _penalised(wanted: LogitsProcessorList) -> Choose:
    return lambda logits, written: int(_processed(wanted, logits, written).argmax())


def _processed(
    wanted: LogitsProcessorList, logits: torch.Tensor, written: Sequence[int]
) -> torch.Tensor:
    ids = torch.tensor([list(written)], dtype=torch.int64, device=logits.device)
    scores: torch.Tensor = wanted(ids, logits.float()[None].clone())  # type: ignore[arg-type]
    return scores[0]


def _warpers(settings: Any) -> list[Any]:
    """The publisher's, in the order in which transformers applies them."""
    makers = {
        "temperature": TemperatureLogitsWarper,
        "top_k": TopKLogitsWarper,
        "top_p": TopPLogitsWarper,
        "min_p": MinPLogitsWarper,
    }
    given = {name: getattr(settings, name, None) for name in makers}
    without = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": None}
    return [
        makers[name](value)
        for name, value in given.items()
        if value is not None and value != without[name]
    ]
