"""Takes out the lines and sections that are not the article."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from service.cleaning.lines import Line, section, units, verdicts
from service.ingest.publication_date import day_in
from service.text.han import HAN, HAN_CHARACTER
from service.text.sentences import SENTENCE_END, is_ended

# A list of links ends where the article begins again: at a line as full as this.
_PARAGRAPH_UNITS, _PROSE_UNITS = 45, 8
# A section without a marked heading is believed in the last part of a text only.
_LATE = 0.5
_ABOUT_THE_AUTHOR = 60
_IS = r"(?:\s?[（(].{1,40}[）)])?(?:,.{1,60},)?\s?(?:(?:is|was|works|teaches)\b|[是为為系係])"
# Running text is at least three parts of five where its foot is looked for.
_OF_PARTS, _ONE_PART = 3, 5


@dataclass(slots=True)
class Margin:
    """Facts that the lines around the article state about it.

    `skipped` counts the characters of running text that was left out below links.
    """

    authors: list[str] = field(default_factory=list)
    published: str | None = None
    skipped: int = 0

    def note(self, kind: str, notice: str) -> None:
        if kind == "byline":
            self.authors.extend(names_in(notice))
        if kind in ("byline", "date"):
            self.published = self.published or day_in(notice)


def article_lines(lines: Sequence[Line], removed: Counter[str], margin: Margin) -> list[Line]:
    """The lines that are the article; the others are counted, and read for authors and date."""
    total = sum(len(line.text) for line in lines)
    kept: list[Line] = []
    skipping: tuple[str, str, Line] | None = None
    read = 0
    for line, after in zip_longest(lines, lines[1:]):
        read += len(line.text)
        if skipping and not _section_ends(line, after, skipping):
            removed[skipping[0]] += 1
            margin.skipped += len(line.text) * (skipping[1] == "links" and _is_prose(line))
            continue
        skipping = None
        if opened := _section_opens(line, read, total):
            skipping = (*opened, line)
            removed[opened[0]] += 1
        elif notices := verdicts(line):
            removed.update({kind for kind, _ in notices})
            for kind, notice in notices:
                margin.note(kind, notice)
        else:
            kept.append(line)
    kept = _without_labels(kept, removed)
    return _without_tail(_without_author(kept, margin.authors, removed), removed)


def _without_labels(lines: list[Line], removed: Counter[str]) -> list[Line]:
    """The lines without a column's label: Latin capitals, or Latin in Chinese text, said twice."""
    chinese = sum(bool(HAN_CHARACTER.search(line.text)) for line in lines) * 2 > len(lines)
    said = Counter(line.text.casefold() for line in lines if line.shape == "heading")
    kept = [
        line
        for line in lines
        if line.shape != "heading"
        or said[line.text.casefold()] < 2
        or not (line.text.isupper() or (chinese and not HAN_CHARACTER.search(line.text)))
    ]
    removed["boilerplate"] += len(lines) - len(kept)
    return kept


def _without_author(lines: list[Line], authors: Sequence[str], removed: Counter[str]) -> list[Line]:
    """The lines without a last one that introduces who wrote them: "Ada Byrne is a baker."."""
    if len(lines) > 2 and units(lines[-1].text) <= _ABOUT_THE_AUTHOR:
        about = lines[-1].text.lstrip("（(*_ ")
        if any(re.match(re.escape(author) + _IS, about) for author in authors):
            removed["byline"] += 1
            return lines[:-1]
    return lines


def _without_tail(lines: list[Line], removed: Counter[str]) -> list[Line]:
    """The lines without the headings at their end.

    A heading with nothing beneath it heads nothing: it is a link or a button of the page's foot. A
    text that is mostly such lines (a poem, a list of headlines) is left alone.
    """
    end = len(lines)
    while end and lines[end - 1].shape == "heading":
        end -= 1
    running = sum(len(line.text) for line in lines if line.shape != "heading")
    if not end or running * _ONE_PART < sum(len(line.text) for line in lines) * _OF_PARTS:
        return lines
    if end < len(lines):
        removed["boilerplate"] += len(lines) - end
    return lines[:end]


def _section_opens(line: Line, read: int, total: int) -> tuple[str, str] | None:
    opened = section(line)
    if opened is None or opened[1] == "links" or line.mark or read > total * _LATE:
        return opened
    return None


def _section_ends(line: Line, after: Line | None, skipping: tuple[str, str, Line]) -> bool:
    _, reach, heading = skipping
    if line.shape == "heading" and line.mark:
        # A deeper heading (### under ##) is a part of the section.
        deeper = heading.mark.startswith("#") and len(line.mark) > len(heading.mark)
        return not deeper
    if reach == "section":
        return False
    if line.shape in ("heading", "bullet", "row"):
        return False
    full = units(line.text) >= _PARAGRAPH_UNITS or len(SENTENCE_END.findall(line.text)) >= 2
    # Links have no end, and one of them may have a sentence below it; two in a row are prose.
    return full or (_is_prose(line) and after is not None and _is_prose(after))


def _is_prose(line: Line) -> bool:
    return is_ended(line.text) and units(line.text) >= _PROSE_UNITS


_LABEL = re.compile(
    rf"[{HAN}]{{0,4}}(?:作者|记者|記者|编辑|編輯|文字|撰文|撰稿|主编|主編|责编|責編"
    r"|校对|校對|编译|編譯|翻译|翻譯"
    r"|译者|譯者|采写|图文|圖文|文)\s?[：:／/丨｜|\s]|\bby:? |(?:authors?|editors?|writers?"
    r"|reporters?):",
    re.IGNORECASE,
)
_SOURCE = re.compile(r"(?:文章|信息|新闻)?(?:来源|來源|稿源)\s?[：:].*")
_PARTS = re.compile(r"[、，,/／;；&|｜()（）\[\]【】\s]|\band\b|[和与與及]")
_LATIN_PARTS = re.compile(r"[、，,/／;；&|｜()（）\[\]【】]|\band\b|\s[-–—]\s")
_PERSON = re.compile(rf"[{HAN}·]{{2,4}}|[A-Z][\w.’'\-]+(?: [A-Z][\w.’'\-]+){{1,3}}")
_NO_PERSON = re.compile(r".*(?:报道|報[道導]|[社报報网網台臺]|Desk|Reuters|Press|News|Times)$")


def names_in(byline: str) -> list[str]:
    """The people that a byline names."""
    rest = _LABEL.sub(",", _SOURCE.sub("", byline))
    parts = (_PARTS if re.search(rf"[{HAN}]", rest) else _LATIN_PARTS).split(rest)
    people = (part.strip() for part in parts)
    return [p for p in people if _PERSON.fullmatch(p) and not _NO_PERSON.match(p)]
