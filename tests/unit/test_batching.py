import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.llm.batching import batches


@pytest.mark.parametrize(
    ("costs", "budget", "most", "expected"),
    [
        ([], 10, 4, []),
        ([5], 10, 4, [[0]]),
        ([5, 5], 10, 4, [[0, 1]]),
        ([5, 5, 5], 10, 4, [[0, 1], [2]]),
        ([1, 9, 1], 10, 4, [[1], [0, 2]]),  # the long row would pad the short ones
        ([99, 1], 10, 4, [[0], [1]]),  # over the budget: alone
        ([1] * 5, 100, 2, [[0, 1], [2, 3], [4]]),
    ],
)
def test_rows_go_together_while_memory_holds_them(
    costs: list[int], budget: int, most: int, expected: list[list[int]]
) -> None:
    assert batches(costs, budget, most) == expected


@given(st.lists(st.integers(1, 100)), st.integers(1, 300), st.integers(1, 8))
def test_every_row_is_in_one_batch_within_its_bounds(
    costs: list[int], budget: int, most: int
) -> None:
    made = batches(costs, budget, most)
    assert sorted(row for batch in made for row in batch) == list(range(len(costs)))
    for batch in made:
        assert len(batch) <= most
        assert len(batch) == 1 or len(batch) * max(costs[row] for row in batch) <= budget
