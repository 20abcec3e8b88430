from fractions import Fraction

import pytest

from service.facts.numerals.implied import Implied


@pytest.mark.parametrize(
    ("text", "group", "value", "has"),
    [
        ("both of them", "number", 2, True),
        ("双方", "number", 2, True),
        ("a new case", "number", 1, True),
        ("新增一例", "number", 1, True),
        ("年收入超过百万元", "number", 10**6, True),
        ("年收入超过3百万元", "number", 10**6, False),
        ("a man in his 40s", "number", 40, True),
        ("新冠疫情", "number", 19, True),
        ("the epidemic", "number", 19, False),
        ("“90后”", "number", 1990, True),
        ("half of it", "ratio", Fraction(1, 2), True),
        ("半数", "ratio", Fraction(1, 2), True),
        ("at noon", "h", 720, True),
        ("中午", "h12", 0, True),
        ("the bridge", "number", 2, False),
    ],
)
def test_figures_that_a_text_implies(text: str, group: str, value: int, has: bool) -> None:
    assert Implied(text).has(group, Fraction(value)) is has
