"""The thing that a number counts: a unit, currency or percent sign behind it, a sign before it."""

import re
from dataclasses import dataclass
from fractions import Fraction

from service.facts.numerals.boundary import ends_word
from service.facts.numerals.currencies import MONEY_EN, MONEY_ZH
from service.facts.numerals.figure import Kind
from service.facts.numerals.local_money import Currencies
from service.facts.numerals.numbers import Number
from service.facts.numerals.units import UNIT_BY_SPELLING, UNIT_EN, UNIT_ZH
from service.text.han import HAN_CHARACTER

_PERCENT = re.compile(
    " ?(?:(?P<pp>percentage points?|个百分点|個百分點|百分点|百分點)"
    "|%|[ -]?per ?cent(?![a-z])|[ -]?percent(?![a-z]))",
    re.IGNORECASE,
)
_DECADES = re.compile("[ -]decades?(?![a-z])")
# 40 times may be 40 occasions; these make a multiple of it.
_MULTIPLE = re.compile(
    r" (?:as|more|high|larg|great|bigg|fast|long|the |that of|what|less|better|its |their |over\b"
    r"|stronger|richer|worse|heavier|cheaper)"
)
# Words that are units in few places only: 12 second homes, 3 degree courses.
_EVERYDAY = frozenset({"second", "degree", "mi", "fold"})
_LENGTH = re.compile(
    r" ?(?:high|long|wide|tall|deep|thick|above|below|from|away|race|sprint|pool|hurdles|final|x)"
)
_PEOPLE = re.compile(
    " (?:(?:[a-z]+ )?(?:people|residents|users|jobs|homes|workers|customers|children|women|men"
    "|households|voters|visitors|tourists|passengers|cases|copies|barrels|tonnes|tons|vehicles"
    "|cars|shares|acres|hectares|dollars|euros|pounds|refugees|migrants|patients|doses|viewers"
    "|subscribers|students|pupils|members|views|units|subscriptions|deaths))(?![a-z])"
)
_K = re.compile("[kK](?![A-Za-z0-9])")
_RANKED = re.compile(r"(?:\b[Tt]op[ -]|前|第 ?)\Z")
_AFTER_RANK = re.compile(" ?[名位强強大]|[ -]")
# Signs that 24年 is a length of time: 近24年, 24年前.
_AFTER_LENGTH = re.compile(
    " ?(?:[多余餘前后後内內以之间間来來半期未不才没沒就]|的?[历歷]史|的?[时時][间間光]|徒刑|有期"
    "|[寿壽]命|合同|合約)"
)
_BEFORE_LENGTH = re.compile(
    "(?:[历歷经經近约約长長达達时時为為共满滿逾超每刑期役龄齡限过過了足整到隔第]|至少|最多|不[到足]|[连連][续續]"
    r"|持[续續]|未[来來]|[过過]去|今[后後]|此[后後]|[当當]了|了|[~～至到-] ?)\s?\Z"
)


@dataclass(frozen=True, slots=True)
class Counted:
    """The thing that a number counts, and the end of its spelling.

    A decade is a `factor` of 10 years. Where the reading is not `certain`, `also` holds the values
    of the others.
    """

    kind: Kind
    unit: str | None
    end: int
    factor: int = 1
    certain: bool = True
    also: tuple[Fraction, ...] = ()


def counted(
    text: str, number: Number, currencies: Currencies, sign: re.Match[str] | None = None
) -> Counted:
    """The thing that `number` counts; `sign` is that of the currency before it."""
    at = number.end
    if sign is not None:
        code = currencies.of_sign(sign.group(1))
        word = MONEY_ZH.match(text, at) or MONEY_EN.match(text, at)
        named = word is not None and ends_word(text, word.start(1), word.end(1))
        return Counted("money", code, word.end() if word and named else at, 1, code is not None)
    m = _PERCENT.match(text, at)
    if m:
        return Counted("percent", "pp" if m["pp"] else "%", m.end())
    found = _money(text, number, currencies)
    if found is not None:
        return found
    m = _DECADES.match(text, at)
    if m:
        return Counted("measure", "year", m.end(), 10)
    found = _chinese_unit(text, number) or _english_unit(text, number)
    return found or _thousands(text, number) or Counted("number", None, at)


def _money(text: str, number: Number, currencies: Currencies) -> Counted | None:
    m = MONEY_ZH.match(text, number.end)
    if m is not None and ends_word(text, m.start(1), m.end(1)):
        code = currencies.of_word(m[1])
        return Counted("money", code, m.end(), 1, code is not None)
    m = MONEY_EN.match(text, number.end)
    if m is None:
        return None
    word = m[1].lower()
    sure = currencies.is_sure(word)
    if word == "won" and not (sure and number.value >= 100):
        return None
    code = currencies.of_word(word)
    return Counted("money", code, m.end(), 1, sure and code is not None)


def _chinese_unit(text: str, number: Number) -> Counted | None:
    m = UNIT_ZH.match(text, number.end)
    if m is None or not ends_word(text, m.start(1), m.end(1)):
        return None
    unit = UNIT_BY_SPELLING[m[1].lower()]
    if unit in ("person", "user") and _is_rank(text, number):
        return None
    if m[1] == "年" and not number.spelled and _may_be_a_year(text, number, m.end()):
        return Counted("measure", unit, m.end(), certain=False, also=_years(int(number.value)))
    return Counted("measure", unit, m.end())


def _is_rank(text: str, number: Number) -> bool:
    return _RANKED.search(text, max(0, number.start - 4), number.start) is not None


def _may_be_a_year(text: str, number: Number, end: int) -> bool:
    """True for 24年 where nothing near it shows that it is a length of time."""
    if number.scale > 1 or number.value.denominator > 1 or not 10 <= number.value <= 999:
        return False
    near = text[max(0, number.start - 4) : number.start]
    return not (_AFTER_LENGTH.match(text, end) or _BEFORE_LENGTH.search(near))


def _years(short: int) -> tuple[Fraction, ...]:
    """The years that 98年 and 113年 may be."""
    if short < 100:
        return (Fraction(1900 + short), Fraction(2000 + short), Fraction(1911 + short))
    return (Fraction(1911 + short),)


def _english_unit(text: str, number: Number) -> Counted | None:
    m = UNIT_EN.match(text, number.end)
    if m is None or (_is_rank(text, number) and m["gap"] == " "):
        return None
    word, end = m["unit"], m.end()
    unit = UNIT_BY_SPELLING[word.lower()]
    if word == "m":
        return _metres_or_millions(text, number, m)
    if word.lower() in _EVERYDAY and not (number.value == 1 or m["gap"] == "-"):
        return None
    if unit == "times" and word.lower() != "fold" and not _MULTIPLE.match(text, end):
        return None
    return Counted("measure", unit, end, certain=word.lower() != "degrees")


def _metres_or_millions(text: str, number: Number, m: re.Match[str]) -> Counted | None:
    """The unit of 3m: metres where it is so high or stands in Chinese, else perhaps millions."""
    if m["gap"] == "-" or (m["gap"] == " " and not _PEOPLE.match(text, m.end())):
        return Counted("measure", "m", m.end())
    beside = text[max(0, number.start - 1) : number.start] + text[m.end() : m.end() + 1]
    if _LENGTH.match(text, m.end()) or HAN_CHARACTER.search(beside):
        return Counted("measure", "m", m.end())
    millions = Counted("number", None, m.end(), 10**6, False, (number.value,))
    if _PEOPLE.match(text, m.end()):
        unit = UNIT_EN.match(text, m.end())
        key = UNIT_BY_SPELLING[unit["unit"].lower()] if unit else None
        end = unit.end() if unit else m.end()
        return Counted("measure" if key else "number", key, end, 10**6)
    return millions


def _thousands(text: str, number: Number) -> Counted | None:
    """50k, which is fifty thousand or, of screens and races, four and five "k"."""
    m = _K.match(text, number.end)
    if m is None or number.spelled or number.scale > 1:
        return None
    return Counted("number", None, m.end(), 1000, False, (number.value,))
