"""The support of a digest by its article, and by which of its sentences.

The number is the share of the digest's words of content and figures that the article has, for each
sentence of the digest in those few sentences of the article that have the most: by stem in English,
by characters and pairs of them in Chinese, and across the two by dictionary, or by sound for a
name. A word counts once, however often the digest has it: texts about one subject repeat its words.
It tells a digest of this article from one of another, however alike; it does not tell who did what
to whom. docs/checks.md has the rates.
"""

import math
import re
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from service.article import Document
from service.checks.article_index import ArticleIndex
from service.checks.digest_terms import DigestTerm, Places, figure_terms, word_terms
from service.tasks import DigestLanguage
from service.text.sentences import split

MOST_SOURCES = 3
"""A sentence of a digest is made of a few of the article: words that lie all over a long one
support nothing together."""
MOST_SOURCES_BY_MEANING = 2
"""Chinese words have so many English meanings that three sentences hold strange ones by chance."""
_NEXT = 0.7
"""A word of the second best sentence is supported so far, one of the third so far again: words that
the article has together are rarely there by chance."""
Direction = tuple[DigestLanguage, DigestLanguage]
"""The article's language and the digest's."""
# Of the support of a sentence with so many supported words more: a short one says little for sure.
SENTENCE_LOW: Mapping[Direction, float] = {
    ("en", "en"): 0.40,
    ("zh", "zh"): 0.42,
    ("zh", "en"): 0.48,
    ("en", "zh"): 0.45,
}
_DOUBT = 2
_ADDS = 0.35
"""A source is named that supports this share of a sentence beyond the sources before it."""

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


@dataclass(frozen=True, slots=True)
class SupportedSentence:
    """A sentence of a digest; `sources` are numbers of sentences of the article, the best first.

    `weight` is what its words of content and figures count together. `closeness` is the share of
    its words, by their rarity, in the best two neighbouring sentences. `is_strange`: the article
    supports too little of it.
    """

    text: str
    support: float
    weight: float
    sources: tuple[int, ...]
    closeness: float
    is_strange: bool


@dataclass(frozen=True, slots=True)
class Support:
    """`score` is the supported share of all words of content and figures, from 0 to 1."""

    score: float
    weight: float
    sentences: tuple[SupportedSentence, ...]

    @property
    def cautious(self) -> float:
        """The score by Laplace's rule of succession, as of one more word that is supported and one
        that is not: a digest of few words is rarely certain to be another article's."""
        return (self.score * self.weight + 1) / (self.weight + 2)

    @property
    def closeness(self) -> float:
        """The closeness of the digest to passages of the article, from 0 to 1."""
        close = sum(each.closeness * each.weight for each in self.sentences)
        return _share(close, sum(each.weight for each in self.sentences))


class _Count(NamedTuple):
    """The weight of a term, and the part of it that is supported."""

    supported: float
    weight: float


_Counts = dict[Hashable, _Count]


def support(digest: str, language: DigestLanguage, article: Document) -> Support | None:
    """The support that `article` gives to `digest`, in `language`, and to each of its sentences.

    None where the article is in neither English nor Chinese. Kept with the article's analyses, as
    a digest is judged more than once.
    """
    own = language_of(article)
    if own is None:
        return None
    return article.analysis(
        ("support", digest, language), lambda: _support(digest, (own, language), article)
    )


def _support(digest: str, direction: Direction, article: Document) -> Support:
    _, language = direction
    index = ArticleIndex.of(article)
    by_meaning = language == "en" and index.is_chinese
    most = MOST_SOURCES_BY_MEANING if by_meaning else MOST_SOURCES
    sentences: list[SupportedSentence] = []
    counted: _Counts = {}
    for text in _sentences(digest):
        words = list(word_terms(_FRAME.sub("", text, count=1), language, index))
        figures = figure_terms(text, language, article)
        terms = list({term.key: term for term in (*words, *figures)}.values())
        counts = _counts(terms, index.count, most)
        for term, count in counts.items():
            counted.setdefault(term, count)
        held, weight = _sum(counts)
        sentences.append(
            SupportedSentence(
                text,
                _share(held, weight),
                weight,
                _cited(terms, index.count, most),
                _closeness([word.places for word in words], index.count),
                held + _DOUBT < SENTENCE_LOW[direction] * (weight + _DOUBT),
            )
        )
    held, weight = _sum(counted)
    return Support(_share(held, weight), weight, tuple(sentences))


def share_of_words(text: str, language: DigestLanguage, article: Document) -> float:
    """The share of the words of content of `text`, figures aside, that the article has anywhere."""
    words = list(word_terms(text, language, ArticleIndex.of(article)))
    return _share(sum(bool(word.places) for word in words), len(words))


def language_of(article: Document) -> DigestLanguage | None:
    """None for a language of which no dictionary is at hand."""
    tag = article.language.partition("-")[0]
    if tag == "und":  # too short to tell
        return "zh" if ArticleIndex.of(article).is_chinese else "en"
    return "zh" if tag == "zh" else "en" if tag == "en" else None


def unsupported_sentences(held: Support | None) -> tuple[str, ...]:
    """The sentences of which the article supports too little."""
    return tuple(each.text for each in (held.sentences if held else ()) if each.is_strange)


def _sentences(digest: str) -> Iterator[str]:
    for line in digest.splitlines():
        yield from split(line)


def _counts(terms: Sequence[DigestTerm], count: int, most: int) -> _Counts:
    """The count of each term, by those of `count` sentences that have the most, or by the title."""
    weights = [
        0.0 if _is_titled(term, count) else term.present * _rarity(term.places, count)
        for term in terms
    ]
    best = _best_sentences([term.places for term in terms], weights, count, most)
    credit = {place: _NEXT**step for step, (place, _) in enumerate(best)}
    counts: _Counts = {}
    for term in terms:
        held = (share for place, share in credit.items() if place in term.places)
        share = 1.0 if _is_titled(term, count) else next(held, 0.0)
        counts[term.key] = _Count(share * term.present, term.present if share else term.absent)
    return counts


def _is_titled(term: DigestTerm, count: int) -> bool:
    return max(term.places, default=-1) >= count


def _sum(counts: _Counts) -> _Count:
    columns = zip(*counts.values(), strict=True)
    return _Count(*map(math.fsum, columns)) if counts else _Count(0.0, 0.0)


def _share(supported: float, weight: float) -> float:
    """The share; text without words of content needs no support."""
    return supported / weight if weight else 1.0


def _cited(terms: Sequence[DigestTerm], count: int, most: int) -> tuple[int, ...]:
    """The sentences that a sentence rests on, by its words and by where its figures are stated.

    The title is never one, whatever it says.
    """
    weights = [term.present * _rarity(term.places, count) if term.places else 0.0 for term in terms]
    enough = _ADDS * sum(weights)
    best = _best_sentences([term.places for term in terms], weights, count, most)
    return tuple(place for place, gain in best if gain >= enough)


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


def _closeness(found: Sequence[Places], count: int) -> float:
    """The share of the words, by their rarity, that the best two neighbouring sentences have."""
    weights = [_rarity(places, count) for places in found]
    windows: dict[int, float] = defaultdict(float)
    for places, weight in zip(found, weights, strict=True):
        for window in {start for place in places for start in (place - 1, place)}:
            windows[window] += weight
    total = sum(weights)
    return max(windows.values(), default=0.0) / total if total else 1.0


def _rarity(places: Places, count: int) -> float:
    """The weight of a word at `places` of `count` sentences; an absent word has the most."""
    return math.log(1 + count / max(1, len(places)))
