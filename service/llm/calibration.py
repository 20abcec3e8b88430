"""Calibration: from log-probabilities of the labels to a stance, with the prompt's prior taken out.

A prompt prefers some label whatever it is asked about. How much, it shows on an empty passage;
dividing by that is contextual calibration (Zhao et al. 2021, "Calibrate Before Use").
"""

from collections import OrderedDict
from collections.abc import Sequence

import torch

from service.tasks import LABELS, StanceAnswer

Prompt = tuple[int, ...]
"""A prompt without a passage, in tokens."""


def stance(log_probs: Sequence[float], prior: Sequence[float]) -> StanceAnswer:
    """`log_probs`, `prior`: of LABELS after the passage, and after none."""
    freed = torch.tensor(log_probs, dtype=torch.float64) - torch.tensor(prior, dtype=torch.float64)
    scores = dict(zip(LABELS, freed.softmax(0).tolist(), strict=True))
    return StanceAnswer(max(LABELS, key=lambda label: scores[label]), scores)


class PriorCache:
    """The priors of prompts that are known; the least recently used ones are forgotten."""

    def __init__(self, size: int = 1024) -> None:
        self._size = size
        self._priors: OrderedDict[Prompt, Sequence[float]] = OrderedDict()

    def get(self, prompt: Prompt) -> Sequence[float] | None:
        if prompt in self._priors:
            self._priors.move_to_end(prompt)
        return self._priors.get(prompt)

    def put(self, prompt: Prompt, prior: Sequence[float]) -> None:
        self._priors[prompt] = prior
        self._priors.move_to_end(prompt)
        while len(self._priors) > self._size:
            self._priors.popitem(last=False)
