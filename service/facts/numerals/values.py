"""The value of a numeral: 三千五百, 2億5000萬, twenty-five, half a million."""

import re
from fractions import Fraction

_FORMAL = str.maketrans(
    "壹贰貳弐叁叄參肆伍陆陸柒捌玖拾佰仟兩两○萬億", "一二二二三三三四五六六七八九十百千二二〇万亿"
)
_DIGITS = {c: n for n, c in enumerate("〇一二三四五六七八九")} | {"零": 0}
_SMALL = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10**4, "亿": 10**8, "兆": 10**12}
_GROUPING = re.compile("[,'’ ]")
_TENS = {"廿": "二十", "卅": "三十"}

# Longer digits, or so many without a comma, are serial numbers.
LONGEST = 15
_LONGEST_UNGROUPED = 12

WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
SCALES = {
    "dozen": 12, "hundred": 100, "thousand": 10**3, "k": 10**3, "million": 10**6, "mn": 10**6,
    "m": 10**6, "billion": 10**9, "bn": 10**9, "b": 10**9, "trillion": 10**12, "tn": 10**12,
    "lakh": 10**5, "crore": 10**7,
}  # fmt: skip
ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
    "eighth": 8, "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13,
    "fourteenth": 14, "fifteenth": 15, "sixteenth": 16, "seventeenth": 17, "eighteenth": 18,
    "nineteenth": 19, "twentieth": 20, "thirtieth": 30, "fortieth": 40, "fiftieth": 50,
    "sixtieth": 60, "seventieth": 70, "eightieth": 80, "ninetieth": 90, "hundredth": 100,
}  # fmt: skip


def arabic(numeral: str) -> Fraction | None:
    """The value of `1,600.5`, `1 600` or `.5`; None where it has more digits than a figure has."""
    plain = _GROUPING.sub("", numeral)
    whole = plain.partition(".")[0] or "0"
    longest = LONGEST if plain != numeral else _LONGEST_UNGROUPED
    if len(whole) > longest or len(plain) > 2 * LONGEST:
        return None
    return Fraction(int(plain) if plain.isdecimal() else plain)


def scale_zh(characters: str) -> int:
    """万 -> 10**4, 万亿 -> 10**12, 千万 -> 10**7; an empty string is 1."""
    scale = 1
    for c in characters.translate(_FORMAL):
        scale *= _SMALL.get(c) or _LARGE[c]
    return scale


def chinese(numeral: str) -> Fraction | None:
    """The value of a Chinese numeral, or None where the characters make none (三四十, 五六)."""
    whole, dot, decimals = numeral.translate(_FORMAL).replace("點", "点").partition("点")
    value = _whole(whole)
    if value is None or not dot:
        return None if value is None else Fraction(value)
    digits = "".join(str(_DIGITS[c]) for c in decimals if c in _DIGITS)
    if not digits or len(digits) != len(decimals):
        return None
    return value + Fraction(int(digits), 10 ** len(digits))


_ROUGH = re.compile(
    "(?P<before>[一二三四五六七八九十百千]*)(?P<low>[一二三四五六七八九])(?P<high>[二三四五六七八九])"
    "(?P<scale>[十百千]?[万亿兆]{0,2})"
)


def rough_chinese(numeral: str) -> tuple[Fraction, Fraction] | None:
    """Both ends of 七八十 (70, 80), 十七八 (17, 18) and 三四万; None for other numerals."""
    found = _ROUGH.fullmatch(numeral.translate(_FORMAL))
    if found is None or int(_DIGITS[found["high"]]) != int(_DIGITS[found["low"]]) + 1:
        return None
    if found["before"] and found["before"][-1] not in _SMALL:
        return None
    ends = [chinese(found["before"] + found[end] + found["scale"]) for end in ("low", "high")]
    low, high = ends
    return None if low is None or high is None else (low, high)


def _whole(numeral: str) -> int | None:
    for short, full in _TENS.items():
        numeral = numeral.replace(short, full)
    if not 0 < len(numeral) <= 2 * LONGEST:
        return None
    if all(c in _DIGITS for c in numeral):
        # 二〇二五 is read digit by digit; 五六 means "five or six".
        enough = len(numeral) == 1 or len(numeral) >= 3
        return int("".join(str(_DIGITS[c]) for c in numeral)) if enough else None
    return _sections(numeral)


def _sections(numeral: str) -> int | None:
    """Sum the sections that 万, 亿 and 兆 close: 三千五百万 is (3000 + 500) * 10**4."""
    total = section = 0
    pending: int | None = None
    last = 10**4
    for c in numeral:
        if c in _LARGE:
            total = _close(total, section + (pending or 0), _LARGE[c])
            if total == 0:
                return None
            section, pending, last = 0, None, 10**4
        elif c in _SMALL:
            if _SMALL[c] >= last or (pending is None and c != "十"):
                return None
            section += (1 if pending is None else pending) * _SMALL[c]
            pending, last = None, _SMALL[c]
        elif _DIGITS[c] == 0:
            continue
        elif pending is not None:
            return None
        else:
            pending = _DIGITS[c]
    return total + section + _rest(pending, numeral)


def _close(total: int, section: int, scale: int) -> int:
    """万亿 multiplies what stands before it; 亿…万 adds to it; 三万五千亿 multiplies both."""
    if section == 0:
        return total * scale
    return (total + section) * scale if total < scale else total + section * scale


def _rest(pending: int | None, numeral: str) -> int:
    """The last digit: 5 in 二十五, but 500 in 三千五 and 5000 in 三万五."""
    if pending is None:
        return 0
    before = numeral[-2] if len(numeral) > 1 else ""
    if before in _LARGE:
        return pending * _LARGE[before] // 10
    return pending * (_SMALL.get(before, 10) // 10)


_PARTS = {"half": Fraction(1, 2), "quarter": Fraction(1, 4), "third": Fraction(1, 3),
          "fifth": Fraction(1, 5), "tenth": Fraction(1, 10)}  # fmt: skip


def english(words: str) -> Fraction | None:
    """The value of number words: `two hundred and five`, `half a million`, `two and a half`,
    `a quarter of a million`, `a million and a half`.
    """
    tokens = [t for t in re.split(r"[\s-]+", words.lower()) if t]
    total = section = Fraction(0)
    last = 1
    for i, token in enumerate(tokens):
        scale = SCALES.get(token.removesuffix("s"))
        if token in WORDS:
            section += WORDS[token]
        elif token.removesuffix("s") in _PARTS:
            section = _with_part(section, _PARTS[token.removesuffix("s")], tokens[i - 1 : i], last)
        elif scale is not None:
            section, last = (section or Fraction(1)) * scale, scale
            if scale >= 1000:
                total, section = total + section, Fraction(0)
        elif token not in ("and", "a", "an", "of") or (i == 0 and len(tokens) == 1):
            return None
    return total + section


def _with_part(section: Fraction, part: Fraction, before: list[str], last: int) -> Fraction:
    """`two and a half` adds a half, `a million and a half` half a million; `three quarters` is
    three times one.
    """
    if before and before[0] in WORDS:
        return section * part
    return section + part * (last if last >= 1000 else 1)
