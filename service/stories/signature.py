"""The facts of an article in normal form: what it is compared with other articles by.

They are a part of its Result, so that stories can be told from results alone, in any later run and
on any machine.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from service.article import Document
from service.checks.article_index import ArticleIndex
from service.checks.dictionary import Dictionary, Segment, segments
from service.checks.stems import content_words_at
from service.facts.names import Glossary
from service.facts.numerals import Figure, is_weighty
from service.result import Facts, StatedFigure
from service.text.script import to_script
from service.text.terms import STOP_CHARACTERS, terms

MOST_NAMES, MOST_TERMS, MOST_FIGURES = 30, 60, 30
MOST_ABOUT = 8
"""Words around a figure that are kept: they say what it is a figure of."""


def facts_of(document: Document, glossary: Glossary) -> Facts:
    """The names, the terms and the certain figures of a document, the most frequent ones first."""
    text = "\n".join(document.simplified_sentences)
    title = to_script(document.title or "", "Hans")
    # The index has the titles behind the sentences.
    parted = [word for word in ArticleIndex.of(document).words if word.end <= len(text)]
    placed = list(_placed_terms(text, document.language, parted))
    words = Counter(term for term, _ in placed)
    parted = list(segments(title, Dictionary.load().find(title)))
    words.update(term for term, _ in _placed_terms(title, document.language, parted))
    names = Counter(name.key for name in document.names(glossary))
    return Facts(
        names=dict(names.most_common(MOST_NAMES)),
        terms=dict(words.most_common(MOST_TERMS)),
        figures=list(_figures(document, glossary, placed)),
    )


class _Placed(NamedTuple):
    """A term and its offset in the document's sentences, joined by line breaks."""

    term: str
    start: int


def _placed_terms(text: str, language: str, parted: Sequence[Segment]) -> Iterator[_Placed]:
    """The words of content of `text`, which has its Chinese in Simplified characters, in order.

    `parted` are its Chinese words.
    """
    tag = language.partition("-")[0]
    if tag in {"en", "zh", "und"}:
        latin = [_Placed(word.plain, start) for word, start in content_words_at(text)]
        yield from sorted([*latin, *_han_terms(text, parted)], key=lambda placed: placed.start)
        return
    at = 0
    for line in text.split("\n"):
        for term in terms(line, language):
            yield _Placed(term, at)
        at += len(line) + 1


def _han_terms(text: str, parted: Sequence[Segment]) -> Iterator[_Placed]:
    """Chinese is segmented by the dictionary; a run of characters outside of it, such as a name,
    is one term."""
    unknown, reached = "", -1
    for start, end, _ in parted:
        word = text[start:end]
        single = end - start == 1 and word not in STOP_CHARACTERS
        if not single or start != reached:
            if len(unknown) > 1:
                yield _Placed(unknown, reached - len(unknown))
            unknown = ""
        if single:
            unknown += word
        elif end - start > 1 and not STOP_CHARACTERS.issuperset(word):
            yield _Placed(word, start)
        reached = end
    if len(unknown) > 1:
        yield _Placed(unknown, reached - len(unknown))


def _figures(
    document: Document, glossary: Glossary, placed: Sequence[_Placed]
) -> Iterator[StatedFigure]:
    """The weighty figures whose reading is certain, each with the words around it."""
    sentences = _Sentences(document, glossary, placed)
    seen: set[tuple[object, ...]] = set()
    for figure in document.open_figures:
        key = (figure.kind, figure.unit, figure.values, figure.bound)
        if not _is_certain(figure) or not is_weighty(figure) or key in seen:
            continue
        index = sentences.index_at(figure.start - document.text_start)
        if index is None:  # in a title or a heading
            continue
        seen.add(key)
        sentence = document.sentences[index]
        yield StatedFigure(
            text=figure.text,
            kind=figure.kind,
            values=[_number(value) for value in figure.values],
            unit=figure.unit,
            bound=figure.bound,
            about=sentences.around(figure, index),
            start=sentence.start,
            end=sentence.end,
        )
        if len(seen) == MOST_FIGURES:
            return


def _is_certain(figure: Figure) -> bool:
    """Whether its value is; a bare 元 leaves open whose it is, which its unit says."""
    return figure.certain or (figure.kind == "money" and figure.unit is None)


def _number(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)


class _Sentences:
    """A document's sentences by their places: in its text, and joined by line breaks."""

    def __init__(self, document: Document, glossary: Glossary, placed: Sequence[_Placed]) -> None:
        self._document = document
        self._placed = placed
        self._starts = document.sentence_starts
        self._joined = [0]
        for sentence in document.simplified_sentences:
            self._joined.append(self._joined[-1] + len(sentence) + 1)
        self._offsets = [start for _, start in placed]
        names = document.names(glossary)
        self._names = [name.key for name in names]
        self._name_starts = [name.start - document.text_start for name in names]

    def index_at(self, offset: int) -> int | None:
        """The index of the sentence that holds the character at `offset` of the text."""
        index = bisect_right(self._starts, offset) - 1
        if index < 0:
            return None
        end = self._starts[index] + len(self._document.sentences[index].text)
        return index if offset < end else None

    def around(self, figure: Figure, index: int) -> list[str]:
        """The terms of the sentence, the nearest to the figure first, and then its names."""
        place = figure.start - self._document.text_start - self._starts[index]
        first = bisect_left(self._offsets, self._joined[index])
        last = bisect_left(self._offsets, self._joined[index + 1])
        here = self._joined[index] + place
        beside = (
            (abs(start - here), term)
            for term, start in self._placed[first:last]
            if not here <= start < here + len(figure.text)
        )
        near = [term for _, term in sorted(beside)[:MOST_ABOUT]]
        begin = bisect_left(self._name_starts, self._starts[index])
        end = bisect_left(
            self._name_starts, self._starts[index] + len(self._document.sentences[index].text)
        )
        return list(dict.fromkeys([*near, *self._names[begin:end][:MOST_ABOUT]]))
