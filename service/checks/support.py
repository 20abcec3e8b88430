"""How much of a digest does its article support, and which sentences of it?

The number is the share of the digest's words of content that the article has: by stem in English,
by pairs of characters in Chinese, and across the two by dictionary, or by sound for a name. It
tells a digest of this article from one of another, however alike; it does not tell who did what to
whom. docs/checks.md has the rates.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.checks.article_index import NOWHERE, ArticleIndex, character_pairs
from service.checks.dictionary import Dictionary, is_grammar, segments
from service.checks.stems import content_words, key
from service.tasks import DigestLanguage
from service.text.script import to_script
from service.text.sentences import split

MOST_SOURCES = 3
_ADDS = 0.2
"""A further source has to support this share of what a sentence says, and no source so far does."""

# "The article discusses how" opens good digests too; what is said behind it is judged.
_FRAME = re.compile(
    r"\s*(?:(?:the|this) (?:news )?(?:article|passage|report|piece|story|text|author|writer) "
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
    """A sentence of a digest; `sources` are numbers of sentences of the article, the best first."""

    text: str
    support: float
    words: int
    sources: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Support:
    """`score` is the supported share of all words of content, from 0 to 1."""

    score: float
    words: int
    sentences: tuple[SupportedSentence, ...]


def support(digest: str, language: DigestLanguage, index: ArticleIndex) -> Support:
    """How far the article supports `digest`, which is in `language`, and each sentence of it."""
    sentences: list[SupportedSentence] = []
    held = words = 0
    for sentence in _sentences(digest):
        found = list(_places(_FRAME.sub("", sentence, count=1), language, index))
        supported = sum(1 for places in found if places)
        held, words = held + supported, words + len(found)
        sentences.append(
            SupportedSentence(
                sentence, _share(supported, len(found)), len(found), _sources(found, index)
            )
        )
    return Support(_share(held, words), words, tuple(sentences))


def _sentences(digest: str) -> Iterator[str]:
    for line in digest.splitlines():
        yield from split(line)


def _share(supported: int, words: int) -> float:
    """What says nothing needs no support."""
    return supported / words if words else 1.0


def _places(text: str, language: DigestLanguage, index: ArticleIndex) -> Iterator[Places]:
    """For each word of content where the article has it: the numbers of sentences, maybe none."""
    if language == "en":
        yield from _of_latin_words(text, index)
        return
    simplified = to_script(text, "Hans")
    yield from _of_latin_words(simplified, index)
    if index.is_chinese:
        yield from index.own.look_up(list(character_pairs(simplified)))
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


def _sources(found: Sequence[Places], index: ArticleIndex) -> tuple[int, ...]:
    """The sentences that support the most, each beyond what the ones before it do.

    A word that few sentences have says more about which of them is meant.
    """
    count = len(index.sentences)
    weights = [math.log(1 + count / len(places)) if places else 0.0 for places in found]
    left = {i for i, places in enumerate(found) if places}
    enough = _ADDS * sum(weights) if weights else 0.0
    chosen: list[int] = []
    while left and len(chosen) < MOST_SOURCES:
        gains: dict[int, float] = {}
        for i in left:
            for place in found[i]:
                if place < count:  # the title is no sentence
                    gains[place] = gains.get(place, 0.0) + weights[i]
        best = max(gains, key=lambda place: (gains[place], -place), default=None)
        if best is None or gains[best] < enough:
            break
        chosen.append(best)
        left = {i for i in left if best not in found[i]}
    return tuple(chosen)
