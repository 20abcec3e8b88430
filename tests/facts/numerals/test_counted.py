import pytest

from service.facts.numerals import find_figures
from tests.support.figures import stated


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("3m people fled", ["300万人"]),
        ("the wall is 3m high", ["3米"]),
        ("墙高3m", ["3 metres"]),
        ("It sold 3m in a year", []),
        ("The race of 50k", []),
        ("月薪15k", []),
        ("€50k was paid", ["5万欧元"]),
    ],
)
def test_a_letter_is_a_unit_or_a_scale_only_where_it_is_clear(text: str, told: list[str]) -> None:
    assert stated(text) == told


@pytest.mark.parametrize(
    ("text", "readings"),
    [("24年", {24, 2024, 1924}), ("98年", {98, 1998}), ("It sold 3m", {3_000_000, 3})],
)
def test_an_uncertain_figure_has_each_of_its_readings(text: str, readings: set[int]) -> None:
    (figure,) = find_figures(text)
    assert readings <= {*figure.values, *figure.also}
