"""Parts and places: 百分之四, one third, 三成, 第13, the 13th."""

import re
from collections.abc import Iterator
from fractions import Fraction

from service.facts.numerals.figure import Figure, Kind
from service.facts.numerals.openings import Openings, matches
from service.facts.numerals.values import (
    ORDINALS,
    WORDS,
    arabic,
    chinese,
    rough_chinese,
    scale_zh,
)
from service.facts.numerals.wording import NUMERALS_ZH

# Never longer, so that a row of a million digits is read once.
_NUMERAL_ZH = rf"(?:[0-9]{{1,9}}|[{NUMERALS_ZH}]{{1,9}})"
_START = rf"(?<![0-9.{NUMERALS_ZH}])"
_TENTHS = re.compile(
    rf"{_START}(?P<n>[1-9一二两兩三四五六七八九])成(?P<more>[一二三四五六七八九半])?"
    "(?![为為员員立功了都果就本長长分绩績交熟人名份])"
)
_FRACTION_ZH = re.compile(
    rf"{_START}(?P<below>{_NUMERAL_ZH})分之"
    rf"(?P<above>[0-9]{{1,9}}(?:\.[0-9]{{1,9}})?|[{NUMERALS_ZH}]{{1,9}}(?:[点點][{NUMERALS_ZH}]{{1,9}})?)"
)
_HALF_ZH = re.compile("一半(?!是)|半[数數]")
_PART = "third|quarter|fifth|sixth|seventh|eighth|ninth|tenth|half"
_OF_A_SCALE = " of an? (?:hundred|thousand|million|billion|trillion|dozen|lakh|crore)"
# A fifth of it, by a third, two thirds; not the fifth man of "a fifth man", nor the half of a year.
_FRACTION_EN = re.compile(
    r"(?<![A-Za-z])(?!(?<=and )a half)(?<!first )(?<!last )(?<!past )(?<!next )(?:"
    rf"an? (?:{_PART})(?!{_OF_A_SCALE})(?= of\b| (?:more|less|fewer|higher|lower|larger|smaller"
    r"|as|to|in|since|from|over|between|on|compared)\b|[,.;:!?)]|\Z)"
    rf"|(?P<above>one|two|three|four|five|six|seven|eight|nine|[1-9])[ -](?P<below>{_PART})s?"
    rf"(?![A-Za-z])(?!{_OF_A_SCALE}))"
    r"|(?<![A-Za-z-])(?<!first )(?<!second )(?P<half>half)"
    rf"(?= (?:of|the|its|their|his|her|all|those|that) )(?!{_OF_A_SCALE})",
    re.IGNORECASE,
)
_FRACTION = re.compile("(?<![0-9/.])(?<![0-9] )(?P<above>[1-4])/(?P<below>[2-5])(?![0-9/])")
# Four in ten, 1 in 5; not "two in three years".
_N_IN_M = re.compile(
    r"(?<![A-Za-z0-9.-])(?P<above>one|two|three|four|five|six|seven|eight|nine|[1-9])"
    r" (?:in|out of) (?:every )?"
    r"(?P<below>two|three|four|five|six|eight|ten|twenty|[2-9]|[1-9]0|100)"
    r"(?![,.:-]?[0-9]| ?%|[a-z-]| (?:years?|months?|weeks?|days?|hours?|minutes?))",
    re.IGNORECASE,
)
_HUNDRED = 100
_BELOW = {"half": 2, "quarter": 4}
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_ORDINAL = re.compile(
    r"(?<![A-Za-z0-9.,])(?P<n>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,6})(?:st|nd|rd|th)(?![A-Za-z])"
)
_ORDINAL_WORD = re.compile(
    rf"(?<![0-9][ -])(?<!per )\b(?:(?P<tens>{_TENS})-)?(?P<word>{'|'.join(ORDINALS)})"
    "(?![A-Za-z-]| quarter| half)",
    re.IGNORECASE,
)
_ORDINAL_ZH = re.compile(
    rf"第 ?(?P<n>[0-9]{{1,4}}(?![0-9])|[{NUMERALS_ZH}]{{1,9}})"
    r"|(?<![0-9])(?P<no>[0-9]{1,4}|[二三]?十[一二三四五六七八九]?)[号號]"
)


def find_fractions(openings: Openings) -> Iterator[Figure]:
    """百分之四, 三分之一, 三成, one third, half of, four in ten, 2/3."""
    yield from _fractions_zh(openings)
    yield from _fractions_en(openings)
    for m in matches(_FRACTION, openings.text, openings.numerals):
        if m["above"] < m["below"]:
            yield _found(m, "fraction", Fraction(m.group()))


def _fractions_zh(openings: Openings) -> Iterator[Figure]:
    text, numerals = openings.text, openings.numerals
    for m in matches(_FRACTION_ZH, text, numerals) if "分之" in text else ():
        below, above = _numeral_zh(m["below"]), _numeral_zh(m["above"])
        rough = rough_chinese(m["above"])
        if below == _HUNDRED and rough is not None:
            yield Figure(m.group(), *m.span(), "percent", rough, "%", "", True)
        if not below or above is None:
            continue
        if m["below"] in ("百", "千", "万", "萬", "100"):
            yield _found(m, "percent", above * 100 / below, "%")
        else:
            yield _found(m, "fraction", above / below, spelled=not m["below"].isascii())
    for m in matches(_TENTHS, text, numerals) if "成" in text else ():
        tens, ones = _numeral_zh(m["n"]) or Fraction(0), m["more"] or "〇"
        part = Fraction(5) if ones == "半" else chinese(ones) or Fraction(0)
        yield _found(m, "percent", 10 * tens + part, "%", True)
    for m in _HALF_ZH.finditer(text):
        yield _found(m, "fraction", Fraction(1, 2), spelled=True)


def _fractions_en(openings: Openings) -> Iterator[Figure]:
    for m in matches(_FRACTION_EN, openings.text, openings.numbers):
        words = re.split("[ -]", m.group().lower())
        above = Fraction(1) if words[0] in ("a", "an", "half") else _number_en(words[0])
        part = words[-1] if words[-1] in _BELOW else words[-1].removesuffix("s")
        value = above / (_BELOW.get(part) or ORDINALS[part])
        yield _found(m, "fraction", value, spelled=not words[0].isdigit())
    for m in matches(_N_IN_M, openings.text, openings.numbers):
        part, whole = (_number_en(m[side]) for side in ("above", "below"))
        if part < whole:
            yield _found(m, "fraction", part / whole, spelled=not m["above"].isdigit())


def find_ordinals(openings: Openings) -> Iterator[Figure]:
    """第13, 13號, the 13th, twenty-first."""
    text = openings.text
    for m in matches(_ORDINAL, text, openings.numerals):
        yield _found(m, "ordinal", Fraction(m["n"].replace(",", "")))
    for m in matches(_ORDINAL_WORD, text, openings.words):
        value = WORDS.get((m["tens"] or "").lower(), 0) + ORDINALS[m["word"].lower()]
        yield _found(m, "ordinal", Fraction(value), spelled=True)
    for m in matches(_ORDINAL_ZH, text, openings.numerals):
        numeral = m["n"] or m["no"]
        number = _numeral_zh(numeral)
        if number:
            yield _found(m, "ordinal", number, spelled=not numeral.isascii())


def _found(
    m: re.Match[str], kind: Kind, value: Fraction, unit: str | None = None, spelled: bool = False
) -> Figure:
    return Figure(m.group(), *m.span(), kind, (value,), unit, "", spelled)


def _number_en(word: str) -> Fraction:
    return Fraction(word) if word.isdigit() else Fraction(WORDS[word.lower()])


def _numeral_zh(numeral: str) -> Fraction | None:
    if numeral in ("百", "千", "万", "萬"):
        return Fraction(scale_zh(numeral))
    return arabic(numeral) if numeral.isascii() else chinese(numeral)
