import pytest

from tests.support.figures import values_of


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("the 1,000th customer", [(1000,)]),
        ("第1000位顾客", [(1000,)]),
        ("a fifth man was arrested", [(5,)]),
        ("a fifth of them", [(0.2,)]),
        ("by a third", [(1 / 3,)]),
        ("五分之一", [(0.2,)]),
        ("一时无法解决", []),
        ("一时之间", []),
        ("下午一时", [(13, 0)]),
    ],
)
def test_parts_places_and_hours(text: str, values: list[tuple[float, ...]]) -> None:
    assert values_of(text) == values
