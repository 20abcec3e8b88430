"""Splits a paragraph into sentences, Chinese and English in one text alike.

A split is made only where it is safe: a quotation or a bracket stays whole, an abbreviation or a
decimal point ends nothing. What has no end in sight is cut at commas, so that later stages can
count on a bound.
"""

import re
from bisect import bisect_right
from collections.abc import Callable

from service.text.abbreviations import (
    COMPANIES,
    EXCLAIMED,
    ends_sentence,
    starts_sentence,
)
from service.text.han import HAN, HAN_CHARACTER

LONGEST = 400

_STOPS = "。！？｡।॥؟۔"
END_MARKS = f"{_STOPS}.!?…"
"""The marks that end a sentence; those of ASCII and the ellipsis have other uses too."""
CLOSERS = "”’」』）)]】》〉\"'"
"""The quotes and brackets that may close behind the mark of a sentence's end."""
_CLOSED = f"[{re.escape(CLOSERS)}]*"
SENTENCE_END = re.compile(
    rf"(?:[{_STOPS}]+|(?<![.!?…])[.!?…]++(?:(?={_CLOSED}(?:\s|\Z))|(?<=[!?])(?=[{HAN}])))"
    rf"{_CLOSED}"
)
"""The end of a sentence by its marks alone. `spans` also reads the words around a mark, and so
knows abbreviations and quotations."""
_ENDED = re.compile(rf"[{END_MARKS}]{_CLOSED}\Z")
_END = re.compile(rf"(?P<mark>[{_STOPS}!?]+|…+|\.+|；)(?P<closed>{_CLOSED})")
_PAIRS = {"“": "”", "「": "」", "『": "』", "（": "）", "(": ")", "《": "》", "【": "】", "[": "]"}
_BRACKET = re.compile(r"[“”「」『』（）()《》【】\[\]\"]")
_QUOTED_MOST = 600

_LETTER = rf"[^\W\d_{HAN}\u3040-\u30ff]"
_WORD_BEFORE = re.compile(rf"{_LETTER}+(?:\.-?{_LETTER}+)*$")
_WORD_AFTER = re.compile(r"\s*[“\"‘'(\[]*(\w+)")
_NUMBER_ONLY = re.compile(r"\s*[(（]?\d{1,3}$")
# German writes an ordinal with a point: am 1. Mai, im 18. Jahrhundert.
_ORDINAL = re.compile(r"(?<!\d)\d{1,2}$")
_COUNTED = re.compile(
    r" (?:Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November"
    r"|Dezember|Jahrhunderts?|Stock|Etage|Platz|Runde|Minute|Lebensjahr|Geburtstag)\b"
)
_ATTRIBUTION = re.compile(
    r"[^，。！？；“「\s]{0,12}(?:[说說称稱道问問]|表示|指出|回应|回應|强调|強調|认为|認為|补充|補充)"
)
_SPACE = re.compile(r"\s*")
_BREAK = re.compile(r"[，,、：:；;](?=\D|$)")


def split(paragraph: str) -> list[str]:
    """The sentences of a paragraph, in order, each without space around it."""
    return [paragraph[start:end] for start, end in spans(paragraph)]


def is_ended(text: str) -> bool:
    """Whether `text` closes with the mark of a sentence's end."""
    return bool(_ENDED.search(text))


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
    if closed and _goes_on(mark, closed, after):
        return False
    if mark[0] == ".":
        return _point_ends(text, begin, match.start(), after)
    named = mark == "!" and _is_name(text, match.start(), after)
    return mark[-1] not in "!?" or (_may_start(after) and not named)


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
    first = after.lstrip()[0]
    return not first.islower() and first not in ",;:?!.…"


def _is_name(text: str, at: int, after: str) -> bool:
    """Whether an exclamation mark belongs to a name: Yahoo! Inc., the Jeopardy! theme."""
    word, following = _word_before(text, 0, at), _word_after(after)
    if following.lower() in COMPANIES:
        return word[:1].isupper()
    return word.lower() in EXCLAIMED and not starts_sentence(following)


def _word_before(text: str, begin: int, at: int) -> str:
    found = _WORD_BEFORE.search(text[max(begin, at - 20) : at])
    return found.group() if found else ""


def _word_after(after: str) -> str:
    found = _WORD_AFTER.match(after)
    return found[1] if found else ""


def _point_ends(text: str, begin: int, at: int, after: str) -> bool:
    if not _may_start(after):
        return False
    word, following = _word_before(text, begin, at), _word_after(after)
    if not word:
        # "1." at the start of a sentence is its number in a list.
        if at - begin < 12 and _NUMBER_ONLY.match(text[begin:at]):
            return False
        return not (_COUNTED.match(after) and _ORDINAL.search(text[max(begin, at - 3) : at]))
    return ends_sentence(word, following)


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
