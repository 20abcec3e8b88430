"""Times of day: 下午3時, 晚上十点半, 9:30 am, 15:00, 2045 GMT."""

import re
from collections.abc import Iterator
from fractions import Fraction

from service.facts.numerals.figure import Figure
from service.facts.numerals.openings import Openings, matches
from service.facts.numerals.values import chinese

_MORNING = "上午|早上|早晨|清晨|凌晨"
_EVENING = "下午|傍晚|晚上|晚间|晚間|深夜|夜间|夜間|晚"
_HALF_DAY = rf"(?P<half>{_MORNING}|中午|{_EVENING})"
_LATE = frozenset((*_EVENING.split("|"), "pm"))
_HOUR = "(?P<hour>[0-2]?[0-9])"
_HOUR_ZH = "(?P<hour>[0-2]?[0-9]|二?十[一二三四]?|[一二两兩三四五六七八九])"
# 时 and 点 close and open many words; a time is what no such word makes of them.
_SHOWN = "(?=[钟鐘整多半]| ?左右| ?[前后後许許刚過过])"
_O_CLOCK = (
    "(?:[时時](?![代候期间間区區差光空尚装裝常分速而刻])"
    rf"|[点點]{_SHOWN})[钟鐘整]?"
)
_START = "(?<![0-9:：.])"
# 购买 iPhone 6 时 is "when buying it": the digits belong to a name.
_NOT_IN_A_NAME = "(?<![A-Za-z])(?<![A-Za-z][ -])"

_ZONE = (
    "(?:GMT|UTC|BST|CES?T|[ECMP][SD]T|MSK|IST|JST|KST|HKT|SGT|AE[SD]T|[Ll]ocal [Tt]ime"
    "|[A-Z][a-z]+ time)"
)
_ZONED = re.compile(
    "(?<![0-9:：.,$€£-])(?<![Ii]n )(?P<hour>[01][0-9]|2[0-3])(?P<minute>[0-5][0-9])"
    rf"(?=(?: ?h(?:ou)?rs?)? ?\(?{_ZONE}\b)"
)

# In order: where two match the same characters, the earlier one counts. A pattern is tried only on
# texts that hold one of the characters in front of it.
_PATTERNS = tuple(
    (re.compile(f"[{needs}]"), re.compile(pattern))
    for needs, pattern in (
        (
            "mM",
            rf"{_START}{_HOUR}(?:[:.](?P<minute>[0-5][0-9]))? ?"
            r"(?P<half>(?i:a\.?m\b\.?|p\.?m\b\.?))",
        ),
        (
            "时時点點",
            rf"(?:{_HALF_DAY} ?)?{_START}{_HOUR} ?[时時点點] ?"
            r"(?P<minute>[0-5]?[0-9](?= ?分)|半)(?: ?分)?(?![0-9])",
        ),
        ("时時点點", rf"{_HALF_DAY} ?{_HOUR_ZH} ?[时時点點][钟鐘整]?(?P<minute>半)?"),
        # 一时 and 同时 are words: a spelled hour needs what shows that it is one.
        ("时時点點", rf"{_START}{_NOT_IN_A_NAME}{_HOUR} ?{_O_CLOCK}(?P<minute>半)?"),
        (
            "时時点點",
            rf"(?<![0-9一二三四五六七八九十.]){_HOUR_ZH} ?(?:[时時](?=[整半许許])|[点點]{_SHOWN})"
            "[钟鐘整]?(?P<minute>半)?",
        ),
        (
            ":：",
            rf"(?:{_HALF_DAY} ?)?{_START}{_HOUR}[:：] ?(?P<minute>[0-5][0-9])(?![0-9:])",
        ),
    )
)


def find_zoned_times(openings: Openings) -> Iterator[Figure]:
    """Every time of four digits before its zone (2045 GMT), not a year."""
    for match in matches(_ZONED, openings.text, openings.numerals):
        values = (Fraction(int(match["hour"])), Fraction(int(match["minute"])))
        yield Figure(match.group(), *match.span(), "time", values, "h")


def find_times(openings: Openings) -> Iterator[Figure]:
    """Every time of day, pattern by pattern; they may overlap."""
    text = openings.text
    for needs, pattern in _PATTERNS:
        for match in matches(pattern, text, openings.times) if needs.search(text) else ():
            figure = _time(match)
            if figure is not None:
                yield figure


def _time(match: re.Match[str]) -> Figure | None:
    found = match.groupdict()
    half = (found.get("half") or "").lower().replace(".", "")
    hour, minute = _number(found["hour"]), found["minute"] or "0"
    minutes = 30 if minute == "半" else int(minute)
    if hour > 24 or minutes > 59:
        return None
    open_ended = not half and 0 < hour <= 12
    if half and hour <= 12:
        hour = _hour_of_24(hour, half)
    values = (Fraction(hour), Fraction(minutes))
    return Figure(match.group(), *match.span(), "time", values, "h12" if open_ended else "h")


def _number(numeral: str) -> int:
    return int(numeral) if numeral.isascii() else int(chinese(numeral) or 0)


def _hour_of_24(hour: int, half: str) -> int:
    late = half in _LATE or (half == "中午" and hour < 3)
    if hour == 12:
        return 12 if half in ("pm", "中午", "下午") else 0
    return hour + 12 if late else hour
