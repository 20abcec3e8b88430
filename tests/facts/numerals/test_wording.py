import re

import pytest

from service.facts.numerals.wording import idioms, is_counted, is_model


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("十分钟里十分高兴", [(4, 6)]),
        ("万一不行，三万一", [(0, 2)]),
        ("五角大樓和九龍", [(0, 4), (5, 7)]),
        ("千万别去，千万元", [(0, 2)]),
        ("第一次，一次", [(4, 6)]),
        ("二战老兵", [(0, 2)]),
    ],
)
def test_idioms_state_no_number(text: str, spans: list[tuple[int, int]]) -> None:
    assert list(idioms(text)) == spans


@pytest.mark.parametrize(("text", "counts"), [("3家", True), ("3 个", True), ("3的", False)])
def test_a_measure_word_counts(text: str, counts: bool) -> None:
    assert is_counted(text, 1) == counts


@pytest.mark.parametrize(
    ("text", "small", "belongs"),
    [
        ("Llama 4", True, True),
        ("Boeing 747", True, True),
        ("iPhone 15", True, True),
        ("伊尔-76", True, True),
        ("伊尔-76", False, True),
        ("Boeing 747", False, False),
        ("about 15", True, False),
        ("About 15", True, False),
        ("Article 5", True, False),
        ("A 5", True, False),
        ("No. 3", True, False),
        ("on 5", True, False),
    ],
)
def test_a_number_may_belong_to_the_name_before_it(text: str, small: bool, belongs: bool) -> None:
    digits = re.search("[0-9]+", text)
    assert digits is not None
    assert is_model(text, digits.start(), small) == belongs
