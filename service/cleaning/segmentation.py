"""Parts a page into its stories, because a newspaper page often holds several.

A page is parted at its headings into sections, and a section belongs to the story whose terms it
shares: the cosine of TF-IDF vectors, as in text segmentation (Hearst 1997, "TextTiling"; Allan et
al. 1998 for news streams: a new story is one that resembles none so far).

A wrong split tears an article apart, so a section has to be long, to have a headline, and hardly to
resemble any story to become one of its own; one that opens as agencies open a report
("綜合路透社報道：", "PARIS (Reuters) -") needs less proof. A web page holds one article, and so
does a list: those are parted at such reports only.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

from service.article import Document
from service.cleaning.lines import units
from service.text.han import HAN_CHARACTER
from service.text.language import detect
from service.text.terms import terms

SHORTEST = 150
"""Characters of Chinese that a story has at least; a language with spaces needs twice that."""
UNLIKE = 0.045
"""Below this cosine a section is a story of its own; below UNLIKE_REPORT if it opens as one."""
UNLIKE_REPORT = 0.12
MOST_SECTIONS, MOST_CHARACTERS = 200, 200_000
"""The limits beyond which a text is a book: its chapters belong together, however unlike they are,
and comparing all with all would take too long."""

MOST_HEADINGS = 12
"""A page of more sections is a list or a long article, whose parts are as unlike as stories."""
HEADLINE_HAN, HEADLINE_WORDS = 7, 4
"""A story has a headline; what is shorter heads a part of one: Next steps, 编者按."""

# 第三章, 一、, （四）, 1., Part 2, Day 7, Tip #2, Q3, 骗局之6: sections of one article.
_NUMBERED = re.compile(
    r"第?\s?[0-9０-９一二三四五六七八九十百]{1,4}\s?[章节節部分条條回集期、.．:：)）]"
    r"|[（(【\[]\s?[0-9０-９一二三四五六七八九十]{1,3}\s?[)）】\]]|[IVX]{1,5}[.:)]"
    r"|(?:part|step|day|week|chapter|section|tip|rule|lesson|reason|question|q|no\.?|number)\s?#?\d"
    r"|#\s?\d|\d{1,3}\s?[-–—:.)]?\s|.{1,12}之[0-9一二三四五六七八九十]{1,3}$",
    re.IGNORECASE,
)
_MOST_NUMBERED = 1
_REPORT = re.compile(
    r"^(?:[【\[（(][^】\])）]{1,20}[訊讯电電】\])）]|(?:本报|本報)?(?:综合|綜合)[^。]{1,30}(?:报道|報道|報導|消息)"
    r"|[A-Z][A-Z .,'’-]{2,40}(?:\([A-Za-z. ]{2,30}\)|,? [A-Z][a-z]{2,8}\.? \d{1,2}) ?[-–—])"
)

Vector = dict[str, float]


@dataclass(slots=True)
class _Section:
    lines: list[int]
    body: int
    opens_as_report: bool
    may_open_story: bool


def stories(document: Document) -> list[Document]:
    """The stories of a page, the longest first; a page with one story comes back as it is."""
    if document.kept > MOST_CHARACTERS:
        return [document]
    lines = document.text.split("\n")
    sections = _sections(document, lines)
    shortest = _shortest(document.language)
    long_enough = sum(section.body >= shortest for section in sections)
    if long_enough < 2 or len(sections) > MOST_SECTIONS:
        return [document]
    if not _holds_stories(document, sections, lines):
        for section in sections:
            section.may_open_story = section.opens_as_report
    found = _grouped(sections, _Weights(document), shortest)
    if len(found) < 2:
        return [document]
    told = [_story(document, lines, sorted(numbers)) for numbers in found]
    return sorted(told, key=lambda story: -story.kept)


def _shortest(language: str) -> int:
    return SHORTEST if language.startswith(("zh", "ja")) else 2 * SHORTEST


def _sections(document: Document, lines: Sequence[str]) -> list[_Section]:
    """Runs of lines, each a heading or more and what stands under it."""
    told = {sentence.paragraph for sentence in document.sentences}
    sections: list[_Section] = []
    for number, line in enumerate(lines):
        if not sections or (number not in told and sections[-1].body):
            sections.append(_Section([], 0, False, _is_headline(line)))
        section = sections[-1]
        if number in told:
            section.opens_as_report |= not section.body and bool(_REPORT.match(line))
            section.body += len(line)
            section.may_open_story |= section.opens_as_report
        section.lines.append(number)
    return sections


def _is_headline(line: str) -> bool:
    han = HAN_CHARACTER.search(line)
    return not _NUMBERED.match(line) and units(line) >= (HEADLINE_HAN if han else HEADLINE_WORDS)


def _holds_stories(document: Document, sections: Sequence[_Section], lines: Sequence[str]) -> bool:
    """Whether the page may hold several stories: a page of text that is not a list of sections."""
    numbered = sum(bool(_NUMBERED.match(lines[section.lines[0]])) for section in sections)
    few = len(sections) <= MOST_HEADINGS and numbered <= _MOST_NUMBERED
    return few and document.markup != "html"


def _grouped(sections: Sequence[_Section], weights: "_Weights", shortest: int) -> list[list[int]]:
    """The lines of each story. A section too short to be one goes with the story before it."""
    found: list[list[int]] = []
    for section in sections:
        if not found:
            found.append(list(section.lines))
            continue
        if section.body < shortest or not section.may_open_story:
            found[-1] += section.lines
            continue
        own = weights.vector(section.lines)
        likeness = [cosine(own, weights.vector(story)) for story in found]
        unlike = UNLIKE_REPORT if section.opens_as_report else UNLIKE
        if max(likeness) < unlike:
            found.append(list(section.lines))
        else:
            found[likeness.index(max(likeness))] += section.lines
    return found


def _story(document: Document, lines: Sequence[str], numbers: Sequence[int]) -> Document:
    place = {number: index for index, number in enumerate(numbers)}
    sentences = tuple(
        replace(sentence, paragraph=place[sentence.paragraph])
        for sentence in document.sentences
        if sentence.paragraph in place
    )
    told = {sentence.paragraph for sentence in sentences}
    text = "\n".join(lines[number] for number in numbers)
    heading = next((lines[n] for n in numbers[:1] if place[n] not in told), None)
    return replace(
        document,
        text=text,
        sentences=sentences,
        title=heading or (document.title if numbers[0] == 0 else None),
        language=detect(text),
        page_title=document.title,
    )


class _Weights:
    """TF-IDF over the lines of a page, summed over the lines that are asked for."""

    def __init__(self, document: Document) -> None:
        self._document = document

    @cached_property
    def _terms(self) -> list[Counter[str]]:
        return [Counter(terms(line, "und")) for line in self._document.simplified.split("\n")]

    @cached_property
    def _rarity(self) -> dict[str, float]:
        lines_with = Counter(chain.from_iterable(self._terms))
        return {term: math.log(1 + len(self._terms) / n) for term, n in lines_with.items()}

    def vector(self, numbers: Sequence[int]) -> Vector:
        counts: Counter[str] = Counter()
        for number in numbers:
            counts.update(self._terms[number])
        rarity = self._rarity
        return {term: (1 + math.log(count)) * rarity[term] for term, count in counts.items()}


def cosine(a: Vector, b: Vector) -> float:
    norm = math.sqrt(sum(v * v for v in a.values()) * sum(v * v for v in b.values()))
    return sum(value * b.get(term, 0.0) for term, value in a.items()) / norm if norm else 0.0
