"""One number in a text, with its scale: 1,600, 14.3 billion, 1億2000萬, twenty-five, 壹佰."""

import re
from dataclasses import dataclass, replace
from fractions import Fraction

from service.facts.numerals.units import SIGN_BEFORE, UNIT_ZH
from service.facts.numerals.values import SCALES, WORDS, arabic, chinese, english, scale_zh
from service.facts.numerals.wording import HAN

_ARABIC = r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?(?![0-9])|[0-9]+(?:\.[0-9]+)?"
_WORD = "|".join(sorted(WORDS, key=len, reverse=True))
_SCALE_WORD = "hundred|thousand|million|billion|trillion|dozen"
NUMERAL = re.compile(
    rf"(?P<arabic>{_ARABIC})"
    "|(?P<formal>[壹贰貳叁叄肆伍陆陸柒捌玖][拾佰仟][壹贰貳叁叄肆伍陆陸柒捌玖拾佰仟零万萬亿億]*)"
    rf"|(?P<han>[{HAN}]+(?:[点點][〇零一二三四五六七八九]+)?)"
    rf"|(?<![A-Za-z])(?P<words>(?:half an? (?:{_SCALE_WORD})|an? (?:{_SCALE_WORD})|{_WORD})"
    rf"(?:(?:[ -]|(?<=hundred) and |(?<=thousand) and )(?:{_WORD}|{_SCALE_WORD})){{0,24}}"
    r"(?: and a half)?)(?![A-Za-z])",
    re.IGNORECASE,
)
_SCALE_ZH = re.compile(
    " ?(?P<low>[十百千])?(?P<over>[多余餘來来])?(?P<high>[百千]?[万萬亿億兆]{1,2})?"
    "(?P<after>[多余餘])?"
)
_NEXT_TERM = re.compile(
    r" ?(?P<n>[0-9]{1,4}(?:,[0-9]{3}){0,2})(?![0-9.,])(?P<scale>[百千]?[万萬亿億])?"
)
_SCALE_EN = re.compile(
    rf"(?:[ -]?(?P<word>{_SCALE_WORD})|(?: ?(?P<short>bn|tn|mn)|(?P<letter>[kKmMbB])))(?![A-Za-z])",
    re.IGNORECASE,
)
# 數十億 is "billions", and stays so where a copy shows how 數 is read: 數(shù)十億.
_VAGUE_BEFORE = re.compile(r"(?:[數数几幾好若多]|[數数幾]\([^()]{1,6}\))\Z")
_VAGUE_AFTER = re.compile("[几幾數数]")
_LATIN = re.compile("[A-Za-z]")
# 6x6 cm, 36×24 mm
TIMES = re.compile(r"[0-9][xX×](?=[0-9])")


@dataclass(frozen=True, slots=True)
class Number:
    """A number at `[start, end)`; `more` where 多 or 餘 says that it is a little more."""

    value: Fraction
    start: int
    end: int
    spelled: bool
    scale: int = 1
    more: bool = False


def read_number(text: str, m: re.Match[str], has_sign: bool) -> Number | None:
    """The number that the match of NUMERAL begins, with its scale; None for what is none.

    After a sign of a currency (`has_sign`) a letter may be the scale: $5m.
    """
    start, end = m.span()
    if m["arabic"] is not None:
        return None if _is_part_of_an_id(text, m) else _arabic(text, m, has_sign)
    if m["words"] is not None:
        value = english(m["words"])
        return None if value is None else _scaled_en(text, Number(value, start, end, True), False)
    if _VAGUE_BEFORE.search(text, max(0, start - 9), start) or _VAGUE_AFTER.match(text, end):
        return None
    if start and text[start - 1] in "期周週拜第":
        return None
    value = chinese(m.group())
    return None if value is None else _scaled_zh(text, Number(value, start, end, True))


def _arabic(text: str, m: re.Match[str], has_sign: bool) -> Number | None:
    value = arabic(m["arabic"])
    if value is None:
        return None
    number = Number(value, m.start(), m.end(), False)
    unit = UNIT_ZH.match(text, m.end())
    if unit is not None and unit.group(1)[0] in "千兆百":
        return number
    scaled = _scaled_en(text, number, has_sign)
    return scaled if scaled is not number else _scaled_zh(text, number)


def _is_part_of_an_id(text: str, m: re.Match[str]) -> bool:
    """GPT-5, A320, v1.2.3, 10.0.0.1, 007, +86…: digits that are a piece of something longer."""
    if m["arabic"][0] == "0" and m["arabic"][1:2].isdigit():
        return True
    if TIMES.match(text, max(0, m.start() - 2)):
        return False
    before, after = text[max(0, m.start() - 2) : m.start()], text[m.end() : m.end() + 2]
    if before and (_LATIN.match(before[-1]) or before[-1] in "_@#+/"):
        # US$ and RMB stand before a number without being part of it.
        return SIGN_BEFORE.search(text, max(0, m.start() - 5), m.start()) is None
    if len(before) == 2 and before[1] in "-.,:‑" and before[0].isascii() and before[0].isalnum():
        since = before[0].islower() and len(m["arabic"]) == 4  # mid-2025
        return not (before[1] == "-" and (before[0].isdigit() or since))
    return len(after) == 2 and after[0] in ".,:/_" and after[1].isascii() and after[1].isalnum()


def _scaled_en(text: str, number: Number, has_sign: bool) -> Number:
    m = _SCALE_EN.match(text, number.end)
    if m is None or (m["letter"] and not has_sign):
        return number
    word = (m["word"] or m["short"] or m["letter"]).lower()
    scale = SCALES[word]
    return replace(number, value=number.value * scale, end=m.end(), scale=scale)


def _scaled_zh(text: str, number: Number) -> Number | None:
    m = _SCALE_ZH.match(text, number.end)
    if m is None or not m.group().strip():
        return number
    if _VAGUE_AFTER.match(text, m.end()):
        return None
    scale = scale_zh((m["low"] or "") + (m["high"] or ""))
    more = bool(m["over"] or m["after"])
    scaled = replace(number, value=number.value * scale, end=m.end(), scale=scale, more=more)
    for _ in range(2 if m["high"] and not more else 0):
        scaled = _with_next_term(text, scaled)
    return scaled


def _with_next_term(text: str, number: Number) -> Number:
    """Add what follows a scale: the 2000萬 of 1億2000萬, the 3000 of 5万3000."""
    term = _NEXT_TERM.match(text, number.end)
    digits = arabic(term["n"]) if term else None
    if term is None or digits is None or number.scale == 1:
        return number
    scale = scale_zh(term["scale"] or "")
    apart = term.group()[0] == " " and scale == 1
    if apart or digits * scale >= number.scale:
        return number
    return replace(number, value=number.value + digits * scale, end=term.end(), scale=scale)
