"""Dates and times in English and Chinese text."""

import re
from collections.abc import Callable, Iterator
from fractions import Fraction

from service.numerals.figure import Figure
from service.numerals.values import ORDINALS, WORDS, chinese

_MONTHS = (
    "January February March April May June July August September October November December"
).split()
_MONTH_NUMBER = {name[:3].lower(): n for n, name in enumerate(_MONTHS, 1)}

_MONTH = (
    r"(?P<month>January|February|March|April|May|June|July|August|September|October|November"
    r"|December|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\b\.?)"
)
_DAY = r"(?P<day>[0-3]?[0-9])(?:st|nd|rd|th)?(?![0-9])"
_YEAR = r"(?P<year>1[0-9]{3}|20[0-9]{2}|21[0-9]{2})(?![0-9])"
_HAN = "[〇零○一二三四五六七八九]"
_YEAR_ZH = rf"(?P<year>(?:[0-9]{{4}}|{_HAN}{{4}}))"
_MONTH_ZH = r"(?P<month>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_DAY_ZH = (
    r"(?P<day>[12][0-9]|3[01]|0?[1-9]|[二廿][一二三四五六七八九]|二?十[一二三四五六七八九]?|三十一?"
    r"|[一二三四五六七八九])"
)
_RELATIVE = r"(?:[今去前明後后]年|同年|本年|翌年)?"
_QUARTER_WORDS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3,
                  "4th": 4, "一": 1, "二": 2, "三": 3, "四": 4}  # fmt: skip
_HALF_DAY = "上午|早上|早晨|清晨|凌晨|中午|下午|傍晚|晚上|晚间|晚間|深夜|夜间|夜間|晚"


def _number(text: str) -> int:
    """The value of a matched numeral: arabic digits, or the Chinese ones that the patterns take."""
    if text.isascii():
        return int(text)
    return int(chinese(text) or 0)


def _figure(match: re.Match[str], unit: str, *parts: int) -> Figure:
    start, end = match.span()
    return Figure(
        match.group(), start, end, "date", tuple(Fraction(p) for p in parts), unit, "", False
    )


def _calendar(match: re.Match[str]) -> Figure | None:
    """Year, month and day, as far as the match names them; None where no such day exists."""
    found = match.groupdict()
    parts: list[int] = []
    units: list[str] = []
    if found.get("year"):
        year = _number(found["year"])
        if not 1000 <= year <= 2199:
            return None
        parts, units = [year], ["Y"]
    if found.get("month"):
        name = found["month"]
        month = _MONTH_NUMBER.get(name[:3].lower()) or _number(name)
        parts.append(month)
        units.append("M")
    if found.get("day"):
        parts.append(_number(found["day"]))
        units.append("D")
    bounds = {"Y": 2199, "M": 12, "D": 31}
    if any(not 1 <= p <= bounds[u] for p, u in zip(parts, units, strict=True)):
        return None
    return _figure(match, "-".join(units), *parts)


def _quarter(match: re.Match[str]) -> Figure:
    q = match["q"] or "1"
    quarter = _QUARTER_WORDS.get(q.lower()) or int(q)
    if match["year"]:
        return _figure(match, "Y-Q", _number(match["year"]), quarter)
    return _figure(match, "Q", quarter)


def _decade(match: re.Match[str]) -> Figure | None:
    found = match.groupdict()
    decade = _number(found["decade"])
    if found.get("century"):
        decade += 100 * (_number(found["century"]) - 1)
    elif decade < 100:
        # 90年代 and "the '90s" mean the twentieth century.
        decade += 1900
    return _figure(match, "decade", decade) if 1000 <= decade <= 2190 else None


def _century(match: re.Match[str]) -> Figure | None:
    word = match["n"].lower()
    n = ORDINALS.get(word) or _century_number(word)
    return _figure(match, "century", n) if 1 <= n <= 30 else None


def _century_number(word: str) -> int:
    if word.isascii():
        tens, _, ones = word.rpartition("-")
        if not word[0].isdigit():
            return WORDS.get(tens, 0) + ORDINALS.get(ones, 0)
        return int(re.sub(r"\D", "", word))
    return _number(word)


def _clock(match: re.Match[str]) -> Figure | None:
    found = match.groupdict()
    hour, half_day = _number(found["hour"]), (found.get("half") or "").lower()
    minute = 30 if found.get("minute") in ("半",) else _number(found.get("minute") or "0")
    if hour > 24 or minute > 59:
        return None
    unit = "h12"
    if half_day and hour <= 12:
        unit, hour = "h", _hour_of_24(hour, half_day)
    elif hour > 12 or hour == 0:
        unit = "h"
    return Figure(
        match.group(), *match.span(), "time", (Fraction(hour), Fraction(minute)), unit
    )  # fmt: skip


def _hour_of_24(hour: int, half_day: str) -> int:
    late = half_day.startswith("p") or half_day in (
        "下午", "傍晚", "晚上", "晚间", "晚間", "晚", "深夜", "夜间", "夜間", "noon"
    )  # fmt: skip
    if half_day == "中午":
        late = hour < 3
    if hour == 12:
        return 12 if half_day.startswith("p") or half_day in ("中午", "下午", "noon") else 0
    return hour + 12 if late else hour


_MERIDIEM = r"(?P<half>a\.m\.|p\.m\.|am\b|pm\b|a\.m|p\.m)"
_BEFORE_MONTH = (
    r"(?:(?<=\bin )|(?<=\bof )|(?<=\bby )|(?<=\bsince )|(?<=\buntil )|(?<=\bfrom )|(?<=\blast )"
    r"|(?<=\bnext )|(?<=\bthis )|(?<=\bearly )|(?<=\blate )|(?<=\bmid-)|(?<=\bbefore )"
    r"|(?<=\band )|(?<=\bto )|(?<=–)|(?<=\bafter )|(?<=\bduring )|(?<=\bthrough ))"
)

# In order: where two patterns match the same characters, the earlier one counts.
_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Figure | None]], ...] = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        (r"(?<![0-9/.-])(?P<year>[12][0-9]{3})([-/.])(?P<month>[01]?[0-9])\2(?P<day>[0-3]?[0-9])"
         r"(?![0-9/.-]*[0-9])", _calendar),
        (rf"(?<![0-9]){_YEAR_ZH} ?年 ?(?:的 ?)?(?:第 ?(?P<q>[1-4一二三四])|(?P<first>首)) ?季度?",
         _quarter),
        (r"(?P<year>)(?:第 ?(?P<q>[1-4一二三四])|(?P<first>首)) ?季度", _quarter),
        (rf"\bQ(?P<q>[1-4])(?: of|,)?(?: (?:fiscal |FY ?)?{_YEAR})?", _quarter),
        (r"\b(?P<q>(?i:first|second|third|fourth|1st|2nd|3rd|4th)) quarter(?: of)?"
         rf"(?: (?:fiscal )?{_YEAR})?", _quarter),
        (rf"(?<![0-9〇零一二三四五六七八九]){_YEAR_ZH} ?年 ?(?:的 ?)?{_MONTH_ZH} ?月份? ?{_DAY_ZH} ?[日号號]",
         _calendar),
        (rf"(?<![0-9〇零一二三四五六七八九]){_YEAR_ZH} ?年 ?(?:的 ?)?{_MONTH_ZH} ?月", _calendar),
        (rf"{_RELATIVE}(?<![0-9]){_MONTH_ZH} ?月份? ?{_DAY_ZH} ?[日号號]", _calendar),
        (rf"\b{_DAY} (?:of )?{_MONTH},? {_YEAR}", _calendar),
        (rf"\b{_MONTH} {_DAY},? {_YEAR}", _calendar),
        (rf"\b{_MONTH},? (?:of )?{_YEAR}", _calendar),
        (rf"\b{_MONTH} {_DAY}(?![,.]?[0-9]|(?: |-)(?:million|billion|percent|%))", _calendar),
        (rf"\b{_DAY} (?:of )?{_MONTH}(?![a-z])", _calendar),
        (r"\b(?P<month>January|February|April|June|July|August|September|October|November"
         r"|December)\b", _calendar),
        (rf"{_BEFORE_MONTH}(?P<month>March|May)\b", _calendar),
        (r"(?<![0-9])(?P<century>1[0-9]|2[01]|十[一二三四五六七八九]|二十一?) ?世[纪紀] ?"
         r"(?P<decade>[1-9]0|[一二三四五六七八九]十) ?年代", _decade),
        (r"(?<![0-9])(?P<decade>[12][0-9]{2}0|[1-9]0|[一二三四五六七八九]十) ?年代", _decade),
        (r"(?<![0-9])(?P<decade>[12][0-9]{2}0)['’]?s\b", _decade),
        (r"['’](?P<decade>[1-9]0)s\b", _decade),
        (r"(?<![0-9])(?P<n>[12]?[0-9]|二?十[一二三四五六七八九]?|[一二三四五六七八九]) ?世[纪紀]", _century),
        (r"(?i:\b(?P<n>[12]?[0-9](?:st|nd|rd|th)|twenty-first|[a-z]{5,11}th|first|second|third)"
         r"[ -]centur(?:y|ies)\b)", _century),
        (rf"(?<![0-9]){_YEAR_ZH} ?年(?!代|[级級龄齡历歷租])", _calendar),
        (r"(?<![0-9])(?P<year>[12][0-9]{3})(?= ?财年| ?財年| ?學年| ?学年)", _calendar),
        (rf"(?<![0-9〇零一二三四五六七八九十百千万萬.]){_RELATIVE}{_MONTH_ZH} ?月(?!球|亮|季|饼|餅|票|薪|租|台)",
         _calendar),
        (rf"(?<![0-9:.])(?P<hour>[0-2]?[0-9])(?:[:.](?P<minute>[0-5][0-9]))? ?{_MERIDIEM}", _clock),
        (rf"(?:(?P<half>{_HALF_DAY}) ?)?(?<![0-9:.])(?P<hour>[0-2]?[0-9]) ?(?:[时時]|[点點](?=[ 0-9一二三四五六七八九半]))"
         r" ?(?P<minute>[0-5]?[0-9](?= ?分)|半)(?: ?分)?(?![0-9])", _clock),
        (rf"(?P<half>{_HALF_DAY}) ?(?P<hour>[0-2]?[0-9]|十[一二]?|[一二两兩三四五六七八九]) ?[时時点點][钟鐘整]?(?P<minute>半)?",
         _clock),
        (r"(?<![0-9一二三四五六七八九十.])(?P<hour>[0-2]?[0-9]|二?十[一二三四]?|[一二两兩三四五六七八九]) ?"
         r"(?:[时時](?![代候期间間区區差光空尚装裝常分速而刻])|[点點](?=[钟鐘整多半]| ?左右| ?[前后後许許刚過过]))[钟鐘整]?"
         r"(?P<minute>半)?", _clock),
        (rf"(?:(?P<half>{_HALF_DAY}) ?)?(?<![0-9:.])(?P<hour>[0-2]?[0-9])[:：](?P<minute>[0-5][0-9])(?![0-9:])",
         _clock),
        (rf"(?<![0-9月第一二三四五六七八九十百千万萬年.])(?!一 ?日){_DAY_ZH} ?日(?![本元内內间間圆圓語语常均报報子系軍军程用期])",
         _calendar),
    )
)  # fmt: skip


def find_dates(text: str) -> Iterator[Figure]:
    """Every date and time of `text`, pattern by pattern; they may overlap."""
    for pattern, read in _PATTERNS:
        for match in pattern.finditer(text):
            figure = read(match)
            if figure is not None:
                yield figure
