import pytest

from service.facts.numerals.dates import MONTHS, SHORT_MONTHS, find_dates
from service.facts.numerals.openings import Openings


def dates(text: str) -> list[tuple[str, tuple[int, ...]]]:
    """The longest date at each place, as in the order of the text."""
    found = sorted(find_dates(Openings(text)), key=lambda f: (f.start, -f.end))
    kept = [f for n, f in enumerate(found) if not any(o.end > f.start for o in found[:n])]
    return [(f.unit or "", tuple(int(value) for value in f.values)) for f in kept]


@pytest.mark.parametrize(
    ("text", "unit", "values"),
    [
        ("2025年12月10日", "Y-M-D", (2025, 12, 10)),
        ("二〇二五年十二月十日", "Y-M-D", (2025, 12, 10)),
        ("2025-12-10", "Y-M-D", (2025, 12, 10)),
        ("Dec. 10, 2025", "Y-M-D", (2025, 12, 10)),
        ("10 December 2025", "Y-M-D", (2025, 12, 10)),
        ("the 10th of December", "M-D", (12, 10)),
        ("12月10日", "M-D", (12, 10)),
        ("11月廿五日", "M-D", (11, 25)),
        ("June 2025", "Y-M", (2025, 6)),
        ("2025年6月", "Y-M", (2025, 6)),
        ("2025年", "Y", (2025,)),
        ("in May", "M", (5,)),
        ("10日", "D", (10,)),
        ("第三季度", "Q", (3,)),
        ("2026年首季", "Y-Q", (2026, 1)),
        ("Q4 of fiscal 2026", "Y-Q", (2026, 4)),
        ("Q4 2026", "Y-Q", (2026, 4)),
        ("third quarter of 2026", "Y-Q", (2026, 3)),
        ("90年代", "decade", (1990,)),
        ("本世纪20年代", "decade", (2020,)),
        ("上世纪九十年代", "decade", (1990,)),
        ("19世纪50年代", "decade", (1850,)),
        ("the 1850s", "decade", (1850,)),
        ("the '90s", "decade", (1990,)),
        ("18世纪", "century", (18,)),
        ("二十一世纪", "century", (21,)),
        ("the twenty-first century", "century", (21,)),
        ("the 19th century", "century", (19,)),
        ("2026财年", "Y", (2026,)),
    ],
)
def test_a_date_has_the_parts_that_are_given(text: str, unit: str, values: tuple[int, ...]) -> None:
    assert dates(text) == [(unit, values)]


@pytest.mark.parametrize(
    "text",
    [
        "2025-13-10",
        "It may rain",
        "They march on",
        "13月",
        "32日",
        "90年级",
        "月饼",
        "5日元",
        "31世纪",
        "the tenth centurion",
        "Mayor",
        "10.2025",
    ],
)
def test_a_text_that_only_looks_like_a_date_has_none(text: str) -> None:
    assert dates(text) == []


@pytest.mark.parametrize(
    ("text", "values", "also"),
    [("40年代", 1940, (2040,)), ("50年代", 1950, ()), ("the '20s", 1920, (2020,))],
)
def test_a_young_decade_may_be_of_either_century(
    text: str, values: int, also: tuple[int, ...]
) -> None:
    (figure,) = find_dates(Openings(text))
    assert (figure.values, figure.certain, figure.also) == ((values,), not also, also)


def test_both_ends_of_a_range_are_dates() -> None:
    assert dates("12月10至12日") == [("M-D", (12, 10)), ("D", (12,))]
    assert dates("2024至2026年") == [("Y", (2024,)), ("Y", (2026,))]
    assert dates("八九十年代") == [("decade", (1980,)), ("decade", (1990,))]


def test_short_months_are_the_beginnings_of_months() -> None:
    assert len(SHORT_MONTHS) == 12
    assert all(
        month.lower().startswith(short) for month, short in zip(MONTHS, SHORT_MONTHS, strict=True)
    )
