import pytest

from benchmarks.b_cubed import b_cubed

LABELS = ["a", "a", "b", "b"]


@pytest.mark.parametrize(
    ("found", "precision", "recall"),
    [
        ([[0, 1], [2, 3]], 1, 1),
        ([[0, 1, 2, 3]], 0.5, 1),
        ([[0], [1], [2], [3]], 1, 0.5),
        ([[0, 1, 2], [3]], (2 / 3 + 2 / 3 + 1 / 3 + 1) / 4, (1 + 1 + 0.5 + 0.5) / 4),
    ],
)
def test_b_cubed_of_known_clusterings(
    found: list[list[int]], precision: float, recall: float
) -> None:
    reached = b_cubed(LABELS, found)
    assert reached.precision == pytest.approx(precision)
    assert reached.recall == pytest.approx(recall)
    assert reached.f1 == pytest.approx(2 * precision * recall / (precision + recall))
