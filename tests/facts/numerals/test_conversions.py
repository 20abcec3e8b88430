from fractions import Fraction

import pytest

from service.facts.numerals import find_figures
from service.facts.numerals.conversions import Measured, last_digit


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("6,000 mu", "400公顷", True),
        ("1000斤粮食", "500 kg of grain", True),
        ("30,000 acres", "12,141公顷", True),
        ("449 feet", "137米", True),
        ("90 degrees", "32.2摄氏度", True),
        ("12 months", "1年", True),
        ("1,600 kilometres", "1000英里", True),
        ("400 hectares", "410公顷", False),
        ("5 mph", "5公里", False),
        ("6,000 mu", "450公顷", False),
        ("120 miles", "202公里", False),
    ],
)
def test_a_measure_in_another_unit(one: str, other: str, same: bool) -> None:
    (here,), (there,) = find_figures(one), find_figures(other)
    assert Measured([here]).has(there) is same
    assert Measured([there]).has(here) is same


@pytest.mark.parametrize(
    ("value", "step"), [("14700", "100"), ("1.5", "0.1"), ("7", "1"), ("0", "1")]
)
def test_the_worth_of_the_last_digit(value: str, step: str) -> None:
    assert last_digit(Fraction(value)) == Fraction(step)
