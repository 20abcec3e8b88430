"""The scale of a number in digits: the billion of 14.3 billion, the 千 and 百 of 3千5百."""

import re
from fractions import Fraction
from typing import NamedTuple

from service.facts.numerals.values import SCALES, arabic, scale_zh

SCALE_WORD = "hundred|thousand|million|billion|trillion|dozen|lakhs?|crores?"
_MOST_WORDS = 2
_SCALE_EN = re.compile(
    rf"[ -]?(?:(?P<word>{SCALE_WORD})|(?P<short>bn|tn|mn))(?![A-Za-z])", re.IGNORECASE
)
_LETTER = re.compile(" ?(?P<letter>[kKmMbB])(?![A-Za-z0-9/²³])")
_SCALE_ZH = re.compile(
    " ?(?P<low>[十百千])?(?P<over>[多余餘來来])?"
    "(?P<high>(?:[万萬亿億]|兆(?![焦瓦赫帕字比伏欧歐])){1,2})?(?P<after>[多余餘])?"
)
_DIGITS = re.compile("(?P<apart> ?)(?P<zero>[零〇]?)(?P<n>[0-9]{1,4}(?:,[0-9]{3}){0,2})(?![0-9.,])")
# Signs that the digits behind a scale are a number of their own: 2万5G基站, 5万2024年.
_OF_ITS_OWN = re.compile("[A-Za-z%]|年|月(?!租|薪)|[/:-][0-9]")
_MOST_TERMS = 6


class Scaled(NamedTuple):
    """A number with its scale, and where it ends.

    `more` where 多 or 餘 says that it is a little more; `certain` is false for 3千5, which is 3500
    or 3005.
    """

    value: Fraction
    end: int
    scale: int = 1
    more: bool = False
    certain: bool = True


def scaled_english(text: str, value: Fraction, at: int) -> Scaled | None:
    """`value` times the words of scale at `at` (million, lakh crore); None where there are none."""
    scale, end = 1, at
    for _ in range(_MOST_WORDS):
        found = _SCALE_EN.match(text, end)
        if found is None:
            break
        scale *= SCALES[(found["word"] or found["short"]).lower().removesuffix("s")]
        end = found.end()
    return Scaled(value * scale, end, scale) if end > at else None


def scaled_by_letter(text: str, value: Fraction, at: int) -> Scaled | None:
    """`value` times the k, m or b at `at`; None where none stands there."""
    found = _LETTER.match(text, at)
    if found is None:
        return None
    scale = SCALES[found["letter"].lower()]
    return Scaled(value * scale, found.end(), scale)


class _Term(NamedTuple):
    """Digits with their scale: the 5百万 of 1千5百万 is 5, 100 and 10**4."""

    digits: Fraction
    low: int
    high: int
    more: bool
    end: int

    @property
    def unit(self) -> int:
        return self.low * self.high


def scaled_chinese(text: str, value: Fraction, at: int) -> Scaled | None:
    """`value` with the Chinese scales and terms at `at` (3千5百, 1億2000萬); None without any."""
    term = _term(text, value, at)
    if term is None:
        return None
    terms = [term]
    for _ in range(_MOST_TERMS):
        following = None if term.more else _next_term(text, term)
        if following is None:
            break
        terms.append(term := following)
    scaled = Scaled(_sum(terms), term.end, term.unit, term.more)
    return scaled if term.more else _with_rest(text, scaled)


def _term(text: str, digits: Fraction, at: int) -> _Term | None:
    found = _SCALE_ZH.match(text, at)
    if found is None or not (found["low"] or found["high"] or found["over"] or found["after"]):
        return None
    low, high = scale_zh(found["low"] or ""), scale_zh(found["high"] or "")
    return _Term(digits, low, high, bool(found["over"] or found["after"]), found.end())


def _next_term(text: str, last: _Term) -> _Term | None:
    found = _DIGITS.match(text, last.end)
    digits = arabic(found["n"]) if found else None
    term = _term(text, digits, found.end()) if found and digits is not None else None
    if term is None or term.unit == 1:
        return None
    limit = last.unit if last.high > 1 else last.low
    size = term.digits * (term.unit if last.high > 1 else term.low)
    return term if size < limit else None


def _sum(terms: list[_Term]) -> Fraction:
    if len(terms) == 1:
        return terms[0].digits * terms[0].unit
    total = section = Fraction(0)
    for term in terms:
        section += term.digits * term.low
        if term.high > 1:
            # 3千5百亿 multiplies both, 1億2000萬 adds.
            total, section = total + section * term.high, Fraction(0)
    return total + section


def _with_rest(text: str, number: Scaled) -> Scaled:
    """Add the digits without a scale: the 3000 of 5万3000, the 20 of 5百20."""
    found = _DIGITS.match(text, number.end)
    digits = arabic(found["n"]) if found else None
    if found is None or digits is None or found["apart"] or number.scale == 1:
        return number
    if digits >= number.scale or _OF_ITS_OWN.match(text, found.end()):
        return number
    width = len(str(number.scale)) - 1
    short = len(found["n"]) == 1 and not found["zero"] and width > 1
    # 3千5 is 3500 to most, and 1億2000 may be either.
    value = number.value + (digits * number.scale / 10 if short else digits)
    certain = bool(found["zero"]) or len(found["n"].replace(",", "")) == width
    return Scaled(value, found.end(), number.scale, certain=certain)
