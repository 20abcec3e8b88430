"""Numbers with what they count: amounts of money, percentages, measures, bare numbers."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from service.facts.numerals.figure import Bound, Figure, Kind
from service.facts.numerals.numbers import NUMERAL, TIMES, Number, read_number
from service.facts.numerals.openings import Openings, matches
from service.facts.numerals.units import (
    LOCAL_MONEY,
    MONEY_BY_SPELLING,
    MONEY_EN,
    MONEY_ZH,
    SIGN,
    SIGN_BEFORE,
    UNIT_BY_SPELLING,
    UNIT_EN,
    UNIT_ZH,
)
from service.facts.numerals.wording import is_counted, is_model

_PERCENT = re.compile(
    " ?(?:(?P<pp>percentage points?|个百分点|個百分點|百分点|百分點)"
    "|%|[ -]?per ?cent(?![a-z])|[ -]?percent(?![a-z]))",
    re.IGNORECASE,
)
_DECADES = re.compile("[ -]decades?(?![a-z])")
_CONNECT = re.compile(
    " ?(?:[-–—~～至到]|to |and ) ?(?=[0-9〇零一二三四五六七八九十百千两兩$€£¥UHNa-z])"
)
# What stands right before an amount; in order, as 不超过 ends like 超过.
_BOUND_WORDS: Mapping[Bound, str] = {
    "most": "至多|最多|不超[過过]|不多[于於]|up to|at most|no more than|not more than",
    "least": "至少|起码|起碼|不少[于於]|不低[于於]|不下|最少|at least|no fewer than|no less than"
    "|not less than",
    "less": "不[到足]|少[于於]|低[于於]|less than|fewer than|under|below",
    "more": "逾|超[過过出]|多[于於達达]|不止|高[于於]|突破|more than|over|above"
    "|exceed(?:s|ed|ing)?|upwards? of|greater than",
    "about": "[约約]|接近|[将將]?近|估[计計]|about|around|roughly|approximately|some|nearly|almost"
    "|an estimated",
}
_BEFORE = re.compile(
    rf"(?:{'|'.join(f'(?P<{bound}>{words})' for bound, words in _BOUND_WORDS.items())}) ?\Z",
    re.IGNORECASE,
)
_MINUS = re.compile(r"(?:(?<![0-9A-Za-z)%°度元])[-−–]|\b(?:minus|negative) |零下|[负負])\Z")
_AFTER = re.compile(
    r" ?(?:(?P<more>多)|(?P<least>以上|or more|or higher|or older|\+)|(?P<less>以下)"
    "|(?P<most>以[内內])|(?P<about>左右|上下|or so))"
)
_OLDEST = 120
_LATIN = re.compile("[A-Za-z]")


@dataclass(frozen=True, slots=True)
class _Counted:
    """What a number counts, and where its spelling ends; a decade is a `factor` of 10 years."""

    kind: Kind
    unit: str | None
    end: int
    factor: int = 1


def find_amounts(openings: Openings, taken: bytearray, local_money: str | None) -> Iterator[Figure]:
    """Numbers outside of the spans that are `taken`.

    `local_money` is the currency that a bare 元 means, or None where that can't be told.
    """
    text, position = openings.text, 0
    for m in matches(NUMERAL, text, openings.numbers):
        start, end = m.span()
        if start < position or any(taken[start:end]):
            continue
        figure = _amount(text, m, local_money)
        if figure is not None and len(figure.values) > 1 and any(taken[start : figure.end]):
            # The upper end is part of a date.
            figure = _amount(text, m, local_money, ranges=False)
        if figure is not None and not any(taken[figure.start : figure.end]):
            position = figure.end
            yield figure


def _amount(
    text: str, m: re.Match[str], local_money: str | None, ranges: bool = True
) -> Figure | None:
    sign = SIGN_BEFORE.search(text, max(0, m.start() - 5), m.start())
    number = read_number(text, m, sign is not None)
    if number is None:
        return None
    counted = _counted(text, number.end, local_money, sign)
    if sign is None and not _is_quantity(text, number, counted):
        return None
    values: tuple[Fraction, ...] = (number.value,)
    second = _range_end(text, number, counted, local_money) if ranges else None
    if second is not None:
        values, counted = second
    start = sign.start() if sign else number.start
    kind, unit = counted.kind, counted.unit
    if unit == "age" and values[-1] > _OLDEST:
        unit = "year"  # a bridge's, which has no 岁
    values, end = _and_a_half(text, values, counted)
    minus = _minus(text, start, counted)
    if minus is not None:
        start, values = minus, tuple(-value for value in values)
    bound: Bound = "more"
    if not number.more:
        bound, end = _bound(text, start, end)
    if kind == "number" and _is_year(text, m, number, values):
        kind, unit = "date", "Y"
    return Figure(text[start:end], start, end, kind, values, unit, bound, number.spelled)


def _counted(
    text: str, at: int, local_money: str | None, sign: re.Match[str] | None = None
) -> _Counted:
    """What the number that ends at `at` counts; `sign` is that of the currency before it."""
    if sign is not None:
        code = MONEY_BY_SPELLING.get(sign.group(1).lower(), local_money)
        word = MONEY_ZH.match(text, at) or MONEY_EN.match(text, at)
        return _Counted("money", code, word.end() if word else at)
    m = _PERCENT.match(text, at)
    if m:
        return _Counted("percent", "pp" if m["pp"] else "%", m.end())
    for pattern in (MONEY_ZH, MONEY_EN):
        m = pattern.match(text, at)
        if m:
            spelling = m.group(1).lower()
            code = local_money if spelling in LOCAL_MONEY else MONEY_BY_SPELLING[spelling]
            return _Counted("money", code, m.end())
    m = _DECADES.match(text, at)
    if m:
        return _Counted("measure", "year", m.end(), 10)
    for pattern in (UNIT_ZH, UNIT_EN):
        m = pattern.match(text, at)
        if m:
            return _Counted("measure", UNIT_BY_SPELLING[m.group(1).lower()], m.end())
    return _Counted("number", None, at)


def _is_quantity(text: str, number: Number, counted: _Counted) -> bool:
    if number.spelled:
        return _spelled_quantity(text, number, counted)
    if counted.kind != "number" or number.scale > 1 or number.more:
        return True
    if _LATIN.match(text, number.end) and not TIMES.match(text, number.end - 1):
        return False
    if is_counted(text, number.end):
        return True
    return not is_model(text, number.start, small=number.value < 1000)


def _spelled_quantity(text: str, number: Number, counted: _Counted) -> bool:
    """Words that count: 三家, twenty-five. Not 一 or one, which are mostly articles."""
    if counted.kind in ("percent", "money"):
        return True
    if number.value == 1 and number.scale == 1:
        return False
    if text[number.start].isascii() or counted.kind == "measure":
        return True
    long = number.value >= 10**4 or number.end - number.start >= 3
    return long or is_counted(text, number.end)


def _range_end(
    text: str, number: Number, counted: _Counted, local_money: str | None
) -> tuple[tuple[Fraction, ...], _Counted] | None:
    """Both ends of the range that `number` opens, and what they count; None where it opens none."""
    connect = _CONNECT.match(text, counted.end)
    if connect is None or ("and" in connect.group() and not _is_between(text, number.start)):
        return None
    sign = SIGN.match(text, connect.end())
    m = NUMERAL.match(text, sign.end() if sign else connect.end())
    upper = read_number(text, m, sign is not None) if m else None
    if upper is None:
        return None
    last = _counted(text, upper.end, local_money, sign)
    if last.kind == "number" and counted.kind == "money" and counted.end == number.end:
        # The sign of $70–72 billion is that of both.
        last = _Counted("money", counted.unit, last.end)
    low = number.value
    if number.scale == 1 and upper.scale > 1 and low * upper.scale < upper.value:
        low *= upper.scale
    same = counted.kind == "number" or (last.kind, last.unit) == (counted.kind, counted.unit)
    if not same or low >= upper.value or (last.kind == "number" and number.spelled):
        return None
    return (low, upper.value), last


def _is_between(text: str, start: int) -> bool:
    return "between" in text[max(0, start - 30) : start].lower()


def _and_a_half(
    text: str, values: tuple[Fraction, ...], counted: _Counted
) -> tuple[tuple[Fraction, ...], int]:
    """The values in their unit, and their end: 三年半 is three years and a half."""
    if counted.factor > 1:
        values = tuple(value * counted.factor for value in values)
    end = counted.end
    after = text[end : end + 2]
    if counted.kind == "measure" and after[:1] == "半" and after[1:] not in ("数", "數", "夜"):
        return (*values[:-1], values[-1] + Fraction(1, 2)), end + 1
    return values, end


def _minus(text: str, start: int, counted: _Counted) -> int | None:
    """Where the sign of a negative amount stands; None before a positive one."""
    m = _MINUS.search(text, max(0, start - 9), start)
    signed = counted.kind in ("percent", "money") or counted.unit in ("C", "F", "degree")
    return m.start() if m and signed else None


def _bound(text: str, start: int, end: int) -> tuple[Bound, int]:
    """What is said about the amount at `[start, end)`, and the end with what says it."""
    after = _AFTER.match(text, end)
    if after is not None:
        end = after.end()
    before = _BEFORE.search(text, max(0, start - 18), start)
    said = {found.lastgroup for found in (before, after) if found is not None}
    return next((bound for bound in _BOUND_WORDS if bound in said), ""), end


def _is_year(text: str, m: re.Match[str], number: Number, values: tuple[Fraction, ...]) -> bool:
    digits = m["arabic"] or ""
    if len(values) > 1 or len(digits) != 4 or number.scale > 1 or not digits.isdigit():
        return False
    return 1700 <= number.value <= 2100 and not is_counted(text, number.end)
