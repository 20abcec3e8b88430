from fractions import Fraction

import pytest

from service.facts.numerals.find import find_figures


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("逾六百人", "more"),
        ("600多名員工", "more"),
        ("more than 600 people", "more"),
        ("600人以上", "least"),
        ("at least 600 people", "least"),
        ("至少600人", "least"),
        ("不超过600人", "most"),
        ("up to 600 people", "most"),
        ("不到600人", "less"),
        ("fewer than 600 people", "less"),
        ("約600人", "about"),
        ("600人左右", "about"),
        ("多达600人", ""),
        ("roughly 600 people", "about"),
        ("600人", ""),
        ("600 people", ""),
    ],
)
def test_a_bound_stands_before_or_after(text: str, bound: str) -> None:
    (figure,) = find_figures(text)
    assert (figure.bound, figure.values, figure.unit) == (bound, (600,), "person")


@pytest.mark.parametrize(
    ("text", "values", "unit"),
    [
        ("3至5公里", (3, 5), "km"),
        ("3 to 5 km", (3, 5), "km"),
        ("between 3 and 5 km", (3, 5), "km"),
        ("twenty or thirty people", (20, 30), "person"),
        ("2到3亿美元", (2 * 10**8, 3 * 10**8), "USD"),
        ("$70–72 billion", (70 * 10**9, 72 * 10**9), "USD"),
        ("七八十人", (70, 80), "person"),
    ],
)
def test_a_range_has_both_ends(text: str, values: tuple[int, int], unit: str) -> None:
    (figure,) = find_figures(text)
    assert (figure.values, figure.unit, figure.text) == (
        values,
        unit,
        text.removeprefix("between "),
    )


@pytest.mark.parametrize("text", ["3 and 5 km", "5至3公里", "3公里至5小时", "3 km or 5 km"])
def test_two_amounts_are_not_a_range(text: str) -> None:
    assert [len(figure.values) for figure in find_figures(text)] == [1, 1]


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("三年半", Fraction(7, 2), "year"),
        ("fell -5%", -5, "%"),
        ("minus 5 degrees Celsius", -5, "C"),
        ("零下5摄氏度", -5, "C"),
        ("亏损-5亿美元", -5 * 10**8, "USD"),
        ("10-5 people", 5, "person"),
        ("a 140-year-old bridge", 140, "year"),
        ("a 40-year-old man", 40, "age"),
    ],
)
def test_a_sign_and_a_half_belong_to_the_amount(text: str, value: Fraction, unit: str) -> None:
    figure = find_figures(text)[-1]
    assert (figure.values, figure.unit) == ((value,), unit)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("in 1987", "date"), ("1987家", "number"), ("in 1699", "number"), ("in 2101", "number")],
)
def test_four_digits_may_be_a_year(text: str, kind: str) -> None:
    assert [figure.kind for figure in find_figures(text)] == [kind]


@pytest.mark.parametrize(
    ("text", "counts"),
    [("one bridge", False), ("一座桥", False), ("three bridges", True), ("三座桥", True),
     ("三心二意", False), ("一亿", True)],
)  # fmt: skip
def test_a_word_counts_unless_it_is_an_article(text: str, counts: bool) -> None:
    assert bool(find_figures(text)) == counts
