"""One number in a text, with its scale: 1,600, 14.3 billion, 1億2000萬, twenty-five, 壹佰."""

import re
from dataclasses import dataclass, replace
from fractions import Fraction

from service.facts.numerals.digits import ARABIC, VULGAR, is_part_of_an_id, is_spaced
from service.facts.numerals.scales import (
    SCALE_WORD,
    Scaled,
    scaled_by_letter,
    scaled_chinese,
    scaled_english,
)
from service.facts.numerals.units import CHINESE_NUMERAL_UNIT
from service.facts.numerals.values import WORDS, arabic, chinese, english, rough_chinese
from service.facts.numerals.wording import NUMERALS_ZH

_WORD = "|".join(sorted(WORDS, key=len, reverse=True))
_PART = "half|third|quarter|fifth|tenth"
NUMERAL = re.compile(
    rf"(?P<arabic>{ARABIC})"
    "|(?P<formal>[壹贰貳叁叄肆伍陆陸柒捌玖][拾佰仟][壹贰貳叁叄肆伍陆陸柒捌玖拾佰仟零万萬亿億]*)"
    rf"|(?P<han>[{NUMERALS_ZH}]+(?:[点點][〇零一二三四五六七八九]+)?)"
    rf"|(?<![A-Za-z])(?P<words>(?:(?:(?:an? |one |two |three )?(?:{_PART})s? of |half )"
    rf"an? (?:{SCALE_WORD})|half[ -](?:{SCALE_WORD})|an? (?:{SCALE_WORD})|{_WORD})"
    rf"(?:(?:[ -]|(?<=hundred) and |(?<=thousand) and )(?:{_WORD}|{SCALE_WORD})){{0,24}}"
    r"(?: and a half)?)(?![A-Za-z])",
    re.IGNORECASE,
)
# 數十億 is "billions", and stays so where a copy shows how 數 is read: 數(shù)十億.
_VAGUE_BEFORE = re.compile(r"(?:[數数几幾好若多]|[數数幾]\([^()]{1,6}\))\Z")
_VAGUE_AFTER = re.compile("[几幾數数]")
_AND_A_PART = re.compile(r" and a half(?![a-z])| (?P<above>[1-7])/(?P<below>[2-8])(?![0-9/])")


@dataclass(frozen=True, slots=True)
class Number:
    """A number at `[start, end)`; `more` where 多 or 餘 says that it is a little more.

    `high` is the upper end of 七八十. Of an uncertain number `also` holds other readings.
    """

    value: Fraction
    start: int
    end: int
    spelled: bool
    scale: int = 1
    more: bool = False
    certain: bool = True
    high: Fraction | None = None
    also: tuple[Fraction, ...] = ()


def read_number(text: str, m: re.Match[str], has_sign: bool) -> Number | None:
    """The number that the match of NUMERAL begins, with its scale; None where there is none.

    After a sign of a currency (`has_sign`) a letter may be the scale: $5m.
    """
    start, end = m.span()
    if m["arabic"] is not None:
        return None if is_part_of_an_id(text, m) else _arabic(text, m, has_sign)
    if m["words"] is not None:
        value = english(m["words"])
        return None if value is None else _with_scale(text, Number(value, start, end, True))
    if _VAGUE_BEFORE.search(text, max(0, start - 9), start) or _VAGUE_AFTER.match(text, end):
        return None
    return _han(text, m)


def _han(text: str, m: re.Match[str]) -> Number | None:
    start, end = m.span()
    before, after = text[start - 1 : start], text[end : end + 1]
    if before in tuple("期周週拜第") or (after.isascii() and after.isdigit()):
        return None
    value, high = chinese(m.group()), None
    if value is None:
        ends = rough_chinese(m.group())
        if ends is None:
            return None
        value, high = ends
    number = _with_scale(text, Number(value, start, end, True, high=high))
    if before.isascii() and before.isdigit() and number is not None:
        return None
    return number


def _arabic(text: str, m: re.Match[str], has_sign: bool) -> Number | None:
    value = arabic(m["arabic"])
    if value is None:
        return None
    number = _with_a_part(text, Number(value, m.start(), m.end(), False))
    if CHINESE_NUMERAL_UNIT.match(text, number.end):
        return number
    if has_sign and (scaled := scaled_by_letter(text, number.value, number.end)):
        return _scaled(number, scaled)
    number = _with_scale(text, number) or number
    if _VAGUE_AFTER.match(text, number.end) and number.scale > 1:
        return None
    if is_spaced(m["arabic"]) and number.scale == 1 and not has_sign:
        parts = tuple(Fraction(part) for part in m["arabic"].split())
        number = replace(number, certain=False, also=parts)
    return number


def _with_a_part(text: str, number: Number) -> Number:
    """2½ hours, 2 1/2 cups, 2 and a half."""
    vulgar = VULGAR.get(text[number.end : number.end + 1])
    if vulgar is not None:
        return replace(number, value=number.value + Fraction(*vulgar), end=number.end + 1)
    found = _AND_A_PART.match(text, number.end)
    if found is None or number.value.denominator != 1:
        return number
    part = Fraction(int(found["above"]), int(found["below"])) if found["above"] else Fraction(1, 2)
    return replace(number, value=number.value + part, end=found.end())


def _with_scale(text: str, number: Number) -> Number | None:
    scaled = scaled_english(text, number.value, number.end)
    scaled = scaled or scaled_chinese(text, number.value, number.end)
    if scaled is None:
        return number
    if _VAGUE_AFTER.match(text, scaled.end):
        return None
    return _scaled(number, scaled)


def _scaled(number: Number, scaled: Scaled) -> Number:
    value, end, scale, more, certain = scaled
    high = None if number.high is None else number.high * scale
    return Number(value, number.start, end, number.spelled, scale, more, certain, high)
