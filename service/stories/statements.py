"""The articles of a story that state a sentence: what a sentence of a brief may rest on.

Who reads several articles at once easily joins what does not belong together: the dead of an
earlier earthquake, figures of two companies. So an article states a sentence only by itself: its
names in the article's digest or title, its figures and its words in one passage of the digest.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from service.article import Document
from service.checks.support import language_of, support
from service.checks.unsupported import unsupported_digits, unsupported_names, unsupported_numbers
from service.checks.verdict import HIGH, LOW_FOR_MODELS
from service.facts.names import Glossary
from service.tasks import DigestLanguage


@dataclass(frozen=True, slots=True)
class Statement:
    """That an article states a sentence; `clear` where few sentences of others share so much."""

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
            held = [
                (support(sentence.text, language, passage), language_of(passage))
                for passage in self._passages[index]
                if not unsupported_numbers(sentence, passage)
                and not unsupported_digits(sentence, passage)
            ]
            scores = [(found.score, own) for found, own in held if found and own]
            if not scores:
                continue
            most, own = max(scores)
            if most >= LOW_FOR_MODELS[own, language]:
                yield Statement(index, most, most >= HIGH[own, language])
