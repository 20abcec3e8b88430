"""Dates of other eras and calendars: 民國113年, 令和6年, 公元前141年, 农历八月十五, 24年一季度.

What can be converted is; what can't (a lunar month, a year in two digits) is read as uncertain, so
that nobody takes it for a length of time or for a Gregorian month.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

from service.facts.numerals.figure import Figure
from service.facts.numerals.openings import Openings
from service.facts.numerals.values import chinese
from service.facts.numerals.wording import NUMERALS_ZH

_FIRST_YEARS = {"民国": 1912, "民國": 1912, "中華民國": 1912, "中华民国": 1912, "令和": 2019,
                "平成": 1989, "昭和": 1926, "大正": 1912, "明治": 1868, "慶応": 1865}  # fmt: skip
# Eras whose years differ from ours by what few readers know; their years are left out.
_REIGNS = (
    "洪武|建文|永乐|永樂|宣德|正统|正統|景泰|天顺|天順|成化|弘治|正德|嘉靖|隆庆|隆慶|万历|萬曆|天启|天啟|崇祯|崇禎"
    "|顺治|順治|康熙|雍正|乾隆|嘉庆|嘉慶|道光|咸丰|咸豐|同治|光绪|光緒|宣统|宣統|贞观|貞觀|开元|開元|天宝|天寶"
    "|建安|元狩|元鼎|太平兴国|景德|庆历|慶曆|熙宁|熙寧|元丰|元豐|靖康|绍兴|紹興|至元|至正"
    "|佛[历曆]|回[历曆]|伊斯[兰蘭][历曆]|伊[历曆]|[黄黃]帝[纪紀]元|檀[纪紀]|皇[纪紀]|主[体體]|希伯[来來][历曆]"
)
_NUMBER = rf"(?:[0-9]{{1,4}}|元|[{NUMERALS_ZH}]{{1,5}})"
_REST_ZH = (
    "(?: ?(?P<month>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九]) ?月"
    "(?: ?(?P<day>[0-3]?[0-9]|[二三]?十[一二三四五六七八九]?|[一二三四五六七八九]) ?[日号號])?)?"
)
_ERA = re.compile(rf"(?P<era>{'|'.join(_FIRST_YEARS)}) ?(?P<year>{_NUMBER}) ?年{_REST_ZH}")
_REIGN = re.compile(rf"(?:{_REIGNS}) ?(?P<year>{_NUMBER}) ?年")
_BEFORE_CHRIST_ZH = re.compile(rf"(?:公元|西元)?前 ?(?P<n>{_NUMBER}) ?(?P<what>年(?!代)|世[纪紀])")
_OUR_ERA_ZH = re.compile(rf"(?:公元|西元) ?(?P<n>{_NUMBER}) ?(?P<what>年(?!代)|世[纪紀])")
_CENTURY_EN = (
    "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|[0-9]{1,2}(?:st|nd|rd|th)"
)
_CHRIST_EN = re.compile(
    r"(?<![A-Za-z0-9.,$€£])(?:(?P<ad>AD|A\.D\.) ?(?P<first>[0-9]{1,4})"
    rf"|(?P<n>[0-9]{{1,4}}) (?P<era>BCE?|B\.C\.(?:E\.)?|AD|A\.D\.|CE)"
    rf"|(?P<century>{_CENTURY_EN})[ -]century (?P<century_era>BCE?|B\.C\.(?:E\.)?|AD|A\.D\.|CE))"
    "(?![A-Za-z0-9])"
)
# Without a Gregorian equal that could be told: the eighth month of the lunar calendar.
_LUNAR_MONTH = "(?:[0-9]{1,2}|[闰閏]?(?:十[一二]?|[一二三四五六七八九正冬腊臘])) ?月"
_LUNAR_DAY = (
    "(?:初[一二三四五六七八九十]|[0-9]{1,2}[日号號]?|[廿二三]?十[一二三四五六七八九]?[日号號]?"
    "|廿[一二三四五六七八九]?)"
)
_LUNAR_YEAR = "(?:[今去明前后後本][年岁歲]|每年|[0-9〇零一二三四五六七八九]{4}年)"
_LUNAR = re.compile(
    rf"(?:[农農阴陰旧舊夏][历曆]){_LUNAR_YEAR}?的?[^，。；0-9一二三四五六七八九十]{{0,4}}?"
    rf"(?:{_LUNAR_MONTH}(?: ?{_LUNAR_DAY})?|{_LUNAR_DAY})"
    "|[正腊臘冬]月(?:初[一二三四五六七八九十]|[廿二三]?十[一二三四五六七八九]?|廿[一二三四五六七八九])?"
    "|[闰閏][一二三四五六七八九十]{1,2}月"
    "|(?:十[一二]?|[一二三四五六七八九])月"
    "(?:初[一二三四五六七八九十]|廿[一二三四五六七八九]?(?![一二三四五六七八九日号號]))"
    "|[五七八十]月十五(?![日号號至到、多余餘名个個家天人])"
)
# 24年 with a quarter, a month or a season behind it is a year of an unnamed century.
_SHORT_YEAR = re.compile(
    rf"(?<![0-9.,第{NUMERALS_ZH}])(?P<year>[0-9]{{2,3}}) ?年(?P<rest>度|全年|年?[初底末]|[春夏秋冬]"
    "|[上下]半年|同期|版|款|[届屆]|的?第?[一二三四1-4]季度?|Q[1-4]"
    "|(?:1[0-2]|0?[1-9])月(?:[0-3]?[0-9][日号號])?)"
)
_ZERO_YEAR = re.compile("(?<![0-9.,])(?P<year>0[0-9]) ?年")
# People born in the nineties are 90后, those born after 1995 are 95后.
_GENERATION = re.compile(
    "(?<![0-9.,:：比第])(?P<year>[5-9][05]|[01]0) ?[后後](?![卫衛半来來面期天年续續排备備勤台])"
)
_PARTS = re.compile(
    "(?P<quarter>[一二三四1-4])季|Q(?P<q>[1-4])"
    "|(?P<month>[0-9]{1,2})月(?:(?P<day>[0-9]{1,2})[日号號])?"
)

_Read = Callable[[re.Match[str]], Figure | None]


def find_eras(openings: Openings) -> Iterator[Figure]:
    """Dates of other eras and calendars, and years without their century."""
    text = openings.text
    for needs, pattern, read in _PATTERNS:
        if needs.search(text):
            for match in pattern.finditer(text):
                figure = read(match)
                if figure is not None:
                    yield figure


def _number(numeral: str) -> int:
    if numeral == "元":
        return 1
    return int(numeral) if numeral.isascii() else int(chinese(numeral) or 0)


def _date(match: re.Match[str], unit: str, *parts: int, certain: bool = True) -> Figure:
    values = tuple(Fraction(part) for part in parts)
    return Figure(match.group(), *match.span(), "date", values, unit, certain=certain)


def _uncertain(match: re.Match[str], *values: int) -> Figure:
    numbers = tuple(Fraction(value) for value in values) or (Fraction(0),)
    return Figure(match.group(), *match.span(), "number", numbers, certain=False)


def _era(match: re.Match[str]) -> Figure | None:
    year = _number(match["year"])
    if not 0 < year < 200:
        return None
    parts, unit = [_FIRST_YEARS[match["era"]] + year - 1], "Y"
    for name, letter in (("month", "M"), ("day", "D")):
        if match[name]:
            parts.append(_number(match[name]))
            unit += f"-{letter}"
    return _date(match, unit, *parts)


def _reign(match: re.Match[str]) -> Figure:
    return _uncertain(match, _number(match["year"]))


def _before_christ(match: re.Match[str]) -> Figure | None:
    n = _number(match["n"])
    if n == 0 or (not match.group().startswith(("公元", "西元")) and not _is_bare_year(match, n)):
        return None
    return _date(match, "Y" if match["what"].startswith("年") else "century", -n)


def _is_bare_year(match: re.Match[str], n: int) -> bool:
    """前221年, but not the first three years of 前3年 nor the last 5 of 之前5年."""
    before = match.string[match.start() - 1 : match.start()]
    return 100 <= n <= 9999 and before not in tuple("之以从從此目年天月日")


def _our_era(match: re.Match[str]) -> Figure | None:
    n = _number(match["n"])
    return _date(match, "Y" if match["what"] == "年" else "century", n) if n else None


def _christ(match: re.Match[str]) -> Figure | None:
    if match["century"]:
        word = match["century"].lower()
        n = int(re.sub(r"\D", "", word) or 0) or _CENTURY_WORDS.index(word) + 1
        return _date(match, "century", -n if match["century_era"].startswith("B") else n)
    n = int(match["first"] or match["n"])
    era = match["ad"] or match["era"]
    return _date(match, "Y", -n if era.startswith("B") else n) if n else None


_CENTURY_WORDS = _CENTURY_EN.split("|")[:10]


def _lunar(match: re.Match[str]) -> Figure | None:
    numerals = re.findall(rf"[0-9]+|[{NUMERALS_ZH}]+", match.group())
    values = [_number(numeral) for numeral in numerals]
    return _uncertain(match, *(value for value in values if value))


def _short_year(match: re.Match[str]) -> Figure | None:
    """Q1 2024 for 24年一季度, and 2024 for 113年5月, but never for certain."""
    year = int(match["year"])
    century = 1911 if year >= 100 else (2000 if year < 50 else 1900)
    parts, units = [century + year], "Y"
    found = _PARTS.search(match["rest"]) if "rest" in match.groupdict() else None
    for name, unit in (("quarter", "Q"), ("q", "Q"), ("month", "M"), ("day", "D")):
        if found is not None and found[name]:
            parts.append(_number(found[name]))
            units += f"-{unit}"
    date = _date(match, units, *parts, certain=False)
    return date if len(parts) > 1 else replace(date, also=(Fraction(year),))


def _generation(match: re.Match[str]) -> Figure:
    short = int(match["year"])
    year = short + (2000 if short < 50 else 1900)
    date = _date(match, "decade" if short % 10 == 0 else "Y", year, certain=False)
    return replace(date, also=(Fraction(short),))


_PATTERNS: tuple[tuple[re.Pattern[str], re.Pattern[str], _Read], ...] = (
    (re.compile("[民令平昭大明慶]"), _ERA, _era),
    (re.compile("年"), _REIGN, _reign),
    (re.compile("前"), _BEFORE_CHRIST_ZH, _before_christ),
    (re.compile("[公西]元"), _OUR_ERA_ZH, _our_era),
    (re.compile("BC|B\\.C|AD|A\\.D|CE"), _CHRIST_EN, _christ),
    (re.compile("月|[历曆]"), _LUNAR, _lunar),
    (re.compile("[0-9]{2} ?年"), _SHORT_YEAR, _short_year),
    (re.compile("0[0-9] ?年"), _ZERO_YEAR, _short_year),
    (re.compile("[05] ?[后後]"), _GENERATION, _generation),
)
