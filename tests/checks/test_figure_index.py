import pytest

from service.checks.figure_index import FigureIndex
from service.checks.report import sent_document
from service.facts.numerals import find_figures

CHINESE = "市议会12月10日通过计划，耗资143亿元。\n电车将在2027年第一季度通车。\n票价上涨4%。"
ENGLISH = (
    "On December 10 the council passed the plan, which costs 14.3 billion yuan.\n"
    "Trams will run from the first quarter of 2027. Fares rise by 4 %."
)


@pytest.mark.parametrize("article", [ENGLISH, CHINESE])
@pytest.mark.parametrize(
    ("figure", "places"),
    [
        ("14.3 billion yuan", {0}),
        ("143亿元", {0}),
        ("12月10日", {0}),
        ("Q1 2027", {1}),
        ("2027", {1}),
        ("4%", {2}),
        ("百分之四", {2}),
        ("5%", set()),
    ],
)
def test_a_figure_is_found_where_it_is_stated(article: str, figure: str, places: set[int]) -> None:
    (found,) = FigureIndex.of(sent_document(article)).look_up(find_figures(figure))
    assert found == places


@pytest.mark.parametrize("article", [ENGLISH, CHINESE])
def test_the_title_comes_after_the_sentences(article: str) -> None:
    titled = sent_document(article, "99% of 99, 第99号")
    assert FigureIndex.of(titled).look_up(find_figures("99% 第99")) == [frozenset({3})] * 2


def test_an_article_is_indexed_once() -> None:
    article = sent_document(ENGLISH)
    assert FigureIndex.of(article) is FigureIndex.of(article)


@pytest.mark.parametrize("text", ["", "\n", "…"])
def test_an_article_without_sentences_states_nothing(text: str) -> None:
    assert FigureIndex(sent_document(text)).look_up(find_figures("4%")) == [frozenset()]
