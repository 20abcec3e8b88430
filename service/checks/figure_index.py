"""The sentences of an article by the figures they state: where a figure of a digest comes from.

Of all that a digest shares with its article, in whichever language, figures say best which sentence
is meant. Whether a figure is right is judged elsewhere; here two figures are one where any of their
values are.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from service.article import Document
from service.facts.numerals import Figure
from service.facts.numerals.atoms import Key, answers, atoms, questions


class FigureIndex:
    """The figures of an article's sentences, by the keys that they can be looked up with.

    The title has the number after the last sentence's, as in `ArticleIndex`.
    """

    def __init__(self, article: Document) -> None:
        self._places: dict[Key, set[int]] = defaultdict(set)
        title = len(article.sentences)
        for figure in article.figures:
            sentence = article.sentence_at(figure.start)
            place = title if sentence is None else sentence
            for atom in atoms(figure):
                for each in answers(atom):
                    self._places[each].add(place)

    @classmethod
    def of(cls, article: Document) -> "FigureIndex":
        """The index of `article`, kept with its other analyses, so that it is made once."""
        return article.analysis("figure index", lambda: cls(article))

    def look_up(self, figures: Iterable[Figure]) -> list[frozenset[int]]:
        """For each figure the numbers of the sentences that state it, or a part of it."""
        return [frozenset(self._stating(figure)) for figure in figures]

    def _stating(self, figure: Figure) -> Iterator[int]:
        for atom in atoms(figure):
            for each in questions(atom):
                yield from self._places.get(each, ())
