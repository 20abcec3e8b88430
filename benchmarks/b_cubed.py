"""The agreement of a clustering with a known one."""

from collections.abc import Hashable, Sequence
from statistics import mean
from typing import NamedTuple


class BCubed(NamedTuple):
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / (self.precision + self.recall)


def b_cubed(labels: Sequence[Hashable], found: Sequence[Sequence[int]]) -> BCubed:
    """B-cubed precision and recall (Bagga and Baldwin 1998), each the mean over all items.

    `labels` has the true cluster of each item; `found` lists clusters of indices of items.
    """
    sizes: dict[Hashable, int] = {}
    for label in labels:
        sizes[label] = sizes.get(label, 0) + 1
    precision, recall = [], []
    for members in found:
        shared: dict[Hashable, int] = {}
        for index in members:
            shared[labels[index]] = shared.get(labels[index], 0) + 1
        for index in members:
            precision.append(shared[labels[index]] / len(members))
            recall.append(shared[labels[index]] / sizes[labels[index]])
    return BCubed(mean(precision), mean(recall))
