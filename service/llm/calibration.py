"""From the weights of the labels to a stance: probabilities that sum to one, with the prompt's own
leaning taken out.

A prompt leans toward some label whatever it is asked about. How much, it shows on an empty passage;
dividing by that is contextual calibration (Zhao et al. 2021, "Calibrate Before Use").
"""

from collections import OrderedDict
from collections.abc import Sequence

import torch

from service.digest import LABELS, StanceAnswer

Suffix = tuple[int, ...]


def stance(weights: Sequence[float], leaning: Sequence[float]) -> StanceAnswer:
    """`weights`, `leaning`: log-probabilities of LABELS after the passage and after none."""
    free = torch.tensor(weights, dtype=torch.float64) - torch.tensor(leaning, dtype=torch.float64)
    scores = dict(zip(LABELS, free.softmax(0).tolist(), strict=True))
    return StanceAnswer(max(LABELS, key=lambda label: scores[label]), scores)


class Leanings:
    """What is known of prompts' leanings; those asked for least recently are forgotten."""

    def __init__(self, most: int = 1024) -> None:
        self._most = most
        self._known: OrderedDict[Suffix, Sequence[float]] = OrderedDict()

    def __contains__(self, suffix: Suffix) -> bool:
        return suffix in self._known

    def __getitem__(self, suffix: Suffix) -> Sequence[float]:
        self._known.move_to_end(suffix)
        return self._known[suffix]

    def __setitem__(self, suffix: Suffix, leaning: Sequence[float]) -> None:
        self._known[suffix] = leaning
        while len(self._known) > self._most:
            self._known.popitem(last=False)
