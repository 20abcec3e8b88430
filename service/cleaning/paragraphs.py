"""Joins lines that a conversion broke in the middle of a sentence.

A wrong join spoils two paragraphs, so a join wants evidence: the first line must be running text
that plainly stops short, and the second must be able to go on.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from service.cleaning.lines import Line, holds_end, units
from service.text.han import HAN
from service.text.offsets import TextWithOffsets

_OPEN_END = re.compile(rf"[{HAN}\w，、,（(《「“—\-]$")
_COMMA_END = re.compile(r"[，、,]$")
_TIGHT_END = re.compile(rf"[{HAN}，、（《「“—\-]$")
_TIGHT_START = re.compile(rf"[{HAN}，、。！？；：）」”》]")
_PAIRS = (("「", "」"), ("“", "”"), ("（", "）"), ("《", "》"), ("(", ")"))
_OWN_START = re.compile(
    r"[【\[（(►▲▼◀▶●■◆•]|[一二三四五六七八九十]{1,3}[、.]|第[一二三四五六七八九十]"
    r"|\d{1,2}[.、)]\s?\D"
)
_HAN_START = re.compile(rf"[{HAN}「“《，、。！？；：）」”》…A-Za-z0-9]")
# A Chinese line of so many units with no end is a broken one; a headline is shorter.
_LONG_HAN = 50
_WRAPPED = (50, 95)
_MARKED = re.compile(r"[►▲▼◀▶△▽◄]")


def join_broken(lines: Sequence[Line], titled: bool) -> list[Line]:
    """The lines with broken sentences put together again.

    Where no title is known (`titled`), the first line is a headline as likely as not.
    """
    wrapped = _is_hard_wrapped(lines)
    groups: list[list[Line]] = []
    for line in lines:
        previous = groups[-1][-1] if groups else None
        first = not titled and len(groups) == 1 and len(groups[0]) == 1
        if previous and _goes_on(previous, line, first, len(groups[-1]) > 1, wrapped):
            groups[-1].append(line)
        else:
            groups.append([line])
    return [_joined(group) for group in groups]


def _joined(group: list[Line]) -> Line:
    if len(group) == 1:
        return group[0]
    parts = [group[0].traced]
    for before, after in pairwise(group):
        if not _joins_tight(before.text, after.text):
            end, start = before.traced.span()[1], after.traced.span()[0]
            parts.append(TextWithOffsets(" ", [end], [max(end, start)]))
        parts.append(after.traced)
    return Line(TextWithOffsets.join(parts), "bullet" if group[0].shape == "bullet" else "text")


def _joins_tight(before: str, after: str) -> bool:
    """Whether no space belongs between: beside Chinese, and behind a hyphen."""
    return bool(_TIGHT_END.search(before) or _TIGHT_START.match(after))


def _goes_on(before: Line, after: Line, first: bool, joined: bool, wrapped: bool) -> bool:
    a, b = before.text, after.text
    if before.mark or after.mark or after.shape in ("bullet", "row") or before.shape == "row":
        return False
    if not _OPEN_END.search(a) or _OWN_START.match(b) or _MARKED.match(a):
        return False
    if re.search(rf"[{HAN}]", a[-40:]):
        certain = not first or holds_end(a) or _COMMA_END.search(a)
        goes = after.shape == "text" and _HAN_START.match(b) and _stops_short(a, joined)
        return bool(certain and goes)
    if b[:1].islower() and (a[-1].islower() or a[-1] in ",-" or a[-1].isdigit()):
        return units(a) >= 3
    return wrapped and not first and _WRAPPED[0] <= len(a) <= _WRAPPED[1] and after.shape == "text"


def _stops_short(text: str, joined: bool) -> bool:
    """Whether a Chinese line without an end is running text, and no heading or label."""
    if _COMMA_END.search(text):
        return True
    tail = text[-2_000:]
    if joined or holds_end(tail) or units(tail) >= _LONG_HAN:
        return True
    unclosed = any(tail.count(a) > tail.count(b) for a, b in _PAIRS)
    return units(tail) >= 15 and (unclosed or (units(tail) >= 19 and "，" in tail))


def _is_hard_wrapped(lines: Sequence[Line]) -> bool:
    """Whether the text was broken at a fixed width, as e-mail and old archives are."""
    if len(lines) < 4:
        return False
    lengths = [len(line.text) for line in lines]
    full = sum(_WRAPPED[0] <= length <= _WRAPPED[1] for length in lengths)
    return max(lengths) <= _WRAPPED[1] and full * 2 >= len(lines)
