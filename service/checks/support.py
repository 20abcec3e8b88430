"""The support of a digest by its article, and by which of its sentences.

The number is the share of the digest's words of content and figures that the article has, for each
sentence of the digest in those few sentences of the article that have the most: by stem in English,
by characters and pairs of them in Chinese, and across the two by dictionary, or by sound for a
name. A figure is the same in both languages and in any style.
It tells a digest of this article from one of another, however alike; it does not tell who did what
to whom. docs/checks.md has the rates.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.article import Document
from service.checks.article_index import NOWHERE, ArticleIndex, han_terms
from service.checks.dictionary import Dictionary, is_grammar, segments
from service.checks.figure_index import FigureIndex
from service.checks.stems import content_words, key
from service.facts.numerals import find_figures
from service.tasks import DigestLanguage
from service.text.script import to_script
from service.text.sentences import split

MOST_SOURCES = 3
"""A sentence of a digest is made of a few of the article: words that lie all over a long one
support nothing together."""
MOST_SOURCES_BY_MEANING = 2
"""Chinese words have so many English meanings that three sentences hold strange ones by chance."""
SENTENCE_LOW = 0.44
_DOUBT = 2
"""A sentence is taken to have so many supported words more: a short one says little for sure."""
_ADDS = 0.35
"""A source is named that supports this share of a sentence beyond the sources before it."""
_FIGURE = 2
"""A figure tells whether and where a sentence is supported as well as so many words."""

# "The article discusses how" opens good digests too; only the words behind it are judged.
_FRAME = re.compile(
    r"\A\s*(?:(?:the|this) (?:news )?(?:article|passage|report|piece|story|text|author|writer) "
    r"(?:also )?"
    r"(?:discusses|describes|argues|reports|says|explains|is about|tells|talks about|explores|"
    r"examines|details|outlines|highlights|states|mentions|covers|notes)(?: of| that| how)?\b"
    r"|(?:本文|文章|这篇文章|作者|报道)(?:还|也)?(?:介绍|讨论|指出|认为|讲述|报道|描述|说明|探讨|"
    r"分析|提到|强调|阐述|称)了?)",
    re.IGNORECASE,
)

Places = frozenset[int]


@dataclass(frozen=True, slots=True)
class SupportedSentence:
    """A sentence of a digest; `sources` are numbers of sentences of the article, the best first.

    `words` are its words of content, each figure as two. `closeness` is the share of its words, by
    their rarity, in the best two neighbouring sentences.
    """

    text: str
    support: float
    words: int
    sources: tuple[int, ...]
    closeness: float


@dataclass(frozen=True, slots=True)
class Support:
    """`score` is the supported share of all words of content and figures, from 0 to 1."""

    score: float
    words: int
    sentences: tuple[SupportedSentence, ...]

    @property
    def closeness(self) -> float:
        """The closeness of the digest to passages of the article, from 0 to 1."""
        return _share(sum(each.closeness * each.words for each in self.sentences), self.words)


def support(digest: str, language: DigestLanguage, article: Document) -> Support | None:
    """The support that `article` gives to `digest`, in `language`, and to each of its sentences.

    None where the article is in neither English nor Chinese. Kept with the article's analyses, as
    a digest is judged more than once.
    """
    if language_of(article) is None:
        return None
    return article.analysis(
        ("support", digest, language), lambda: _support(digest, language, article)
    )


def _support(digest: str, language: DigestLanguage, article: Document) -> Support:
    index = ArticleIndex.of(article)
    by_meaning = language == "en" and index.is_chinese
    most = MOST_SOURCES_BY_MEANING if by_meaning else MOST_SOURCES
    sentences: list[SupportedSentence] = []
    held = words = 0
    for sentence in _sentences(digest):
        found = list(_places(_FRAME.sub("", sentence, count=1), language, index))
        stating = FigureIndex.of(article).look_up(find_figures(sentence, language))
        terms = found + _FIGURE * stating
        supported = len(terms) - _count_unsupported(terms, index, most)
        held, words = held + supported, words + len(terms)
        cited, close = _cited(terms, index, most), _closeness(found, index)
        share = _share(supported, len(terms))
        sentences.append(SupportedSentence(sentence, share, len(terms), cited, close))
    return Support(_share(held, words), words, tuple(sentences))


def share_of_words(text: str, language: DigestLanguage, article: Document) -> float:
    """The share of the words of content of `text`, figures aside, that the article has anywhere."""
    places = list(_places(text, language, ArticleIndex.of(article)))
    return _share(sum(map(bool, places)), len(places))


def language_of(article: Document) -> DigestLanguage | None:
    """None for a language of which no dictionary is at hand."""
    tag = article.language.partition("-")[0]
    if tag == "und":  # too short to tell
        return "zh" if ArticleIndex.of(article).is_chinese else "en"
    return "zh" if tag == "zh" else "en" if tag == "en" else None


def unsupported_sentences(held: Support | None) -> tuple[str, ...]:
    """The sentences of which the article supports too little."""
    return tuple(
        sentence.text
        for sentence in (held.sentences if held else ())
        if sentence.support * sentence.words + _DOUBT < SENTENCE_LOW * (sentence.words + _DOUBT)
    )


def _sentences(digest: str) -> Iterator[str]:
    for line in digest.splitlines():
        yield from split(line)


def _share(supported: float, words: int) -> float:
    """The share; text without words of content needs no support."""
    return supported / words if words else 1.0


def _places(text: str, language: DigestLanguage, index: ArticleIndex) -> Iterator[Places]:
    """For each word of content where the article has it: the numbers of sentences, maybe none."""
    if language == "en":
        yield from _of_latin_words(text, index)
        return
    simplified = to_script(text, "Hans")
    yield from _of_latin_words(simplified, index)
    if index.is_chinese:
        yield from index.own.look_up(han_terms(simplified).keys)
    else:
        yield from _of_translated_words(simplified, index)


def _of_latin_words(text: str, index: ArticleIndex) -> Iterator[Places]:
    words = list(content_words(text))
    postings = index.glossed if index.is_chinese else index.own
    for word, places in zip(words, postings.look_up([key(w.stem) for w in words]), strict=True):
        yield places or (index.spoken(word.plain) if word.capital else NOWHERE)


def _of_translated_words(text: str, index: ArticleIndex) -> Iterator[Places]:
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
            yield places or _named(text[start:end], dictionary, index)


def _named(word: str, dictionary: Dictionary, index: ArticleIndex) -> Places:
    return NOWHERE.union(*(index.spoken(letters) for letters in dictionary.sounds(word)))


def _count_unsupported(found: Sequence[Places], index: ArticleIndex, most: int) -> int:
    """The number of words that the title lacks, and the `most` sentences with most of them too."""
    count = index.count
    untitled = [places for places in found if not any(place >= count for place in places)]
    weights = [_rarity(places, count) for places in untitled]
    chosen = {best for best, _ in _best_sentences(untitled, weights, count, most)}
    return sum(places.isdisjoint(chosen) for places in untitled)


def _cited(terms: Sequence[Places], index: ArticleIndex, most: int) -> tuple[int, ...]:
    """The sentences that a sentence rests on, by its words and by where its figures are stated.

    The title is never one, whatever it says.
    """
    weights = [_rarity(places, index.count) if places else 0.0 for places in terms]
    enough = _ADDS * sum(weights)
    return tuple(
        best for best, gain in _best_sentences(terms, weights, index.count, most) if gain >= enough
    )


def _best_sentences(
    terms: Sequence[Places], weights: Sequence[float], count: int, most: int
) -> Iterator[tuple[int, float]]:
    """The `most` of `count` sentences that have the weightiest terms, and what each adds to those
    before it.

    A term that few sentences have says more about which of them is meant.
    """
    left = set(range(len(terms)))
    for _ in range(most):
        gains: dict[int, float] = defaultdict(float)
        for term in left:
            for place in terms[term]:
                if place < count:
                    gains[place] += weights[term]
        if not gains:
            return
        best = max(gains, key=lambda place: (gains[place], -place))
        yield best, gains[best]
        left = {term for term in left if best not in terms[term]}


def _closeness(found: Sequence[Places], index: ArticleIndex) -> float:
    """The share of the words, by their rarity, that the best two neighbouring sentences have."""
    weights = [_rarity(places, index.count) for places in found]
    windows: dict[int, float] = defaultdict(float)
    for places, weight in zip(found, weights, strict=True):
        for window in {start for place in places for start in (place - 1, place)}:
            windows[window] += weight
    total = sum(weights)
    return max(windows.values(), default=0.0) / total if total else 1.0


def _rarity(places: Places, count: int) -> float:
    """The weight of a word at `places` of `count` sentences; an absent word has the most."""
    return math.log(1 + count / max(1, len(places)))
