"""Calibration: from log-probabilities of the labels to a stance, without the prompt's own bias.

A prompt prefers some label for any passage. Its prior, the probabilities on an empty passage, shows
how much; dividing by it is contextual calibration (Zhao et al. 2021, "Calibrate Before Use").
"""

from collections import OrderedDict
from collections.abc import Sequence

import torch

from service.llm.token_request import Loglikelihood
from service.tasks import LABELS, EvidenceAnswer, StanceAnswer


def stance(log_probs: Sequence[float], prior: Sequence[float]) -> StanceAnswer:
    """The calibrated stance.

    `log_probs`, `prior`: log-probabilities of LABELS after the passage and after an empty one.
    """
    with_bias, bias = (torch.tensor(each, dtype=torch.float64) for each in (log_probs, prior))
    scores = dict(zip(LABELS, (with_bias - bias).softmax(0).tolist(), strict=True))
    return StanceAnswer(max(LABELS, key=lambda label: scores[label]), scores)


def evidence(log_prob: float, prior: float) -> EvidenceAnswer:
    """The evidence for a text: the share of its surprise that the passage takes away.

    `log_prob`, `prior`: the text's log-probability after the passage and after an empty one.
    """
    return EvidenceAnswer(1 - log_prob / prior if prior else 0.0)


class PriorCache:
    """An LRU cache of priors, by the branch around an empty passage that scores them."""

    def __init__(self, size: int = 1024) -> None:
        self._size = size
        self._priors: OrderedDict[Loglikelihood, Sequence[float]] = OrderedDict()

    def get(self, branch: Loglikelihood) -> Sequence[float] | None:
        if branch in self._priors:
            self._priors.move_to_end(branch)
        return self._priors.get(branch)

    def put(self, branch: Loglikelihood, prior: Sequence[float]) -> None:
        self._priors[branch] = prior
        self._priors.move_to_end(branch)
        while len(self._priors) > self._size:
            self._priors.popitem(last=False)
