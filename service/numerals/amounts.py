"""Numbers with what they count: amounts of money, percentages, measures, fractions, ordinals."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from service.numerals.figure import Bound, Figure, Kind
from service.numerals.units import (
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
from service.numerals.values import (
    LONGEST,
    ORDINALS,
    SCALES,
    WORDS,
    arabic,
    chinese,
    english,
    scale_zh,
)

_HAN = "〇零一二三四五六七八九十百千万萬亿億兆两兩廿卅"
_ARABIC = r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?(?![0-9])|[0-9]+(?:\.[0-9]+)?"
_WORD = "|".join(sorted(WORDS, key=len, reverse=True))
_SCALE_WORD = "hundred|thousand|million|billion|trillion|dozen"
_NUMERAL = re.compile(
    rf"(?P<arabic>{_ARABIC})"
    r"|(?P<formal>[壹贰貳叁叄肆伍陆陸柒捌玖][拾佰仟][壹贰貳叁叄肆伍陆陸柒捌玖拾佰仟零万萬亿億]*)"
    rf"|(?P<han>[{_HAN}]+(?:[点點][〇零一二三四五六七八九]+)?)"
    rf"|(?<![A-Za-z])(?P<words>(?:half an? (?:{_SCALE_WORD})|an? (?:{_SCALE_WORD})|{_WORD})"
    rf"(?:(?:[ -]|(?<=hundred) and |(?<=thousand) and )(?:{_WORD}|{_SCALE_WORD}))*"
    r"(?: and a half)?)(?![A-Za-z])",
    re.IGNORECASE,
)
_SCALE_ZH = re.compile(
    r" ?(?P<low>[十百千])?(?P<over>[多余餘來来])?(?P<high>[百千]?[万萬亿億兆]{1,2})?(?P<after>[多余餘])?"
)
_NEXT_TERM = re.compile(
    r" ?(?P<n>[0-9]{1,4}(?:,[0-9]{3})*)(?![0-9.,])(?P<scale>[百千]?[万萬亿億])?"
)
_SCALE_EN = re.compile(
    r"(?:[ -]?(?P<word>hundred|thousand|million|billion|trillion|dozen)|(?: ?(?P<short>bn|tn|mn)"
    r"|(?P<letter>[kKmMbB])))(?![A-Za-z])",
    re.IGNORECASE,
)
_PERCENT = re.compile(
    r" ?(?:(?P<pp>percentage points?|个百分点|個百分點|百分点|百分點)|%|[ -]?per ?cent(?![a-z])|[ -]?percent(?![a-z]))",
    re.IGNORECASE,
)
_DECADES = re.compile(r"[ -]decades?(?![a-z])")
_TENTHS = re.compile(
    r"(?<![〇零一二三四五六七八九十百千0-9])(?P<n>[一二两兩三四五六七八九])成(?P<more>[一二三四五六七八九半])?"
    r"(?![为為员員立功了都果就本長长分绩績交熟人名份])"
)
_CONNECT = re.compile(
    r" ?(?:[-–—~～至到]|to |and ) ?(?=[0-9〇零一二三四五六七八九十百千两兩$€£¥UHNa-z])"
)
_MORE = re.compile(
    r"(?:逾|超過|超过|超出|多[于於达達]|不少[于於]|不下|不止|高[于於]|至少|起码|突破|以上"
    r"|more than|over|at least|above|exceed(?:s|ed|ing)?|upwards? of|greater than) ?\Z",
    re.IGNORECASE,
)
_LESS = re.compile(
    r"(?:不到|不足|少[于於]|低[于於]|至多|不超[過过]|less than|fewer than|under|below|up to) ?\Z",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"(?:大?[约約]|接近|将近|將近|近|估[计計]|about|around|roughly|approximately|some|nearly|almost|an estimated) ?\Z",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r" ?(?:(?P<more>多|以上|or more|or higher|plus|\+)|(?P<less>以下|以内|以內)|(?P<about>左右|上下|or so))"
)
_VAGUE_BEFORE = re.compile(r"[數数几幾好若多]\Z")
_VAGUE_AFTER = re.compile(r"[几幾數数]")

# Words of one or more numerals that are no quantity.
_IDIOMS = re.compile(
    r"十分(?![钟鐘之])|万一|萬一|千万(?=[别別不要])|千萬(?=[別不要])|一[些定般直样樣切旦起向律贯貫再致度味举舉带帶面边邊心次性]"
    r"|四川|四面八方|四处|四處|三星|三峡|三峽|三亚|三亞|三明|三門|三门|九龙|九龍|九江|五角大[楼樓]|六[小四]|百度|百姓|百货|百貨|百合|千问|千問"
    r"|万科|萬科|万达|萬達|万里|萬里|万岁|萬歲|万能|萬能|万物|萬物|万分|萬分|十堰|两岸|兩岸|两会|兩會|两国|兩國"
    r"|二手|二战|二戰|一战|一戰|二维|三[维維]|三国|三國|七夕|八卦|五四|六四|九一八|九一一|双十一|雙十一|十一[黄黃]|五一|十一届|千禧|百万富翁|百萬富翁"
    r"|亿万富|億萬富|七十二变|统一|統一|唯一|之一|不一|专一|單一|单一|万众|萬眾|千方百|百[感家花]|一[哥姐]|八达|八達|五[脏臟金官]|三[农農包维]|四[季周]|十字"
)
_UNIT_NEEDED = set("一二三四五六七八九十百千万萬亿億兆两兩零〇")
_COUNTED = re.compile(
    r" ?[个個名位人次场場家部台臺辆輛架艘枚颗顆件项項条條张張座所间間户戶岁歲年天周週倍款种種届屆轮輪期份套支只隻头頭匹株棵本篇起宗例票席分米吨噸"
    r"克升元块塊角度成公英平立海光万萬亿億小秒星点點步层層级級等班组組队隊代批对對双雙口段节節类類门門字号號路线線国國州省市县縣区區村大者多余餘后後时時月日]"
)
_NAME_BEFORE = re.compile(r"(?<![A-Za-z])(?P<word>[A-Za-z][A-Za-z0-9.]*) \Z")
# 伊尔-76 is an aircraft.
_MODEL = re.compile(r"[\u4e00-\u9fff][-‑–]\Z")
_LATIN = re.compile(r"[A-Za-z]")
# 6x6 cm, 36×24 mm
_TIMES = re.compile(r"[0-9][xX×](?=[0-9])")
_NOT_A_NAME = set(
    "category article chapter section figure page question number no group grade level phase stage"
    " line route type part act table step class room day week rule clause tier paragraph item"
    " version"
    " in on at by over about some only nearly around since after before from to until and but the"
    " between more than least under just roughly approximately almost when while as with for of or"
    " all another its their his her our these those with within through during per usd rmb cny hk"
    " eur gbp total january february march april may june july august september october november"
    " december".split()
)
_ORDINAL = re.compile(
    r"(?<![A-Za-z0-9.])(?<![0-9][ -])(?:(?P<n>[0-9]{1,4})(?:st|nd|rd|th)(?![A-Za-z])|(?:(?P<tens>twenty|thirty|forty|fifty|sixty|seventy"
    rf"|eighty|ninety)-)?(?P<word>{'|'.join(ORDINALS)})(?![A-Za-z-]| quarter| half))",
    re.IGNORECASE,
)
_ORDINAL_ZH = re.compile(
    rf"第 ?(?P<n>[0-9]{{1,4}}(?![0-9])|[{_HAN}]+)|(?<![0-9])(?P<no>[0-9]{{1,4}}|[二三]?十[一二三四五六七八九]?)[号號]"
)
_FRACTION_ZH = re.compile(
    rf"(?P<below>[0-9]+|[{_HAN}]+)分之(?P<above>[0-9]+(?:\.[0-9]+)?|[{_HAN}]+(?:[点點][{_HAN}]+)?)"
)
_HALF_ZH = re.compile(r"一半(?!是)|[半过過]半[数數]?(?=[的人民议議选選])|半数|半數")
_FRACTION_EN = re.compile(
    r"(?<![A-Za-z])(?!(?<=and )a half)(?P<above>an?|one|two|three|four|[1-9])[ -]"
    r"(?P<below>third|quarter|fifth|sixth|seventh|eighth|ninth|tenth|half)s?(?![A-Za-z])"
    r"|(?<![A-Za-z-])(?P<half>half)(?= (?:of|the|its|their|his|her|all) )",
    re.IGNORECASE,
)  # fmt: skip
_BELOW = {"half": 2, "quarter": 4}


@dataclass(frozen=True, slots=True)
class _Number:
    """A numeral with its scale read: 14.3 billion has the scale 10**9."""

    value: Fraction
    start: int
    end: int
    spelled: bool
    scale: int = 1
    more: bool = False


@dataclass(frozen=True, slots=True)
class _Counted:
    """What a number counts, and where its spelling ends."""

    kind: Kind
    unit: str | None
    end: int
    factor: int = 1


def find_fractions(text: str) -> Iterator[Figure]:
    """百分之四, 三分之一, one third, half of, 三成."""
    for m in _FRACTION_ZH.finditer(text):
        below, above = _numeral_zh(m["below"]), _numeral_zh(m["above"])
        if not below or above is None:
            continue
        if m["below"] in ("百", "千", "万", "萬", "100"):
            yield _found(m, "percent", above * 100 / below, "%")
        else:
            spelled = not m["below"].isascii()
            yield _found(m, "fraction", above / below, None, spelled)
    for m in _TENTHS.finditer(text):
        tens, ones = _numeral_zh(m["n"]) or Fraction(0), m["more"] or "〇"
        part = Fraction(5) if ones == "半" else _numeral_zh(ones) or Fraction(0)
        yield _found(m, "percent", 10 * tens + part, "%", True)
    for m in _HALF_ZH.finditer(text):
        yield _found(m, "fraction", Fraction(1, 2), None, True)
    for m in _FRACTION_EN.finditer(text):
        word = (m["above"] or "1").lower()
        above = Fraction(word) if word.isdigit() else Fraction(WORDS.get(word, 1))
        half = (m["below"] or "half").lower()
        value = above / (_BELOW.get(half) or ORDINALS[half])
        yield _found(m, "fraction", value, None, not word.isdigit())


def find_ordinals(text: str) -> Iterator[Figure]:
    """第13, 13號, the 13th, twenty-first."""
    for m in _ORDINAL.finditer(text):
        value = int(m["n"]) if m["n"] else WORDS.get((m["tens"] or "").lower(), 0)
        value += 0 if m["n"] else ORDINALS[m["word"].lower()]
        yield _found(m, "ordinal", Fraction(value), None, not m["n"])
    for m in _ORDINAL_ZH.finditer(text):
        numeral = m["n"] or m["no"]
        number = _numeral_zh(numeral)
        if number:
            yield _found(m, "ordinal", number, None, not numeral.isascii())


def _found(
    m: re.Match[str], kind: Kind, value: Fraction, unit: str | None = None, spelled: bool = False
) -> Figure:
    return Figure(m.group(), *m.span(), kind, (value,), unit, "", spelled)


def _numeral_zh(numeral: str) -> Fraction | None:
    if numeral in ("百", "千", "万", "萬"):
        return Fraction(scale_zh(numeral))
    return arabic(numeral) if numeral.isascii() else chinese(numeral)


def idioms(text: str) -> Iterator[tuple[int, int]]:
    """The spans of words that hold a numeral and state no number (十分, 萬一, 五角大樓)."""
    for m in _IDIOMS.finditer(text):
        before = text[m.start() - 1 : m.start()]
        if not before or before not in _HAN + "0123456789第":
            yield m.span()


def find_amounts(text: str, taken: bytearray, local_money: str | None) -> Iterator[Figure]:
    """Numbers outside of the spans that are `taken`.

    `local_money` is the currency that a bare 元 means, or None where that can't be told.
    """
    position = 0
    for m in _NUMERAL.finditer(text):
        start, end = m.span()
        if start < position or any(taken[start:end]):
            continue
        figure = _amount(text, m, local_money)
        if figure is not None and not any(taken[figure.start : figure.end]):
            position = figure.end
            yield figure


def _amount(text: str, m: re.Match[str], local_money: str | None) -> Figure | None:
    sign = SIGN_BEFORE.search(text, max(0, m.start() - 5), m.start())
    number = _number(text, m, sign is not None)
    if number is None:
        return None
    counted = _counted(text, number.end, local_money)
    if sign is not None:
        code = MONEY_BY_SPELLING.get(sign.group(1).lower(), local_money)
        counted = _Counted("money", code, counted.end if counted.kind == "money" else number.end)
    elif not _is_quantity(text, number, counted):
        return None
    second = _range_end(text, number, counted, local_money)
    start = sign.start() if sign else number.start
    values = (number.value,)
    if second is not None:
        number, low, counted = second
        values = (low, number.value)
    kind, unit, end = counted.kind, counted.unit, counted.end
    values = tuple(value * counted.factor for value in values)
    values, end = _and_a_half(text, values, kind, end)
    bound: Bound = "more" if number.more else ""
    if not bound:
        bound, end = _bound(text, start, end)
    if kind == "number" and _is_year(text, m, number, values):
        kind, unit = "date", "Y"
    return Figure(text[start:end], start, end, kind, values, unit, bound, number.spelled)


def _number(text: str, m: re.Match[str], has_sign: bool) -> _Number | None:
    """Read the numeral at `m` with the scale that follows it; None for what is no number."""
    start, end = m.span()
    if m["arabic"] is not None:
        return None if _part_of_an_id(text, m) else _arabic(text, m, has_sign)
    if m["words"] is not None:
        value = english(m["words"])
        return None if value is None else _scaled_en(text, _Number(value, start, end, True), False)
    if _VAGUE_BEFORE.search(text, max(0, start - 1), start) or _VAGUE_AFTER.match(text, end):
        return None
    if text[start - 1 : start] in ("期", "周", "週", "拜", "第") and start > 0:
        return None
    value = chinese(m.group())
    return None if value is None else _scaled_zh(text, _Number(value, start, end, True))


def _arabic(text: str, m: re.Match[str], has_sign: bool) -> _Number | None:
    value = arabic(m["arabic"])
    if value is None:
        return None
    number = _Number(value, m.start(), m.end(), False)
    unit = UNIT_ZH.match(text, m.end())
    if unit is not None and unit.group(1)[0] in "千兆百":
        return number
    scaled = _scaled_en(text, number, has_sign)
    return scaled if scaled is not number else _scaled_zh(text, number)


def _part_of_an_id(text: str, m: re.Match[str]) -> bool:
    """GPT-5, A320, v1.2.3, 10.0.0.1, 007, +86…: digits that are a piece of something longer."""
    if m["arabic"][0] == "0" and m["arabic"][1:2].isdigit():
        return True
    before, after = text[max(0, m.start() - 2) : m.start()], text[m.end() : m.end() + 2]
    if _TIMES.match(text, max(0, m.start() - 2)):
        return False
    if before and (_LATIN.match(before[-1]) or before[-1] in "_@#+/"):
        # US$ and RMB stand before a number without being part of it.
        return SIGN_BEFORE.search(text, max(0, m.start() - 5), m.start()) is None
    if len(before) == 2 and before[1] in "-.:‑" and (before[0].isascii() and before[0].isalnum()):
        return not (before[1] == "-" and before[0].isdigit())
    return len(after) == 2 and after[0] in ".:/_" and after[1].isascii() and after[1].isalnum()


def _scaled_en(text: str, number: _Number, has_sign: bool) -> _Number:
    m = _SCALE_EN.match(text, number.end)
    if m is None or (m["letter"] and not has_sign):
        return number
    word = (m["word"] or m["short"] or m["letter"]).lower()
    if word == "dozen" and number.value >= 100:
        return number
    scale = SCALES[word]
    return replace(number, value=number.value * scale, end=m.end(), scale=scale)


def _scaled_zh(text: str, number: _Number) -> _Number | None:
    m = _SCALE_ZH.match(text, number.end)
    if m is None or not m.group().strip():
        return number
    if _VAGUE_AFTER.match(text, m.end()):
        return None
    scale = scale_zh((m["low"] or "") + (m["high"] or ""))
    more = bool(m["over"] or m["after"])
    value, end = number.value * scale, m.end()
    for _ in range(2):
        term = _NEXT_TERM.match(text, end) if m["high"] and not more else None
        part = arabic(term["n"]) if term else None
        if term is None or part is None:
            break
        part *= scale_zh(term["scale"] or "")
        if part >= scale or (term.group()[0] == " " and not term["scale"]):
            break
        value, end = value + part, term.end()
        scale = scale_zh(term["scale"] or "")
    return replace(number, value=value, end=end, scale=max(scale, 1), more=more)


def _counted(text: str, at: int, local_money: str | None) -> _Counted:
    """What the number that ends at `at` counts."""
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


def _is_quantity(text: str, number: _Number, counted: _Counted) -> bool:
    if number.spelled:
        return _spelled_quantity(text, number, counted)
    if counted.kind != "number" or number.scale > 1 or number.more:
        return True
    if _LATIN.match(text, number.end) and not _TIMES.match(text, number.end - 1):
        return False
    if _MODEL.search(text, max(0, number.start - 2), number.start):
        return False
    if _COUNTED.match(text, number.end):
        return True
    name = _NAME_BEFORE.search(text, max(0, number.start - 24), number.start)
    return not (
        name
        and number.value < 1000
        and name["word"].lower().rstrip(".") not in _NOT_A_NAME
        and any(c.isupper() for c in name["word"])
    )


def _spelled_quantity(text: str, number: _Number, counted: _Counted) -> bool:
    """Words that count: 三家, twenty-five. Not 一 or one, which are mostly articles."""
    if counted.kind in ("percent", "money"):
        return True
    if number.value == 1 and number.scale == 1:
        return False
    if text[number.start].isascii() or counted.kind == "measure":
        return True
    long = number.value >= 10**4 or number.end - number.start >= 3
    return long or _COUNTED.match(text, number.end) is not None


def _range_end(
    text: str, number: _Number, counted: _Counted, local_money: str | None
) -> tuple[_Number, Fraction, _Counted] | None:
    """The upper end of a range that starts with `number`: it, the lower value, what it counts."""
    connect = _CONNECT.match(text, counted.end)
    if connect is None:
        return None
    at = connect.end()
    sign = SIGN.match(text, at)
    at = sign.end() if sign else at
    m = _NUMERAL.match(text, at)
    upper = _number(text, m, sign is not None) if m else None
    if (
        upper is None
        or "and" in connect.group()
        and "between" not in text[max(0, number.start - 30) : number.start].lower()
    ):
        return None
    last = _counted(text, upper.end, local_money)
    if sign is not None:
        code = MONEY_BY_SPELLING.get(sign.group(1).lower(), local_money)
        last = _Counted("money", code, last.end if last.kind == "money" else upper.end)
    low = number.value
    if number.scale == 1 and upper.scale > 1 and low * upper.scale < upper.value:
        low *= upper.scale
    same = counted.kind == "number" or (last.kind, last.unit) == (counted.kind, counted.unit)
    if not same or low >= upper.value or (last.kind == "number" and number.spelled):
        return None
    return upper, low, last


def _and_a_half(
    text: str, values: tuple[Fraction, ...], kind: Kind, end: int
) -> tuple[tuple[Fraction, ...], int]:
    """三年半 is three years and a half."""
    if (
        kind == "measure"
        and text[end : end + 1] == "半"
        and text[end + 1 : end + 2] not in "数數夜"
    ):
        return (*values[:-1], values[-1] + Fraction(1, 2)), end + 1
    return values, end


def _bound(text: str, start: int, end: int) -> tuple[Bound, int]:
    before = max(0, start - 16)
    after = _AFTER.match(text, end)
    if _LESS.search(text, before, start) or (after and after["less"]):
        bound: Bound = "less"
    elif _MORE.search(text, before, start) or (after and after["more"]):
        bound = "more"
    elif _ABOUT.search(text, before, start) or (after and after["about"]):
        bound = "about"
    else:
        return "", end
    return bound, after.end() if after else end


def _is_year(text: str, m: re.Match[str], number: _Number, values: tuple[Fraction, ...]) -> bool:
    digits = m["arabic"] or ""
    if len(values) > 1 or len(digits) != 4 or number.scale > 1 or not digits.isdigit():
        return False
    return 1700 <= number.value <= 2100 and _COUNTED.match(text, number.end) is None
