"""Dates, quarters, decades and centuries: 2025年12月10日, Dec. 10, 2025, Q1 2026, 90年代."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Literal

from service.facts.numerals.figure import Figure
from service.facts.numerals.openings import Openings, matches
from service.facts.numerals.values import ORDINALS, WORDS, chinese

MONTHS = (
    "January February March April May June July August September October November December"
).split()
SHORT_MONTHS = tuple(name[:3].lower() for name in MONTHS)
_MONTH_NUMBER = {name: n for n, name in enumerate(SHORT_MONTHS, 1)}
_QUARTERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3,
             "4th": 4, "一": 1, "二": 2, "三": 3, "四": 4}  # fmt: skip

_WORD_START = "(?<![A-Za-z0-9])"
_DIGIT_HAN = "〇零○一二三四五六七八九"
_MONTH = rf"(?P<month>{'|'.join(MONTHS)}|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\b\.?)"
_CLEAR_MONTH = "|".join(m for m in MONTHS if m not in ("March", "May"))
_BEFORE_MONTH = re.compile(
    r"(?i:\b(?:in|of|by|since|until|till|from|last|next|this|early|late|before|after|during|through"
    r"|and|to) |mid-|–)\Z"
)
_DAY = "(?P<day>[0-3]?[0-9])(?:st|nd|rd|th)?(?![0-9])"
_YEAR = "(?P<year>1[0-9]{3}|2[01][0-9]{2})(?![0-9])"
_YEAR_ZH = rf"(?<![0-9{_DIGIT_HAN}])(?P<year>[0-9]{{4}}|[{_DIGIT_HAN}]{{4}}) ?年"
_MONTH_ZH = "(?P<month>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_DAY_ZH = (
    "(?P<day>[12][0-9]|3[01]|0?[1-9]|[二廿][一二三四五六七八九]|二?十[一二三四五六七八九]?|三十一?"
    "|[一二三四五六七八九])"
)
# The day of 12月10日, and the first end of 12月10至12日
_DAY_OF_ZH = rf"份? ?{_DAY_ZH} ?(?:[日号號]|(?=[至到–~-] ?[0-3]?[0-9] ?[日号號]))"
_QUARTER_ZH = "(?:第 ?(?P<q>[1-4一二三四])|首) ?"
_NO_MONTH = "[球亮季饼餅票薪租台]"
_NO_DAY = "[本元内內间間圆圓語语常均报報子系軍军程用期]"


def _calendar(match: re.Match[str]) -> Figure | None:
    """Year, month and day, as far as the match names them; None where no such day exists."""
    found = match.groupdict()
    parts: list[int] = []
    units: list[str] = []
    for name, unit, last in (("year", "Y", 2199), ("month", "M", 12), ("day", "D", 31)):
        numeral = found.get(name)
        if numeral:
            value = _MONTH_NUMBER.get(numeral[:3].lower()) or _number(numeral)
            if not (1000 if unit == "Y" else 1) <= value <= last:
                return None
            parts.append(value)
            units.append(unit)
    return _date(match, "-".join(units), *parts)


def _doubtful_month(match: re.Match[str]) -> Figure | None:
    """March and May are months only after a word that dates stand after."""
    before = match.string[max(0, match.start() - 8) : match.start()]
    return _calendar(match) if _BEFORE_MONTH.search(before) else None


def _year(match: re.Match[str]) -> Figure | None:
    return _quarter(match) if match["quarter"] else _calendar(match)


def _quarter(match: re.Match[str]) -> Figure:
    found = match.groupdict()
    word = (found["q"] or found.get("bare") or "1").lower()
    quarter = _QUARTERS.get(word) or int(word)
    if found.get("year"):
        return _date(match, "Y-Q", _number(found["year"]), quarter)
    return _date(match, "Q", quarter)


def _decade(match: re.Match[str]) -> Figure | None:
    found = match.groupdict()
    decade = _number(found["decade"])
    if found.get("century"):
        decade += 100 * (_number(found["century"]) - 1)
        return _date(match, "decade", decade)
    if found.get("which"):
        # 本世纪20年代, 上世纪九十年代
        century = 2000 if found["which"].startswith(_THIS_CENTURY) else 1900
        return _date(match, "decade", century + decade)
    if decade < 100:
        # 90年代 and "the '90s" mean the twentieth century; the '20s may be either.
        figure = _date(match, "decade", 1900 + decade)
        open_ = decade <= _YOUNGEST_DECADE
        return replace(figure, certain=False, also=(Fraction(2000 + decade),)) if open_ else figure
    return _date(match, "decade", decade) if 1000 <= decade <= 2190 else None


def _first_decade(match: re.Match[str]) -> Figure:
    """1980 for the 八 of 八九十年代."""
    return _date(match, "decade", 1900 + 10 * _number(match["decade"]))


def _century(match: re.Match[str]) -> Figure | None:
    word = match["n"].lower()
    n = ORDINALS.get(word) or _ordinal(word)
    return _date(match, "century", n) if 1 <= n <= 30 else None


def _ordinal(word: str) -> int:
    if not word.isascii():
        return _number(word)
    if word[0].isdigit():
        return int(re.sub(r"\D", "", word))
    tens, _, ones = word.rpartition("-")
    return WORDS.get(tens, 0) + ORDINALS.get(ones, 0)


def _number(numeral: str) -> int:
    return int(numeral) if numeral.isascii() else int(chinese(numeral) or 0)


def _date(match: re.Match[str], unit: str, *parts: int) -> Figure:
    values = tuple(Fraction(part) for part in parts)
    return Figure(match.group(), *match.span(), "date", values, unit)


_THIS_CENTURY = ("本", "这", "這", "新")
_YOUNGEST_DECADE = 40
_IN_ENGLISH = "|".join(name[:3] for name in MONTHS)

# In order: where two match the same characters, the earlier one counts.
# A pattern is tried only on texts that hold one of the words or characters in front of it, and
# there where it can open.
_Read = Callable[[re.Match[str]], Figure | None]
_Opens = Literal["numeral", "month", "anywhere"]
_ENTRIES: tuple[tuple[str, _Opens, str, _Read], ...] = (
    (
        "[-/.]",
        "numeral",
        r"(?<![0-9/.-])(?P<year>[12][0-9]{3})([-/.])(?P<month>[01]?[0-9])\2"
        r"(?P<day>[0-3]?[0-9])(?![0-9]|[/.-][0-9])",
        _calendar,
    ),
    (
        "年",
        "numeral",
        rf"{_YEAR_ZH}(?!代|[级級龄齡历歷租])(?: ?(?:的 ?)?(?:{_QUARTER_ZH}(?P<quarter>季)度?"
        rf"|{_MONTH_ZH} ?月(?:{_DAY_OF_ZH})?))?",
        _year,
    ),
    ("季", "anywhere", rf"(?:{_QUARTER_ZH}|(?P<bare>[一二三四]))季度", _quarter),
    (
        "Q",
        "anywhere",
        rf"{_WORD_START}Q(?P<q>[1-4])(?![0-9])(?: of|,)?(?: (?:fiscal |FY ?)?{_YEAR})?",
        _quarter,
    ),
    (
        "quarter",
        "anywhere",
        r"\b(?P<q>(?i:first|second|third|fourth|1st|2nd|3rd|4th)) quarter(?: of)?"
        rf"(?: (?:fiscal )?{_YEAR})?",
        _quarter,
    ),
    (_IN_ENGLISH, "numeral", rf"{_WORD_START}{_DAY} (?:of )?{_MONTH},? {_YEAR}", _calendar),
    (_IN_ENGLISH, "month", rf"{_WORD_START}{_MONTH} {_DAY},? {_YEAR}", _calendar),
    (_IN_ENGLISH, "month", rf"{_WORD_START}{_MONTH},? (?:of )?{_YEAR}", _calendar),
    (
        _IN_ENGLISH,
        "month",
        rf"{_WORD_START}{_MONTH} {_DAY}(?![,.]?[0-9]|[ -](?:million|billion|per ?cent|%))",
        _calendar,
    ),
    (_IN_ENGLISH, "numeral", rf"{_WORD_START}{_DAY} (?:of )?{_MONTH}(?![a-z])", _calendar),
    (_IN_ENGLISH, "month", rf"{_WORD_START}(?P<month>{_CLEAR_MONTH})\b", _calendar),
    (_IN_ENGLISH, "month", r"\b(?P<month>March|May)\b", _doubtful_month),
    (
        _IN_ENGLISH,
        "month",
        r"\b(?P<month>Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)(?:\.|(?=[-–/]))",
        _calendar,
    ),
    (
        "年代",
        "numeral",
        "(?<![0-9])(?P<century>1[0-9]|2[01]|十[一二三四五六七八九]|二十一?) ?世[纪紀] ?"
        "(?P<decade>[1-9]0|[一二三四五六七八九]十) ?年代",
        _decade,
    ),
    (
        "年代",
        "numeral",
        "(?<![0-9一二三四五六七八九十])(?P<decade>[五六七八])(?=[六七八九]十 ?年代)",
        _first_decade,
    ),
    (
        "年代",
        "anywhere",
        "(?P<which>[本这這新上])个?個?世[纪紀]的? ?(?P<decade>[1-9]0|[一二三四五六七八九]十) ?年代",
        _decade,
    ),
    (
        "年代",
        "numeral",
        "(?<![0-9])(?P<decade>[12][0-9]{2}0|[1-9]0|[一二三四五六七八九]十) ?年代",
        _decade,
    ),
    ("s", "numeral", r"(?<![0-9])(?P<decade>[12][0-9]{2}0)['’]?s\b", _decade),
    ("s", "anywhere", r"['’](?P<decade>[1-9]0)s\b", _decade),
    (
        "[纪紀]",
        "numeral",
        "(?<![0-9])(?P<n>[12]?[0-9]|二?十[一二三四五六七八九]?|[一二三四五六七八九]) ?世[纪紀]",
        _century,
    ),
    (
        "centur",
        "anywhere",
        r"\b(?i:(?P<n>[12]?[0-9](?:st|nd|rd|th)|twenty-first|[a-z]{5,11}th|first|second|third)"
        r"[ -]centur(?:y|ies))\b",
        _century,
    ),
    ("年", "numeral", "(?<![0-9])(?P<year>[12][0-9]{3})(?= ?(?:[财財]年|[学學]年))", _calendar),
    (
        "年",
        "numeral",
        "(?<![0-9])(?P<year>[12][0-9]{3})(?= ?[至到–~-] ?[12][0-9]{3} ?年)",
        _calendar,
    ),
    (
        "月",
        "numeral",
        rf"(?<![0-9〇零一二三四五六七八九十百千万萬.]){_MONTH_ZH} ?"
        rf"(?:月(?!{_NO_MONTH})(?:{_DAY_OF_ZH})?|(?=[至到–~-] ?1?[0-9] ?月))",
        _calendar,
    ),
    (
        "日",
        "numeral",
        rf"(?<![0-9月第一二三四五六七八九十百千万萬年.])(?!一 ?日){_DAY_ZH} ?日(?!{_NO_DAY})",
        _calendar,
    ),
)
_PATTERNS = tuple(
    (re.compile(needs), opens, re.compile(pattern), read)
    for needs, opens, pattern, read in _ENTRIES
)


def find_dates(openings: Openings) -> Iterator[Figure]:
    """Every date of a text, pattern by pattern; they may overlap."""
    text = openings.text
    for needs, opens, pattern, read in _PATTERNS:
        for match in _found(pattern, opens, openings) if needs.search(text) else ():
            figure = read(match)
            if figure is not None:
                yield figure


def _found(pattern: re.Pattern[str], opens: _Opens, openings: Openings) -> Iterator[re.Match[str]]:
    if opens == "anywhere":
        return pattern.finditer(openings.text)
    at = openings.numerals if opens == "numeral" else openings.months
    return matches(pattern, openings.text, at)
