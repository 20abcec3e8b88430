"""Calibration: from log-probabilities of the labels to a stance, without the prompt's own bias.

A prompt prefers some label for any passage. Its prior, the probabilities on an empty passage, shows
how much; dividing by it is contextual calibration (Zhao et al. 2021, "Calibrate Before Use").
"""

from collections import OrderedDict
from collections.abc import Sequence

import torch

from service.tasks import LABELS, StanceAnswer

Prompt = tuple[int, ...]
"""A prompt around an empty passage, in tokens."""


def stance(log_probs: Sequence[float], prior: Sequence[float]) -> StanceAnswer:
    """The calibrated stance.

    `log_probs`, `prior`: log-probabilities of LABELS after the passage and after an empty one.
    """
    with_bias, bias = (torch.tensor(each, dtype=torch.float64) for each in (log_probs, prior))
    scores = dict(zip(LABELS, (with_bias - bias).softmax(0).tolist(), strict=True))
    return StanceAnswer(max(LABELS, key=lambda label: scores[label]), scores)


class PriorCache:
    """An LRU cache of the priors of prompts."""

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
