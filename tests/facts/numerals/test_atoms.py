from fractions import Fraction

import pytest

from service.facts.numerals.atoms import Atom, answers, questions


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("number", 3), ("month", 3), True),
        (("year", 1990), ("decade", 1990), True),
        (("number", 1990), ("decade", 1990), False),
        (("century", 19), ("decade", 1800), True),
        (("century", 19), ("number", 19), True),
        (("ratio", 1), ("number", 1), False),
        (("h", 900), ("h", 180), False),
        (("h", 900), ("h12", 180), True),
        (("h12", 180), ("h12", 900), True),
        (("h", 900), ("number", 3), True),
        (("h", 870), ("number", 1430), True),
        (("h", 870), ("number", 2), False),
    ],
)
def test_values_compare_within_their_groups(
    one: tuple[str, int], other: tuple[str, int], same: bool
) -> None:
    here, there = (Atom(group, Fraction(value)) for group, value in (one, other))
    assert bool({*answers(here)} & {*questions(there)}) is same
    assert bool({*answers(there)} & {*questions(here)}) is same
