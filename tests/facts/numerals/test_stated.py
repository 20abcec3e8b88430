import pytest

from service.facts.numerals import Stated, digits_beside, find_figures
from tests.support.steps import steps_of


def says(text: str, figure: str) -> bool:
    stated = Stated(find_figures(text, "zh-Hant"), text)
    return all(stated.has(found) for found in find_figures(figure, "zh-Hant"))


@pytest.mark.parametrize(
    ("text", "figure", "said"),
    [
        ("7月26日", "July 26, 2020", True),
        ("26日", "July 26", True),
        ("7月26日", "August 26, 2020", False),
        ("7月26日", "July 2020", False),
        ("July 2020", "7月26日", False),
        ("$20 million", "2000万澳元", True),
        ("US$20 million", "2000万澳元", False),
        ("2000万元人民币", "$20 million", False),
        ("300 kroner", "300瑞典克朗", True),
        ("6000多亩耕地", "6,000 mu (400 hectares)", True),
        ("two dozen", "二十多项", True),
        ("每4个中有3个", "three out of every four", True),
        ("24年一季度", "Q1 2024", True),
        ("24年", "2024", True),
        ("24年", "2025", False),
        ("90后作家", "born in the 1990s", True),
        ("90後作家", "born in the 1980s", False),
        ("95后的弟弟", "born after 1995", True),
        ("born in the 1990s", "90后", True),
        ("以90后卫", "born in the 1990s", False),
        ("波音737NG", "the 737 fleet", True),
        ("波音737NG", "the 757 fleet", False),
        ("2:0击败", "a 2-0 win", True),
        ("a 2-0 win", "3:0击败", False),
    ],
)
def test_figures_that_a_text_states(text: str, figure: str, said: bool) -> None:
    assert says(text, figure) is said


def test_digits_that_are_not_figures() -> None:
    text = "The 737NG flew 12 times on Radio 4，卡-52"
    assert digits_beside(text, find_figures(text)) == ["737", "4", "52"]


@pytest.mark.parametrize(
    ("stated", "asked"),
    [
        ("7{:04}% of it, ", "1{:04}% of it, "),
        ("about 7{:04} km, ", "about 1{:04} km, "),
        ("约7{:04}万元，", "约1{:04}万元，"),
        ("1{:03}年7月26日，", "2020年8月26日，"),
        ("July 26, 1{:03}, ", "August 26, 2020, "),
        ("7月26日，", "1{:03}年8月26日，"),
    ],
)
def test_comparing_is_linear(stated: str, asked: str) -> None:
    def steps(count: int) -> int:
        text, other = ("".join(map(kind.format, range(count))) for kind in (stated, asked))
        known, figures = Stated(find_figures(text), text), find_figures(other)
        assert len(figures) == count
        return steps_of(lambda: [known.has(each) or known.rounds(each) for each in figures])

    assert steps(200) < 10 * steps(25)


def test_a_row_of_digits_is_not_a_number() -> None:
    row = "1234567890" * 1000
    assert not Stated(find_figures(row), row).has_digits("77")
