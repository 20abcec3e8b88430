from fractions import Fraction

import pytest

from service.facts.numerals.figure import Figure
from service.facts.numerals.find import find_figures
from service.facts.numerals.render import render


@pytest.mark.parametrize(
    ("text", "english", "chinese"),
    [
        ("143億美元", "US$14.3 billion", "143亿美元"),
        ("70–72 billion dollars", "US$70–72 billion", "700亿至720亿美元"),
        ("700億至720億美元", "US$70–72 billion", "700亿至720亿美元"),
        ("December 10", "December 10", "12月10日"),
        ("2025年12月10日", "December 10, 2025", "2025年12月10日"),
        ("Q1 2026", "Q1 2026", "2026年第一季度"),
        ("4%", "4%", "4%"),
        ("4.25% to 4.5%", "4.25–4.5%", "4.25%至4.5%"),
        ("at least 12 people", "at least 12 people", "至少12人"),
        ("逾六百人", "more than 600 people", "超过600人"),
        ("1600億元", "160 billion yuan", "1600亿元人民币"),
        ("HK$3.8 million", "HK$3.8 million", "380万港元"),
        ("三分之二", "2/3", "三分之二"),
        ("一半", "half", "一半"),
        ("the 1990s", "1990s", "20世纪90年代"),
        ("18世纪", "18th century", "18世纪"),
        ("第13", "13th", "第13"),
        ("下午3時30分", "15:30", "15:30"),
        ("28岁", "28 years old", "28岁"),
        ("140-year-old", "140 years", "140年"),
        ("1 km", "1 km", "1公里"),
        ("22,543 people", "22,543 people", "22,543人"),
        ("3.5萬人", "35,000 people", "3.5万人"),
        ("5 degrees Celsius", "5°C", "5摄氏度"),
        ("下跌-5%", "-5%", "-5%"),
        ("12 months", "12 months", "12个月"),
    ],
)
def test_a_figure_is_written_as_the_language_does(text: str, english: str, chinese: str) -> None:
    (figure,) = find_figures(text)
    assert render(figure, "en") == english
    assert render(figure, "zh") == chinese


@pytest.mark.parametrize(
    ("value", "english", "chinese"),
    [
        (999, "999", "999"),
        (9_999, "9,999", "9999"),
        (10_000, "10,000", "1万"),
        (12_345, "12,345", "12,345"),
        (1_234_000, "1.234 million", "123.4万"),
        (1_234_567, "1,234,567", "123.4567万"),
        (Fraction(12_345, 10_000), "1.2345", "1.2345"),
        (5 * 10**12, "5 trillion", "5万亿"),
    ],
)
def test_a_scale_is_used_where_it_loses_no_digit(
    value: int | Fraction, english: str, chinese: str
) -> None:
    figure = Figure("", 0, 0, "number", (Fraction(value),))
    assert (render(figure, "en"), render(figure, "zh")) == (english, chinese)


@pytest.mark.parametrize(
    ("n", "ordinal"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (12, "12th"), (22, "22nd"),
                       (101, "101st"), (113, "113th")]
)  # fmt: skip
def test_ordinals(n: int, ordinal: str) -> None:
    figure = Figure("", 0, 0, "ordinal", (Fraction(n),))
    assert (render(figure, "en"), render(figure, "zh")) == (ordinal, f"第{n}")


@pytest.mark.parametrize(
    ("text", "english", "chinese"),
    [
        ("公元前221年", "221 BC", "公元前221年"),
        ("三点半", "3:30", "3:30"),
        ("下午3時", "15:00", "15时"),
        ("零下5攝氏度", "-5°C", "-5摄氏度"),
        ("5 percentage points", "5 percentage points", "5个百分点"),
        ("1 percentage point", "1 percentage point", "1个百分点"),
        ("June 2025", "June 2025", "2025年6月"),
    ],
)
def test_signs_halves_and_points(text: str, english: str, chinese: str) -> None:
    (figure,) = find_figures(text)
    assert (render(figure, "en"), render(figure, "zh")) == (english, chinese)
