from itertools import pairwise

import pytest

from service.facts.numerals.find import find_figures


def found(text: str, hint: str | None = None) -> list[tuple[str, str]]:
    return [(figure.kind, figure.text) for figure in find_figures(text, hint)]


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("2025年12月10日下午3时，议会以三分之二通过第5号案，耗资143亿元。",
         [("date", "2025年12月10日"), ("time", "下午3时"), ("fraction", "三分之二"),
          ("ordinal", "第5"), ("money", "143亿元")]),
        ("On 10 December 2025 at 3 pm, a third of the 600 people won the second round, 4%.",
         [("date", "10 December 2025"), ("time", "3 pm"), ("fraction", "a third"),
          ("measure", "600 people"), ("ordinal", "second"), ("percent", "4%")]),
    ],
    ids=["zh", "en"],
)  # fmt: skip
def test_figures_of_every_kind_come_in_order(text: str, figures: list[tuple[str, str]]) -> None:
    assert found(text) == figures
    places = [(figure.start, figure.end) for figure in find_figures(text)]
    assert places == sorted(places)
    assert all(end <= start for (_, end), (start, _) in pairwise(places))


def test_full_width_forms_are_read_and_quoted_as_they_stand() -> None:
    (figure,) = find_figures("２億４，０００萬人")
    assert figure.values == (240_000_000,)
    assert figure.text == "２億４，０００萬人"


@pytest.mark.parametrize("hint", ["de", "fr-CA", "vi"])
def test_a_comma_is_decimal_in_many_languages(hint: str) -> None:
    (figure,) = find_figures("1.500,5 km", hint)
    assert figure.values == (1500.5,)
    (figure,) = find_figures("1,500.5 km", "en")
    assert figure.values == (1500.5,)


@pytest.mark.parametrize(
    ("hint", "unit"), [("zh-Hans", "CNY"), ("zh-Hant", None), ("zh-HK", None), (None, "CNY")]
)
def test_the_language_says_whose_money_a_bare_yuan_is(hint: str | None, unit: str | None) -> None:
    (figure,) = find_figures("143億元", hint)
    assert figure.unit == unit


@pytest.mark.parametrize("text", ["十分高兴", "萬一不行", "五角大樓"])
def test_an_idiom_holds_no_figure(text: str) -> None:
    assert found(text) == []
