"""Splits a paragraph into sentences, Chinese and English in one text alike.

A split is made only where it is safe: a quotation or a bracket stays whole, an abbreviation or a
decimal point ends nothing. What has no end in sight is cut at commas, so that later stages can
count on a bound.
"""

import re
from bisect import bisect_right
from collections.abc import Callable

from service.text.han import HAN_CHARACTER

LONGEST = 400

_CLOSERS = "”’」』）)]】》〉\"'"
_END = re.compile(rf"(?P<mark>[。！？｡।॥؟۔!?]+|…+|\.+|；)(?P<closed>[{re.escape(_CLOSERS)}]*)")
_PAIRS = {"“": "”", "「": "」", "『": "』", "（": "）", "(": ")", "《": "》", "【": "】", "[": "]"}
_BRACKET = re.compile(r"[“”「」『』（）()《》【】\[\]\"]")
_QUOTED_MOST = 600

# A name or a number follows these, so that their point never ends a sentence.
_TITLES = frozenset(
    "mr mrs ms dr prof st gen col lt sgt capt maj rep sen gov hon rev pres messrs vs eg ie e.g i.e"
    " cf approx dept univ".split()
)
_BEFORE_NUMBER = frozenset(
    "no nos vol fig figs p pp art sec ch ca"
    " jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
# These stand inside a sentence as often as at its end; then the next word decides.
_EITHER = frozenset(
    "inc ltd co corp plc jr sr etc al bros est"
    " u.s u.k u.n e.u u.s.a d.c a.m p.m ph.d b.c a.d".split()
)
_STARTERS = frozenset(
    "the a an in it its he she they we you i but and this that these those on at as for if when"
    " while however there his her their our what who how why after before since so yet also one"
    " most some many no not by with from under last next".split()
)
_WORD_BEFORE = re.compile(r"[^\W\d_]+(?:\.[^\W\d_]+)*$")
_WORD_AFTER = re.compile(r"\s*[“\"‘'(\[]*(\w+)")
_NUMBER_ONLY = re.compile(r"\s*[(（]?\d{1,3}$")
_ATTRIBUTION = re.compile(
    r"[^，。！？；“「\s]{0,12}(?:[说說称稱道问問]|表示|指出|回应|回應|强调|強調|认为|認為|补充|補充)"
)
_SPACE = re.compile(r"\s*")
_BREAK = re.compile(r"[，,、：:；;](?=\D|$)")


def split(paragraph: str) -> list[str]:
    """The sentences of a paragraph, in order, each without space around it."""
    return [paragraph[start:end] for start, end in spans(paragraph)]


def spans(paragraph: str) -> list[tuple[int, int]]:
    """The spans of the sentences: (start, end) in `paragraph`, at most LONGEST characters each."""
    inside = _inside(paragraph)
    ends: list[int] = []
    soft: list[int] = []
    begin = 0
    for match in _END.finditer(paragraph):
        if not _ends_sentence(paragraph, begin, match):
            continue
        if inside(match.end() - 1):
            soft.append(match.end())
        else:
            ends.append(match.end())
            begin = match.end()
    if not ends or ends[-1] < len(paragraph):
        ends.append(len(paragraph))
    found: list[tuple[int, int]] = []
    begin = 0
    for end in ends:
        found.extend(_bounded(paragraph, begin, end, soft))
        begin = end
    return found


def _inside(text: str) -> Callable[[int], bool]:
    """A test for whether the character at an offset stands inside quotes or brackets.

    Only pairs count that close soon: an opener whose partner is missing must not swallow the rest.
    """
    closes: list[tuple[int, int]] = []
    open_at: list[tuple[str, int]] = []
    straight: int | None = None
    for match in _BRACKET.finditer(text):
        at, mark = match.start(), match.group()
        if mark == '"':
            straight, opened = (at, None) if straight is None else (None, straight)
            if opened is not None:
                closes.append((opened, at))
        elif mark in _PAIRS:
            open_at.append((mark, at))
        elif open_at and _PAIRS[open_at[-1][0]] == mark:
            closes.append((open_at.pop()[1], at))
    outer = _outermost([pair for pair in closes if pair[1] - pair[0] <= _QUOTED_MOST])
    starts = [start for start, _ in outer]

    def inside(at: int) -> bool:
        index = bisect_right(starts, at) - 1
        return index >= 0 and outer[index][0] <= at < outer[index][1]

    return inside


def _outermost(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(pairs):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _ends_sentence(text: str, begin: int, match: re.Match[str]) -> bool:
    mark, closed, end = match["mark"], match["closed"], match.end()
    after = text[end : end + 40]
    if not after.strip():
        return True
    if mark == "；":
        return match.start() - begin >= 20
    if mark[0] == "…" or mark.startswith(".."):
        return after[0].isspace() and not after.lstrip()[0].islower()
    if mark[0] == ".":
        return _point_ends(text, begin, match.start(), after)
    if closed and _goes_on(mark, closed, after):
        return False
    return mark[-1] not in "!?" or _may_start(after)


def _goes_on(mark: str, closed: str, after: str) -> bool:
    """Whether the sentence goes on behind a quotation or a title that has its own mark."""
    if closed[-1] in "》〉）)":
        return not after[0].isspace()
    return bool(_ATTRIBUTION.match(after)) or (
        mark[-1] in "！？" and bool(HAN_CHARACTER.match(after))
    )


def _may_start(after: str) -> bool:
    """A Latin sentence starts after a space and not in lower case; a Chinese one needs no space."""
    if not after[0].isspace():
        return bool(HAN_CHARACTER.match(after)) or after[0] in "“「『（"
    return not after.lstrip()[0].islower()


def _point_ends(text: str, begin: int, at: int, after: str) -> bool:
    if not _may_start(after):
        return False
    word_before = _WORD_BEFORE.search(text[max(begin, at - 20) : at])
    if word_before is None:
        # "1." at the start of a sentence is its number in a list.
        return not _NUMBER_ONLY.match(text[begin:at] if at - begin < 12 else "")
    word = word_before.group().lower()
    word_after = _WORD_AFTER.match(after)
    following = word_after[1] if word_after else ""
    if word in _TITLES:
        return False
    if word in _BEFORE_NUMBER and following[:1].isdigit():
        return False
    if word in _EITHER or (len(word) == 1 and word_before.group().isupper()):
        return following.lower() in _STARTERS or (
            len(word) > 1 and bool(HAN_CHARACTER.match(following))
        )
    return True


def _bounded(text: str, begin: int, end: int, soft: list[int]) -> list[tuple[int, int]]:
    """The sentence at [begin, end) in pieces of at most LONGEST characters, space trimmed."""
    pieces: list[tuple[int, int]] = []
    while True:
        begin = min(end, _SPACE.match(text, begin).end())  # type: ignore[union-attr]
        if end - begin <= LONGEST:
            break
        cut = _cut(text, begin, soft)
        pieces.append((begin, begin + len(text[begin:cut].rstrip())))
        begin = cut
    if begin < end:
        pieces.append((begin, begin + len(text[begin:end].rstrip())))
    return [piece for piece in pieces if piece[0] < piece[1]]


def _cut(text: str, begin: int, soft: list[int]) -> int:
    """The best place to cut before begin + LONGEST: a sentence's end in a quote, comma, space."""
    limit = begin + LONGEST
    index = bisect_right(soft, limit) - 1
    if index >= 0 and soft[index] > begin:
        return soft[index]
    commas = [match.end() for match in _BREAK.finditer(text, begin + LONGEST // 4, limit)]
    if commas:
        return commas[-1]
    space = text.rfind(" ", begin + 1, limit)
    return space if space > begin else limit
