import re
from collections import defaultdict

import pytest

from service.facts.numerals.units import (
    CHINESE_NUMERAL_UNIT,
    UNIT_BY_SPELLING,
    UNIT_EN,
    UNIT_ZH,
    UNITS,
)


def unit(pattern: re.Pattern[str], text: str) -> str | None:
    """The unit that stands at the start of `text`."""
    match = pattern.match(text)
    return UNIT_BY_SPELLING[match[match.lastindex or 0].lower()] if match else None


@pytest.mark.parametrize("column", ["english", "chinese"])
def test_a_spelling_names_one_unit(column: str) -> None:
    named = defaultdict(set)
    for key, each in UNITS.items():
        for spelling in getattr(each, column).lower().split(";"):
            named[spelling].add(key)
    assert all(len(keys) == 1 for keys in named.values()), named


@pytest.mark.parametrize("key", UNITS)
def test_a_unit_is_read_as_it_is_written(key: str) -> None:
    each = UNITS[key]
    assert unit(UNIT_ZH, each.zh) == key or each.zh not in each.chinese.split(";")
    for written in (each.one, each.many):
        assert unit(UNIT_EN, f" {written}") == key or written not in each.english.split(";")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (" kilometres away", "km"),
        ("-year-old", "age"),
        (" years old", "age"),
        (" km per hour", "km/h"),
        (" litres per second", None),
        (" cubic metres per second", None),
        (" mg/dL", None),
        (" GWhours", None),
        (" people", "person"),
    ],
)
def test_units_of_english(text: str, key: str | None) -> None:
    assert unit(UNIT_EN, text) == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("公里", "km"),
        ("公里/小时", "km/h"),
        ("立方米每秒", None),
        ("毫克/升", None),
        ("个百分点", None),
        (" km ", "km"),
        ("kmh", None),
        ("名学生", "person"),
    ],
)
def test_units_of_chinese(text: str, key: str | None) -> None:
    assert unit(UNIT_ZH, text) == key


@pytest.mark.parametrize(("text", "is_one"), [("千克", True), (" 兆瓦", True), ("千人", False)])
def test_a_unit_may_begin_like_a_numeral(text: str, is_one: bool) -> None:
    assert bool(CHINESE_NUMERAL_UNIT.match(text)) == is_one
