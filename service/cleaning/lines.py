"""The lines of an article, and what each of them is."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from typing import Literal

from service.article import Markup
from service.cleaning.headings import SECTIONS
from service.cleaning.inline import LINE_END, tidy
from service.cleaning.rules import RULES
from service.cleaning.vocabulary import NAV_EN, NAV_ZH
from service.text.han import HAN, HAN_CHARACTER
from service.text.offsets import TextWithOffsets
from service.text.sentences import SENTENCE_END

Shape = Literal["text", "heading", "bullet", "row"]

_HEADING_MARK = re.compile(r"#{1,6}\s+|#{1,6}$")
_HEADING_TAIL = re.compile(r"\s#+$")
_QUOTE_MARK = re.compile(r"(?:>\s?)+")
_BULLET = re.compile(r"(?:[-*+•●▪◦‣・·–—]|\d{1,3}[.)、]|[（(]\d{1,3}[)）])\s+")
_RULER = re.compile(r"[\s\-*_=~—─━═·.…•|+:>#]{3,}|[-*•>#|]+|\[[ xX]?\]")
_CODE_FENCE = re.compile(r"(?:```|~~~)[\w-]*")
_BRACKETED = re.compile(r"[\[【〔](.{1,40})[\]】〕][：:]?")
_TERMINAL = re.compile(r"[。！？!?…；;：:，,、.][”’」』）)\]】》\"']*$")
_UNIT = re.compile(rf"[{HAN}]|[^\W_{HAN}]+")
_MENU_LINK = re.compile(r"\[[^\[\]\n]{1,60}\]\([^()\s]*\)")
_MENU_REST = re.compile(r"[\s|｜·•/>›»\-–,，]*")

# A heading is at most this many units; a headline may be longer.
_HEADING_HAN, _HEADING_WORDS = 26, 14
_CLAUSE_HAN = 18
_HEADLINE_HAN, _HEADLINE_WORDS = 50, 28


@dataclass(frozen=True, slots=True)
class Line:
    """A tidy line. `mark` is what marks it as a heading (`#`, `[`), so that peers can be told."""

    traced: TextWithOffsets
    shape: Shape
    mark: str = ""

    @property
    def text(self) -> str:
        return self.traced.text


def read_lines(
    pieces: Iterable[TextWithOffsets], markup: Markup, removed: Counter[str]
) -> list[Line]:
    """The lines of a text that comes in pieces, tidy, without the empty ones."""
    lines: list[Line] = []
    for piece in chain.from_iterable(piece.split(LINE_END) for piece in pieces):
        if not piece.text.strip():
            continue
        line = _read_line(piece, markup, removed)
        if line is not None:
            lines.append(line)
    return lines


def _read_line(piece: TextWithOffsets, markup: Markup, removed: Counter[str]) -> Line | None:
    if _is_menu(piece.text):
        removed["boilerplate"] += 1
        return None
    traced = tidy(piece, markup, removed)
    if _CODE_FENCE.fullmatch(traced.text) or _RULER.fullmatch(traced.text):
        removed["markup"] += 1
        return None
    line = _shaped(traced, markup, removed)
    return line if line.text else None


def _is_menu(text: str) -> bool:
    """A row of links and nothing else: `[Home](/) · [News](/news)`."""
    if text.count("](") < 2 or len(text) > 2_000:
        return False
    return bool(_MENU_REST.fullmatch(_MENU_LINK.sub("", text)))


def _shaped(traced: TextWithOffsets, markup: Markup, removed: Counter[str]) -> Line:
    if quote := _QUOTE_MARK.match(traced.text):
        traced = traced.slice(quote.end(), len(traced)).strip()
        removed["markup"] += 1
    if mark := _HEADING_MARK.match(traced.text):
        traced = traced.slice(mark.end(), len(traced)).strip()
        if tail := _HEADING_TAIL.search(traced.text):
            traced = traced.slice(0, tail.start())
        removed["markup"] += 1
        return Line(traced, "heading", mark.group().strip())
    if traced.text.startswith("|") and traced.text.endswith("|") and len(traced) > 2:
        return Line(traced.slice(1, len(traced) - 1).strip(), "row")
    if _BULLET.match(traced.text):
        return Line(traced, "bullet")
    if _BRACKETED.fullmatch(traced.text) and not holds_end(traced.text):
        return Line(traced, "heading", traced.text[0])
    return Line(traced, "heading" if is_heading(traced.text) else "text")


def units(text: str) -> int:
    """The length of a text: Han characters and words of other scripts together."""
    return len(_UNIT.findall(text))


def is_heading(text: str) -> bool:
    """A short line that ends without punctuation: a subheading, a label, a name."""
    # With a comma in it a Chinese line of some length is a sentence that was broken off.
    han = _CLAUSE_HAN if "，" in text else _HEADING_HAN
    return _is_title(text, han, _HEADING_WORDS) and not _TERMINAL.search(text)


def is_headline(text: str) -> bool:
    """A line that can be the article's title: longer than a heading, and it may ask."""
    if _TERMINAL.search(text) and not text.rstrip("”」』\"'’").endswith(("?", "？", "!", "！")):
        return False
    return _is_title(text, _HEADLINE_HAN, _HEADLINE_WORDS)


def _is_title(text: str, han: int, words: int) -> bool:
    if len(text) > 400:
        return False
    size = units(text)
    most = han if HAN_CHARACTER.search(text) else words
    return 0 < size <= most and not holds_end(text[:-1])


def holds_end(text: str) -> bool:
    """Whether a sentence, or a part of a long one, ends in `text`."""
    return "；" in text or bool(SENTENCE_END.search(text))


def verdicts(line: Line) -> list[tuple[str, str]]:
    """The pieces of `line`, (kind, piece) each, when it is not the article; empty when it stays.

    Notices that stand side by side make one line: 分享到微信 責任編輯：編輯部.
    """
    text = bare(line.text)
    if len(text) > 2_000:
        return []
    if kind := _kind(text):
        return [(kind, text)]
    cells = _CELL.split(text)
    if 2 <= len(cells) <= _MOST_CELLS:
        kinds = [_verdict_of_cell(cell) or _link_of_cell(cell) for cell in cells]
        if all(kinds):
            return [piece for pieces in kinds for piece in pieces]
    return _verdict_of_cell(text)


def _link_of_cell(text: str) -> list[tuple[str, str]]:
    """A page's own link, which alone on its line may be a heading: News, 健康."""
    return [("boilerplate", text)] if _LINK.fullmatch(text) else []


_LINK = re.compile(f"{NAV_EN}|{NAV_ZH}", re.IGNORECASE)
_CELL = re.compile(r"\s?[|｜]\s?")
_MOST_CELLS = 12
# The gap between two notices; in English a single space is not one.
_GAP = re.compile(rf"\s*[|｜·•/／\t\u3000]\s*|\s{{2,}}|(?<=[{HAN}）)】]) | (?=[{HAN}（【])")
_MOST_GAPS = 4
# A row of notices has one of these; most lines have none, and cost nothing more.
_LABEL = re.compile(r"[：:｜|©]|分享|列印|打印|[记記]者|share", re.IGNORECASE)
_SHORT = 120


def _verdict_of_cell(text: str) -> list[tuple[str, str]]:
    """The one notice that `text` is, or the row of them; empty where a part is none."""
    if kind := _kind(text):
        return [(kind, text)]
    if len(text) > _SHORT or not _LABEL.search(text):
        return []
    # The longest notice is taken and never reconsidered, so that a row of many costs no more.
    for gap in reversed(list(islice(_GAP.finditer(text), _MOST_GAPS))):
        if kind := _kind(text[: gap.start()]):
            rest = _verdict_of_cell(text[gap.end() :])
            return [(kind, text[: gap.start()]), *rest] if rest else []
    return []


# The bound on characters keeps one endless word from any pattern.
_RULES = tuple(
    (rule.longest, 14 * rule.longest, rule.pattern.fullmatch, rule.kind) for rule in RULES
)


# The pass that finds nothing left to do meets the same lines again, and a book's are many.
@lru_cache(maxsize=16_384)
def _kind(text: str) -> str | None:
    size, length = units(text), len(text)
    for most_units, most_characters, matches, kind in _RULES:
        if size <= most_units and length <= most_characters and matches(text):
            return kind
    return None


def bare(text: str) -> str:
    """The text without its bullet."""
    return text[match.end() :] if (match := _BULLET.match(text)) else text


def section(line: Line) -> tuple[str, str] | None:
    """(kind, reach) when `line` is the heading of a section outside of the article."""
    if len(line.text) > 60:
        return None
    name = line.text.strip("[]【】〔〕「」《》*_#-—=:：.。>›»►▶■●◆|｜ ")
    for kind, reach, pattern in SECTIONS:
        if pattern.fullmatch(name):
            return kind, reach
    return None
