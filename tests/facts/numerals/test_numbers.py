from fractions import Fraction

import pytest

from service.facts.numerals.numbers import NUMERAL, Number, read_number


def read(text: str, has_sign: bool = False) -> Number | None:
    match = NUMERAL.search(text)
    assert match is not None
    return read_number(text, match, has_sign)


@pytest.mark.parametrize(
    ("text", "value", "read_as"),
    [
        ("1,600 people", 1600, "1,600"),
        ("14.3 billion", 14_300_000_000, "14.3 billion"),
        ("1億2000萬元", 120_000_000, "1億2000萬"),
        ("twenty-five people", 25, "twenty-five"),
        ("half a million people", 500_000, "half a million"),
        ("壹佰贰拾万元", 1_200_000, "壹佰贰拾万"),
        ("三千五百人", 3500, "三千五百"),
        ("2½ hours", Fraction(5, 2), "2½"),
        ("2 1/2 cups", Fraction(5, 2), "2 1/2"),
        ("2 3/4 cups", Fraction(11, 4), "2 3/4"),
        ("2 and a half hours", Fraction(5, 2), "2 and a half"),
        ("2 1/20 of it", 2, "2"),
        ("1.5 and a half", Fraction(3, 2), "1.5"),
        ("5千克", 5, "5"),
    ],
)
def test_a_number_with_its_scale(text: str, value: Fraction, read_as: str) -> None:
    number = read(text)
    assert number is not None
    assert number.value == value
    assert text[number.start : number.end] == read_as


def test_a_letter_is_a_scale_behind_a_currency() -> None:
    with_sign = read("5m", has_sign=True)
    assert with_sign is not None
    assert (with_sign.value, with_sign.certain) == (5_000_000, True)
    without = read("5m")
    assert without is not None
    assert not (without.certain and without.value == 5_000_000)


@pytest.mark.parametrize(
    ("text", "low", "high"), [("七八十人", 70, 80), ("三四万人", 30_000, 40_000)]
)
def test_both_ends_of_a_rough_number(text: str, low: int, high: int) -> None:
    number = read(text)
    assert number is not None
    assert (number.value, number.high) == (low, high)


def test_groups_with_a_space_may_be_two_numbers() -> None:
    number = read("12 500 workers")
    assert number is not None
    assert (number.value, number.certain, number.also) == (12_500, False, (12, 500))
    assert read("12 500 million") == Number(
        Fraction(12_500_000_000), 0, 14, False, scale=10**6, certain=True
    )


@pytest.mark.parametrize(
    "text", ["GPT-5", "007", "數十億元", "好几十万人", "十几万人", "第三", "周三", "三5"]
)
def test_a_vague_number_or_a_piece_of_a_name_is_not_read(text: str) -> None:
    assert read(text) is None


def test_a_chinese_digit_behind_an_arabic_one_is_not_a_number_of_its_own() -> None:
    first, second = NUMERAL.finditer("3二")
    assert read_number("3二", first, False) == Number(Fraction(3), 0, 1, False)
    assert read_number("3二", second, False) is None


@pytest.mark.parametrize(
    ("text", "more"), [("1万多人", True), ("1万人", False), ("二十餘萬", True)]
)
def test_a_little_more(text: str, more: bool) -> None:
    number = read(text)
    assert number is not None
    assert number.more == more
