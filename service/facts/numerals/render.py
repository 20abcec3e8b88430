"""Write a figure as the other language does: 143億美元 as US$14.3 billion."""

from dataclasses import replace
from fractions import Fraction
from typing import Literal

from service.facts.numerals.currencies import CURRENCIES
from service.facts.numerals.dates import MONTHS
from service.facts.numerals.figure import Figure
from service.facts.numerals.units import UNITS

_BOUNDS = {
    "en": {
        "": "{}",
        "more": "more than {}",
        "least": "at least {}",
        "less": "less than {}",
        "most": "up to {}",
        "about": "about {}",
    },
    "zh": {
        "": "{}",
        "more": "超过{}",
        "least": "至少{}",
        "less": "不到{}",
        "most": "最多{}",
        "about": "约{}",
    },
}
_FIRST_PLAIN_YEAR = 1000
_DIGITS_ZH = "〇一二三四五六七八九十"


def render(figure: Figure, language: Literal["en", "zh"]) -> str:
    """The figure as English, or Chinese in simplified characters, writes it.

    A time that leaves the half of the day open and an amount of an unnamed currency stay as
    bare as the text has them.
    """
    if figure.kind == "date":
        return _date_en(figure) if language == "en" else _date_zh(figure)
    if figure.kind == "time":
        return _time(figure, language)
    if figure.kind == "ordinal":
        number = int(figure.values[0])
        return _ordinal(number) if language == "en" else f"第{number}"
    figure, sign = _unsigned(figure)
    amount = sign + (_amount_en(figure) if language == "en" else _amount_zh(figure))
    return _BOUNDS[language][figure.bound].format(amount)


def _unsigned(figure: Figure) -> tuple[Figure, str]:
    if figure.values[-1] >= 0:
        return figure, ""
    return replace(figure, values=tuple(-value for value in figure.values)), "-"


def _plain(value: Fraction, grouped: bool = True) -> str:
    """Digits with at most four decimals, without trailing zeros."""
    if value.denominator == 1:
        return f"{value.numerator:,}" if grouped else str(value.numerator)
    return f"{float(value):{',' if grouped else ''}.4f}".rstrip("0").rstrip(".")


def _scaled_en(value: Fraction) -> tuple[str, str]:
    for scale, word in ((10**12, " trillion"), (10**9, " billion"), (10**6, " million")):
        if value >= scale and (value * 1000 / scale).denominator == 1:
            return _plain(value / scale), word
    return _plain(value), ""


def _scaled_zh(value: Fraction) -> tuple[str, str]:
    scales = ((10**12, 10**12, "万亿", 4), (10**8, 10**8, "亿", 4), (10**6, 10**4, "万", 4),
              (10**4, 10**4, "万", 2))  # fmt: skip
    for least, scale, word, decimals in scales:
        if value >= least and (value * 10**decimals / scale).denominator == 1:
            return _plain(value / scale, grouped=False), word
    # A year-sized number stays without a comma, as Chinese texts write it.
    return _plain(value, grouped=value >= 10**4), ""


def _numbers_en(values: tuple[Fraction, ...]) -> str:
    parts = [_scaled_en(v) for v in values]
    if len(parts) == 2 and parts[0][1] == parts[1][1]:
        return f"{parts[0][0]}–{parts[1][0]}{parts[1][1]}"
    return " to ".join("".join(p) for p in parts)


def _numbers_zh(values: tuple[Fraction, ...]) -> str:
    return "至".join("".join(_scaled_zh(v)) for v in values)


def _amount_en(figure: Figure) -> str:
    if figure.kind == "fraction":
        return _fraction(figure.values[0])
    number = _numbers_en(figure.values)
    last = figure.values[-1]
    if figure.kind == "percent":
        points = "percentage point" if last == 1 else "percentage points"
        return f"{number}%" if figure.unit == "%" else f"{number} {points}"
    if figure.kind == "money" and figure.unit:
        currency = CURRENCIES[figure.unit]
        return f"{currency.sign}{number} {currency.word}".strip()
    if figure.kind == "measure" and figure.unit:
        unit = UNITS[figure.unit]
        if figure.unit in ("C", "F"):
            return number + unit.one
        return f"{number} {unit.one if last == 1 else unit.many}"
    return number


def _amount_zh(figure: Figure) -> str:
    if figure.kind == "fraction":
        value = figure.values[0]
        return "一半" if value == Fraction(1, 2) else _fraction_zh(value)
    number = _numbers_zh(figure.values)
    if figure.kind == "percent":
        number = number.replace("至", "%至") if figure.unit == "%" else number
        return f"{number}%" if figure.unit == "%" else f"{number}个百分点"
    if figure.kind == "money" and figure.unit:
        return number + CURRENCIES[figure.unit].zh
    if figure.kind == "measure" and figure.unit:
        return number + UNITS[figure.unit].zh
    return number


def _fraction(value: Fraction) -> str:
    if value == Fraction(1, 2):
        return "half"
    return f"{value.numerator}/{value.denominator}"


def _fraction_zh(value: Fraction) -> str:
    parts = (value.denominator, value.numerator)
    if max(parts) <= 10:
        return "分之".join(_DIGITS_ZH[part] for part in parts)
    return f"{value.denominator}分之{value.numerator}"


def _date_en(figure: Figure) -> str:
    values = [int(v) for v in figure.values]
    parts = dict(zip((figure.unit or "").split("-"), values, strict=True))
    if "decade" in parts:
        return f"{parts['decade']}s"
    if "century" in parts:
        century = parts["century"]
        return f"{_ordinal(abs(century))} century{' BC' if century < 0 else ''}"
    if "Q" in parts:
        return f"Q{parts['Q']} {parts.get('Y', '')}".strip()
    if "M" not in parts:
        return _year_en(parts["Y"]) if "Y" in parts else f"the {_ordinal(parts['D'])}"
    month = MONTHS[parts["M"] - 1]
    day = f" {parts['D']}" if "D" in parts else ""
    comma = "," if day and "Y" in parts else ""
    year = f" {parts['Y']}" if "Y" in parts else ""
    return month + day + comma + year


def _year_en(year: int) -> str:
    if year < 0:
        return f"{-year} BC"
    return f"AD {year}" if year < _FIRST_PLAIN_YEAR else str(year)


def _date_zh(figure: Figure) -> str:
    values = [int(v) for v in figure.values]
    written = []
    for part, value in zip((figure.unit or "").split("-"), values, strict=True):
        if part == "decade":
            written.append(_decade_zh(value))
        else:
            quarter = _DIGITS_ZH[value] if part == "Q" else ""
            form = {"Y": "{}年", "M": "{}月", "D": "{}日", "century": "{}世纪"}
            plain = form[part].format(abs(value)) if part in form else f"第{quarter}季度"
            written.append(_era_zh(part, value) + plain)
    return "".join(written)


def _era_zh(part: str, value: int) -> str:
    if value < 0:
        return "公元前"
    return "公元" if part == "Y" and value < _FIRST_PLAIN_YEAR else ""


def _decade_zh(decade: int) -> str:
    if decade % 100 == 0:
        return f"{decade}年代"
    return f"{decade // 100 + 1}世纪{decade % 100}年代"


def _time(figure: Figure, language: Literal["en", "zh"]) -> str:
    hour, minute = (int(v) for v in figure.values)
    if language == "zh" and minute == 0:
        return f"{hour}时"
    return f"{hour}:{minute:02}"


def _ordinal(number: int) -> str:
    teens = 10 <= number % 100 <= 20
    suffix = "th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"
