"""The articles of a story that state a sentence: what a sentence of a brief may rest on.

Who reads several articles at once easily joins what does not belong together: the dead of an
earlier earthquake, figures of two companies. So an article states a sentence only by itself: its
names in the article's digest or title, its figures and the words of each of its clauses in one
passage of the digest.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from service.article import Document
from service.checks.support import Direction, language_of, support
from service.checks.unsupported import unsupported_digits, unsupported_names, unsupported_numbers
from service.checks.verdict import HIGH, LOW_FOR_MODELS
from service.facts.names import Glossary
from service.facts.numerals import Figure
from service.result import Facts, StatedFigure
from service.tasks import DigestLanguage

_CLAUSE_END = re.compile(r"[,;](?=\s)|[，；]|\s(?=(?:and|but|while)\s)")
_FEWEST_WORDS: Mapping[DigestLanguage, int] = {"en": 3, "zh": 6}
"""Of content, in a clause that is looked at by itself; Chinese characters and pairs of them."""
_CLEAR: Mapping[Direction, float] = {**HIGH, ("en", "en"): 0.7}
"""The support from which an article clearly states a sentence, and not a part of it. English
articles of one story share so many words that one which lacks a clause of three words had 0.67; in
the other directions nearly every sentence over HIGH is stated whole."""
_BETWEEN = 3
"""Characters between a sentence and the next one."""


@dataclass(frozen=True, slots=True)
class Statement:
    """That an article states a sentence; `clear` where it surely states the whole."""

    article: int
    support: float
    clear: bool


class Statements:
    """The passages of the digests of a story's articles, by the article's index."""

    def __init__(
        self,
        passages: Mapping[int, Sequence[str]],
        titles: Mapping[int, str | None],
        language: DigestLanguage,
        glossary: Glossary,
    ) -> None:
        self._glossary = glossary
        self._articles = {
            index: Document.of("\n".join(told), language, titles.get(index))
            for index, told in passages.items()
        }
        self._passages = {
            index: [Document.of(passage, language) for passage in told]
            for index, told in passages.items()
        }

    def articles_that_state(self, text: str, language: DigestLanguage) -> list[int]:
        """The articles that clearly state a sentence, else the one that does so best, if any."""
        stated = list(self._of(Document.of(text, language), language))
        clear = [each.article for each in stated if each.clear]
        best = max(stated, key=lambda each: each.support, default=None)
        return clear or ([best.article] if best else [])

    def _of(self, sentence: Document, language: DigestLanguage) -> Iterator[Statement]:
        for index, article in self._articles.items():
            if unsupported_names(sentence, article, self._glossary):
                continue
            scores = [
                (min(scores), own)
                for passage in self._passages[index]
                if not unsupported_numbers(sentence, passage)
                and not unsupported_digits(sentence, passage)
                and (own := language_of(passage))
                and (scores := list(_scores(sentence.text, language, passage)))
            ]
            if not scores:
                continue
            most, own = max(scores)
            if most >= LOW_FOR_MODELS[own, language]:
                yield Statement(index, most, most >= _CLEAR[own, language])


def _scores(text: str, language: DigestLanguage, passage: Document) -> Iterator[float]:
    """The support of a sentence by a passage, and that of each of its longer clauses: one that was
    added to what is true says half as much as the whole."""
    for part in (text, *_CLAUSE_END.split(text)):
        held = support(part, language, passage)
        if held and (part == text or held.weight >= _FEWEST_WORDS[language]):
            yield held.score


def is_scattered(sentence: Document, facts: Facts) -> bool:
    """Whether the figures of a sentence stand apart in its article, as far as its facts tell: in
    more than one sentence and the next one."""
    places = sorted(
        {
            (stated.start, stated.end)
            for figure in sentence.open_figures
            for stated in facts.figures
            if stated.start is not None and stated.end is not None and _is(figure, stated)
        }
    )
    beside = all(later[0] - earlier[1] <= _BETWEEN for earlier, later in pairwise(places))
    return len(places) > 2 or not beside


def _is(figure: Figure, stated: StatedFigure) -> bool:
    same_unit = figure.unit == stated.unit or "number" in {figure.kind, stated.kind}
    return same_unit and [float(each) for each in figure.values] == [
        float(each) for each in stated.values
    ]
