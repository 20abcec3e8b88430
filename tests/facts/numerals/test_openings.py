import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.facts.numerals.openings import Openings, matches


@pytest.mark.parametrize(
    ("text", "numerals", "words"),
    [
        ("a .5 share of 20", [2, 3, 14], [0]),
        ("v1.5", [1, 3], []),
        ("第三季，壹佰", [0, 1, 4], []),
        ("Half a Dozen or twenty-five", [], [0, 5, 16, 23]),
        ("third-rate seventh quarter", [], [0, 11, 19]),
    ],
)
def test_numerals_and_number_words(text: str, numerals: list[int], words: list[int]) -> None:
    openings = Openings(text)
    assert (openings.numerals, openings.words) == (numerals, words)
    assert openings.numbers == sorted(numerals + words)


def test_months_and_halves_of_the_day() -> None:
    assert Openings("On May 5 and in June; a Jail").months == [3, 16, 24]
    assert Openings("上午9时, 9 pm").times == [0, 2, 6]


@given(st.text("a1 二.", max_size=20))
def test_matches_are_those_of_finditer_where_a_pattern_opens(text: str) -> None:
    pattern = re.compile("[0-9二]+(?:[.][0-9]+)?a?")
    found = matches(pattern, text, Openings(text).numerals)
    assert [match.span() for match in found] == [m.span() for m in pattern.finditer(text)]
