from functools import partial

import pytest

from service.result import StatedFigure
from service.stories.fact_table import compatible, fact_table
from tests.support.steps import steps_of
from tests.support.story_facts import facts_of_text


def contradictions(*texts: str) -> set[frozenset[str]]:
    rows = fact_table([facts_of_text(text) for text in texts])
    return {
        frozenset((row.figure.text, rows[other].figure.text))
        for row in rows
        for other in row.contradicts
    }


def test_the_table_of_many_articles_takes_linear_time() -> None:
    article = facts_of_text(" ".join(f"They paid ${number}.5 million." for number in range(10, 40)))
    rows = fact_table([article] * 4000)
    assert {len(row.mentions) for row in rows} == {4000}
    few, many = (steps_of(partial(fact_table, [article] * count)) for count in (40, 320))
    assert many < 9 * few


def test_one_figure_in_two_languages_is_one_row() -> None:
    rows = fact_table(
        [
            facts_of_text("Union Pacific will pay US$85 billion for Norfolk Southern."),
            facts_of_text("联合太平洋将以850亿美元收购诺福克南方铁路公司。"),
        ]
    )
    (row,) = rows
    assert row.articles == [0, 1]
    assert [mention.figure.text for mention in row.mentions] == ["US$85 billion", "850亿美元"]


@pytest.mark.parametrize(
    ("one", "other", "figures"),
    [
        ("The floods killed 13 people in Hue.", "顺化洪水造成23人死亡。", {"13 people", "23人"}),
        (
            "Meta paid US$14.3 billion for its share.",
            "Meta以143亿元收购股份。",
            {"US$14.3 billion", "143亿元"},
        ),
        (
            "The recall covers 115,783 cars of the Tang line.",
            "这次召回涉及117,783辆唐系列汽车。",
            {"115,783 cars", "117,783辆"},
        ),
        (
            "The tax on sugary drinks rises on April 1 in Thailand.",
            "泰国含糖饮料税从5月1日起提高。",
            {"April 1", "5月1日"},
        ),
    ],
)
def test_articles_that_contradict_each_other(one: str, other: str, figures: set[str]) -> None:
    assert contradictions(one, other) == {frozenset(figures)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The model is due in the first quarter of 2026.", "新模型将于2026年2月发布。"),
        ("More than 115,000 cars are recalled.", "召回涉及115,783辆汽车。"),
        ("The deal is worth about 53 billion dollars.", "交易价值530.4亿美元。"),
        ("The firm paid 85 billion dollars for the railway.", "工会称铁路有5万名员工。"),
        ("Shareholders will own 62.4% of the group.", "今年铜价上涨了2.4%。"),
    ],
)
def test_figures_that_can_both_be_true(one: str, other: str) -> None:
    assert not contradictions(one, other)


def test_figures_of_one_article_do_not_contradict_each_other() -> None:
    both = "洪水造成13人死亡。后来确认洪水造成23人死亡。"
    assert not contradictions(both, "The floods killed 23 people in Hue.")


def figure(values: list[float], unit: str | None, **more: str) -> StatedFigure:
    kind = more.get("kind", "money")
    return StatedFigure(
        text="", kind=kind, values=values, unit=unit, bound=more.get("bound", ""), start=0, end=0
    )


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        (figure([14.3e9], "USD"), figure([14.3e9], "USD"), True),
        (figure([14e9], "USD"), figure([14.3e9], "USD"), True),
        (figure([14.3e9], "USD"), figure([14.3e9], None), False),
        (figure([14.3e9], "CNY"), figure([14.3e9], None), True),
        (figure([14.3e9], "CNY"), figure([14.3e9], "TWD"), False),
        (figure([70e9, 72e9], "USD"), figure([71e9], "USD"), True),
        (figure([3.5, 3.75], "%", kind="percent"), figure([3.75, 4], "%", kind="percent"), False),
        (figure([10], "USD", bound="less"), figure([12], "USD", bound="less"), False),
        (figure([2026, 1], "Y-Q", kind="date"), figure([2026, 3], "Y-M", kind="date"), True),
        (figure([2026, 1], "Y-Q", kind="date"), figure([2026, 4], "Y-M", kind="date"), False),
        (figure([0], "USD"), figure([0], "USD"), True),
    ],
)
def test_compatible(one: StatedFigure, other: StatedFigure, agree: bool) -> None:
    assert compatible(one, other) is agree
    assert compatible(other, one) is agree
