import time

import pytest

from service.facts.numerals import Stated, digits_beside, find_figures


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


@pytest.mark.parametrize("kind", ["{}% of it, ", "about {} km, ", "约{}万元，", "{}年{}月，"])
def test_comparing_is_linear(kind: str) -> None:
    def seconds(count: int) -> float:
        text = "".join(kind.format(n, n % 12 + 1) for n in range(1000, 1000 + count))
        other = "".join(kind.format(n + 9, n % 11 + 1) for n in range(70_000, 70_000 + count))
        figures = find_figures(text)
        stated = Stated(find_figures(other), other)
        start = time.process_time()
        for figure in figures:
            assert stated.has(figure) or not stated.rounds(figure)
        return time.process_time() - start

    few = min(seconds(250) for _ in range(3))
    assert seconds(2000) < 8 * 3 * few + 0.05


def test_a_row_of_digits_is_not_a_number() -> None:
    row = "1234567890" * 1000
    assert not Stated(find_figures(row), row).has_digits("77")
