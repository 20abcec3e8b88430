"""The terms of a digest's sentence, where its article has each, and what each counts.

Within a language a word counts one, whether the article has it or not. Across languages the article
may say a word that it seems to lack by one that the dictionary glosses otherwise: a word that is
not found counts as far as the dictionary would have found it. A figure is the same in both
languages and in any style, and says best whether and where a sentence is supported.
"""

import re
from collections.abc import Hashable, Iterator
from typing import NamedTuple

from service.article import Document
from service.checks.article_index import NOWHERE, ArticleIndex, han_terms, is_pair
from service.checks.dictionary import Dictionary, is_grammar, segments
from service.checks.figure_index import FigureIndex
from service.checks.stems import Word, content_words, key
from service.facts.numerals import find_figures
from service.facts.sounds import TRANSLITERATING
from service.tasks import DigestLanguage
from service.text.script import to_script

Places = frozenset[int]

FIGURE = 3.0
"""A figure counts so many words."""
_PAIR = 0.5
"""A pair of Chinese characters counts less than either, because they are counted too."""
_HEADWORDS = 25
"""An English word that so many Chinese ones are glossed with is found half of the time."""
_GLOSSES = 1
"""A Chinese word with so many words of English for it is found half of the time."""

_SPELLED = f"[{TRANSLITERATING}]"
_FOREIGN_NAME = re.compile(f"{_SPELLED}+(?:[·•・‧∙]{_SPELLED}+)+|{_SPELLED}{{3,}}")
"""Each translator has a spelling of his own (奥莱娜·托尔斯卡), and some keep the Latin one."""


class DigestTerm(NamedTuple):
    """A term at `places` of the article: `present` and `absent` are what it counts then."""

    key: Hashable
    places: Places
    present: float = 1.0
    absent: float = 1.0


def word_terms(text: str, language: DigestLanguage, index: ArticleIndex) -> Iterator[DigestTerm]:
    """The words of content of `text`, in Chinese within the language its characters and pairs."""
    if language == "en":
        yield from _latin_words(text, index)
        return
    simplified = to_script(text, "Hans")
    yield from _latin_words(simplified, index)
    if index.is_chinese:
        yield from _han_terms(simplified, index)
    else:
        yield from _translated_words(simplified, index)


def _han_terms(text: str, index: ArticleIndex) -> Iterator[DigestTerm]:
    """The characters of a Chinese digest and their pairs, in a Chinese article.

    Those of a foreign name prove nothing where they are missing; whether the article has the name
    is judged elsewhere.
    """
    keys, offsets = han_terms(text)
    spelled = {offset for name in _FOREIGN_NAME.finditer(text) for offset in range(*name.span())}
    found = index.own.look_up(keys)
    for each, offset, places in zip(keys.tolist(), offsets.tolist(), found, strict=True):
        counts = _PAIR if is_pair(each) else 1.0
        yield DigestTerm(each, places, counts, 0.0 if offset in spelled else counts)


def figure_terms(text: str, language: DigestLanguage, article: Document) -> Iterator[DigestTerm]:
    """The figures of `text`."""
    figures = find_figures(text, language)
    stating = FigureIndex.of(article).look_up(figures)
    for figure, places in zip(figures, stating, strict=True):
        yield DigestTerm(figure.text, places, FIGURE, FIGURE)


def _latin_words(text: str, index: ArticleIndex) -> Iterator[DigestTerm]:
    words = list(content_words(text))
    keys = [key(word.stem) for word in words]
    postings = index.glossed if index.is_chinese else index.own
    chances = _chances(words, keys) if index.is_chinese else [1.0] * len(words)
    for word, stem, places, chance in zip(
        words, keys, postings.look_up(keys), chances, strict=True
    ):
        found = places or (index.spoken(word.plain) if word.capital else NOWHERE)
        yield DigestTerm(stem, found, absent=chance)


def _chances(words: list[Word], keys: list[int]) -> list[float]:
    """The chance that each English word would be found in a Chinese article that says it.

    A name within a sentence, or one that no dictionary lists, would be found by its sound.
    """
    headwords = Dictionary.load().headwords(keys)
    return [
        1.0 if word.capital and (place or not count) else count / (count + _HEADWORDS)
        for place, (word, count) in enumerate(zip(words, headwords, strict=True))
    ]


def _translated_words(text: str, index: ArticleIndex) -> Iterator[DigestTerm]:
    """The words of a Chinese digest in an English article, by what they mean.

    Single characters are left out, for they mean too much, and so is what no dictionary has.
    """
    dictionary = Dictionary.load()
    for start, end, row in segments(text, dictionary.find(text)):
        if row is None or end - start < 2 or is_grammar(text[start:end]):
            continue
        keys = dictionary.glosses_of(row)
        if keys:
            places = NOWHERE.union(*index.own.look_up(keys))
            found = places or _named(text[start:end], dictionary, index)
            yield DigestTerm(text[start:end], found, absent=len(keys) / (len(keys) + _GLOSSES))


def _named(word: str, dictionary: Dictionary, index: ArticleIndex) -> Places:
    return NOWHERE.union(*(index.spoken(letters) for letters in dictionary.sounds(word)))
