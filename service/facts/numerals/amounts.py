"""Numbers with what they count: amounts of money, percentages, measures, bare numbers."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

from service.facts.numerals.counted import Counted, counted
from service.facts.numerals.currencies import SIGN, SIGN_BEFORE
from service.facts.numerals.digits import TIMES
from service.facts.numerals.figure import Bound, Figure
from service.facts.numerals.local_money import Currencies
from service.facts.numerals.numbers import NUMERAL, Number, read_number
from service.facts.numerals.openings import Openings, matches
from service.facts.numerals.wording import is_counted, is_model

_CONNECT = re.compile(
    " ?(?:[-–—~～至到]|to |and |or ) ?(?=[0-9〇零一二三四五六七八九十百千两兩$€£¥UHNa-z])"
)
# Words right before an amount; in order, because 不超过 ends like 超过.
_BOUND_WORDS: Mapping[Bound, str] = {
    "most": "至多|最多|不超[過过]|不多[于於]|up to|at most|no more than|not more than",
    "least": "(?:至少|起码|起碼|最少)有?|不少[于於]|不低[于於]|不下|at least|no fewer than"
    "|no less than|not less than",
    "less": "不[到足满滿]|少[于於]|低[于於]|less than|fewer than|under|below",
    "more": "逾|超[過过出]?了?|多[于於]|不止|高[于於]|突破|more than|over|above"
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
_TAKEN = "\0"
_TAKEN_RUN = re.compile(b"\1+")
_LATIN = re.compile("[A-Za-z]")


def find_amounts(openings: Openings, taken: bytearray, currencies: Currencies) -> Iterator[Figure]:
    """Numbers outside of the spans that are `taken`."""
    text, position = _without(openings.text, taken), 0
    for m in matches(NUMERAL, text, openings.numbers):
        start, end = m.span()
        if start < position or any(taken[start:end]):
            continue
        figure = _amount(text, m, currencies)
        if figure is not None and len(figure.values) > 1 and any(taken[start : figure.end]):
            # The upper end is part of a date.
            figure = _amount(text, m, currencies, ranges=False)
        if figure is not None and not any(taken[figure.start : figure.end]):
            position = figure.end
            yield figure


def _without(text: str, taken: bytearray) -> str:
    """`text` with the taken characters masked, so that 5 200 of "May 5 200 people" is 200."""
    parts: list[str] = []
    position = 0
    for run in _TAKEN_RUN.finditer(taken):
        parts += text[position : run.start()], _TAKEN * (run.end() - run.start())
        position = run.end()
    return "".join([*parts, text[position:]])


def _amount(
    text: str, m: re.Match[str], currencies: Currencies, ranges: bool = True
) -> Figure | None:
    sign = SIGN_BEFORE.search(text, max(0, m.start() - 6), m.start())
    number = read_number(text, m, sign is not None)
    if number is None:
        return None
    what = counted(text, number, currencies, sign)
    if sign is None and not _is_quantity(text, number, what):
        return None
    values: tuple[Fraction, ...] = (number.value,)
    if number.high is not None:
        values = (number.value, number.high)
    second = _range_end(text, number, what, currencies) if ranges else None
    if second is not None:
        values, what = second
    start = sign.start() if sign else number.start
    if what.unit == "age" and values[-1] > _OLDEST:
        what = replace(what, unit="year")  # a bridge's, which has no 岁
    values, end = _and_a_half(text, values, what)
    minus = _minus(text, start, what)
    if minus is not None:
        start, values = minus, tuple(-value for value in values)
    bound, end = _bound(text, start, end)
    if number.more:
        bound = "more"
    kind, unit = what.kind, what.unit
    if kind == "number" and _is_year(text, m, number, values):
        kind, unit = "date", "Y"
    # Digits in groups with spaces are one number where a unit follows.
    grouped = bool(number.also) and kind in ("money", "measure")
    certain = what.certain and (number.certain or grouped)
    also = () if certain else (*number.also, *what.also)
    return Figure(
        text[start:end], start, end, kind, values, unit, bound, number.spelled, certain, also
    )


def _is_quantity(text: str, number: Number, what: Counted) -> bool:
    if number.spelled:
        return _spelled_quantity(text, number, what)
    if what.kind != "number" or number.scale > 1 or number.more:
        return True
    if (
        what.end == number.end
        and _LATIN.match(text, number.end)
        and not TIMES.match(text, number.end - 1)
    ):
        return False
    if is_counted(text, number.end):
        return True
    return not is_model(text, number.start, small=number.value < 1000)


def _spelled_quantity(text: str, number: Number, what: Counted) -> bool:
    """Words that count: 三家, twenty-five. Not 一 or one, which are mostly articles."""
    if what.kind in ("percent", "money"):
        return True
    if number.value == 1 and number.scale == 1:
        return False
    if text[number.start].isascii() or what.kind == "measure":
        return True
    long = number.value >= 10**4 or number.end - number.start >= 3
    return long or is_counted(text, number.end)


def _range_end(
    text: str, number: Number, what: Counted, currencies: Currencies
) -> tuple[tuple[Fraction, ...], Counted] | None:
    """Both ends of the range that `number` opens, and what they count; None where it opens none."""
    connect = _CONNECT.match(text, what.end)
    if connect is None or not _may_join(text, number, connect.group()):
        return None
    sign = SIGN.match(text, connect.end())
    m = NUMERAL.match(text, sign.end() if sign else connect.end())
    upper = read_number(text, m, sign is not None) if m else None
    if upper is None or not upper.certain:
        return None
    last = counted(text, upper, currencies, sign)
    if last.kind == "number" and what.kind == "money" and what.end == number.end:
        # The sign of $70–72 billion is that of both.
        last = Counted("money", what.unit, last.end, certain=what.certain)
    low = number.value
    if number.scale == 1 and upper.scale > 1 and low * upper.scale < upper.value:
        low *= upper.scale
    same = what.kind == "number" or (last.kind, last.unit) == (what.kind, what.unit)
    if not same or low >= upper.value or (last.kind == "number" and number.spelled):
        return None
    return (low, upper.value), last


def _may_join(text: str, number: Number, connect: str) -> bool:
    """ "And" joins two ends after "between" only, "or" two small ones: twenty or thirty."""
    if "and" in connect:
        return _is_between(text, number.start)
    return "or " not in connect or number.spelled


def _is_between(text: str, start: int) -> bool:
    return "between" in text[max(0, start - 30) : start].lower()


def _and_a_half(
    text: str, values: tuple[Fraction, ...], what: Counted
) -> tuple[tuple[Fraction, ...], int]:
    """The values in their unit, and their end: 三年半 is three years and a half."""
    if what.factor > 1:
        values = tuple(value * what.factor for value in values)
    end = what.end
    after = text[end : end + 2]
    if what.kind == "measure" and after[:1] == "半" and after[1:] not in ("数", "數", "夜"):
        return (*values[:-1], values[-1] + Fraction(1, 2)), end + 1
    return values, end


def _minus(text: str, start: int, what: Counted) -> int | None:
    """The offset of the sign of a negative amount; None before a positive one."""
    m = _MINUS.search(text, max(0, start - 9), start)
    signed = what.kind in ("percent", "money") or what.unit in ("C", "F", "degree")
    return m.start() if m and signed else None


def _bound(text: str, start: int, end: int) -> tuple[Bound, int]:
    """The bound said about the amount at `[start, end)`, and the end with its words."""
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
