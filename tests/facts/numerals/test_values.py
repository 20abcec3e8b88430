from fractions import Fraction

import pytest

from service.facts.numerals.values import arabic, chinese, english, rough_chinese, scale_zh


@pytest.mark.parametrize(
    ("numeral", "value"),
    [
        ("1,600.5", Fraction(3201, 2)),
        ("1 600", 1600),
        ("1'200’000", 1_200_000),
        (".5", Fraction(1, 2)),
        ("123456789012", 123_456_789_012),
        ("1234567890123", None),  # a serial number
        ("123,456,789,012,345", 123_456_789_012_345),
        ("1,123,456,789,012,345", None),
        ("0." + "1" * 40, None),
    ],
)
def test_digits(numeral: str, value: Fraction | None) -> None:
    assert arabic(numeral) == value


@pytest.mark.parametrize(
    ("characters", "scale"),
    [("", 1), ("万", 10**4), ("萬億", 10**12), ("千万", 10**7), ("兆", 10**12), ("十亿", 10**9)],
)
def test_scales_multiply(characters: str, scale: int) -> None:
    assert scale_zh(characters) == scale


@pytest.mark.parametrize(
    ("numeral", "value"),
    [
        ("零", 0),
        ("十", 10),
        ("十五", 15),
        ("廿五", 25),
        ("二十五", 25),
        ("一百零五", 105),
        ("三百五", 350),
        ("三千五百", 3500),
        ("三千五百万", 35_000_000),
        ("一億二千萬", 120_000_000),
        ("三万五", 35_000),
        ("三万五千亿", 3_500_000_000_000),
        ("两万亿", 2_000_000_000_000),
        ("壹佰贰拾萬", 1_200_000),
        ("二〇二五", 2025),
        ("三點五", Fraction(7, 2)),
        ("三点一四", Fraction(157, 50)),
        ("五六", None),
        ("三四十", None),
        ("百", None),
        ("万", None),
        ("十百", None),
        ("三点百", None),
        ("一" * 31, None),
        ("", None),
    ],
)
def test_chinese_numerals(numeral: str, value: Fraction | None) -> None:
    assert chinese(numeral) == value


@pytest.mark.parametrize(
    ("numeral", "ends"),
    [
        ("七八十", (70, 80)),
        ("十七八", (17, 18)),
        ("三四万", (30_000, 40_000)),
        ("二百五六十", (250, 260)),
        ("七九十", None),
        ("八七", None),
        ("二三四", None),
        ("七十", None),
    ],
)
def test_neighbouring_digits_are_both_ends_of_a_range(
    numeral: str, ends: tuple[int, int] | None
) -> None:
    assert rough_chinese(numeral) == ends


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("seven", 7),
        ("Twenty-Five", 25),
        ("two hundred and five", 205),
        ("three thousand two hundred", 3200),
        ("two million three hundred thousand", 2_300_000),
        ("half a million", 500_000),
        ("a quarter of a million", 250_000),
        ("three quarters of a million", 750_000),
        ("two and a half", Fraction(5, 2)),
        ("a million and a half", 1_500_000),
        ("two dozen", 24),
        ("a hundred", 100),
        ("five crore", 50_000_000),
        ("a", None),
        ("two bridges", None),
    ],
)
def test_english_number_words(words: str, value: Fraction | None) -> None:
    assert english(words) == value
