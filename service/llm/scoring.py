"""How likely is each of a few answers? A stance is scored, not written: no answer can be wrong
in form, and the scores say how sure the model is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from service.llm.loader import Loaded
from service.llm.writing import pad_left


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt and the answers to compare, all as token ids; no answer is empty."""

    ids: Sequence[int]
    answers: Sequence[Sequence[int]]


def score(loaded: Loaded, questions: Sequence[Question], most: int = 64) -> list[list[float]]:
    """For each question, the probabilities of its answers; they sum to one.

    An answer's weight is the probability of its whole string after the prompt, the product over
    its tokens. All questions are read in one forward pass where `most` rows are enough; answers
    that differ in their last token only share a row.
    """
    contexts: dict[tuple[int, ...], int] = {}
    places = [
        [
            contexts.setdefault((*question.ids, *answer[:-1]), len(contexts))
            for answer in question.answers
        ]
        for question in questions
    ]
    longest = max(len(answer) for question in questions for answer in question.answers)
    rows = list(contexts)
    likely = [
        one
        for start in range(0, len(rows), most)
        for one in _log_probabilities(loaded, rows[start : start + most], longest)
    ]
    return [
        _shares([_weight(likely[row], answer) for row, answer in zip(at, one.answers, strict=True)])
        for at, one in zip(places, questions, strict=True)
    ]


def _log_probabilities(loaded: Loaded, rows: Sequence[Sequence[int]], last: int) -> torch.Tensor:
    """Log-probabilities of the token after each of the `last` places: (rows, last, words)."""
    ids, mask = pad_left(rows, loaded.stops[0], loaded.model.device)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    with torch.inference_mode():
        output = loaded.model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            use_cache=False,
            logits_to_keep=last,
        )
    logits: torch.Tensor = output.logits
    return logits.float().log_softmax(-1)


def _weight(likely: torch.Tensor, answer: Sequence[int]) -> torch.Tensor:
    """The log-probability of `answer`, whose tokens end where `likely` (places, words) ends."""
    places = torch.arange(likely.shape[0] - len(answer), likely.shape[0], device=likely.device)
    return likely[places, torch.tensor(answer, device=likely.device)].sum()


def _shares(weights: list[torch.Tensor]) -> list[float]:
    shares: list[float] = torch.stack(weights).double().softmax(-1).tolist()
    return shares
