"""An article as the checks look things up in it: which of its sentences say which terms.

A term is a number: the stem of an English word, a Chinese character or a pair of neighbouring ones,
what a Chinese word means in English (as a stem again), or how a name sounds. So a digest in either
language is looked up in the same way. An article is indexed once; what only a digest in the other
language needs is added when the first one comes.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Sequence
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.article import Document
from service.checks.dictionary import Dictionary, Found, Keys, Places, Segment, segments
from service.checks.stems import content_words, key
from service.text.han import HAN, HAN_CHARACTER
from service.text.script import to_script
from service.text.terms import STOP_CHARACTERS

_LATIN_WORD = re.compile(rf"[^\W\d_{HAN}]+")
NOWHERE: frozenset[int] = frozenset()
_LONGEST_SYLLABLE = len("zhuang")
MOST_PLACES = 256
"""A word is looked for in so many sentences, the first that have it: a bound on what one costs."""


class Postings:
    """The sentences that have each term: two arrays side by side, in the order of the terms."""

    def __init__(self, keys: Keys, places: Places) -> None:
        order = np.argsort(keys, kind="stable")
        self._keys, self._places = keys[order], places[order]

    def joined(self, keys: Keys, places: Places) -> "Postings":
        return Postings(np.concatenate((self._keys, keys)), np.concatenate((self._places, places)))

    def look_up(self, keys: Sequence[int] | Keys) -> list[frozenset[int]]:
        """For each key the numbers of the sentences that have it."""
        wanted = np.array(keys, np.uint64)
        begin = np.searchsorted(self._keys, wanted, "left").tolist()
        end = np.searchsorted(self._keys, wanted, "right").tolist()
        return [
            frozenset(self._places[a : min(b, a + MOST_PLACES)].tolist()) if a < b else NOWHERE
            for a, b in zip(begin, end, strict=True)
        ]


class ArticleIndex:
    """The sentences of an article, indexed. Its titles support a digest but are not a source."""

    def __init__(self, article: Document) -> None:
        self.count = len(article.sentences)
        self._texts = list(article.simplified_sentences)
        titles = dict.fromkeys(filter(None, (article.page_title, article.title)))
        self._texts += (to_script(title, "Hans") for title in titles)

    @classmethod
    def of(cls, article: Document) -> "ArticleIndex":
        """The index of `article`, kept with its other analyses, so that it is made once."""
        return article.analysis("article index", lambda: cls(article))

    @cached_property
    def text(self) -> str:
        """The text that a digest may use: sentences and titles, in Simplified characters."""
        return "\n".join(self._texts)

    @cached_property
    def is_chinese(self) -> bool:
        """Whether Han characters are more than the words in Latin letters."""
        return len(HAN_CHARACTER.findall(self.text)) > len(_LATIN_WORD.findall(self.text))

    @cached_property
    def own(self) -> Postings:
        """The index for digests in the article's language: stems, characters and their pairs."""
        keys: list[int] = []
        places: list[int] = []
        for place, text in enumerate(self._texts):
            keys.extend(key(word.stem) for word in content_words(text))
            places.extend([place] * (len(keys) - len(places)))
        han = han_terms(self.text)
        han_places = self._places_of(han.offsets)
        return Postings(
            np.concatenate((np.array(keys, np.uint64), han.keys)),
            np.concatenate((np.array(places, np.int64), han_places)),
        )

    @cached_property
    def _found(self) -> Found:
        return Dictionary.load().find(self.text)

    @cached_property
    def words(self) -> tuple[Segment, ...]:
        """The Chinese words of `text`, by the dictionary."""
        has_han = HAN_CHARACTER.search(self.text)
        return tuple(segments(self.text, self._found)) if has_han else ()

    @cached_property
    def glossed(self) -> Postings:
        """The article's own words, and the English meanings of its Chinese ones.

        Of single characters only those count that are part of no longer word.
        """
        dictionary, text, found = Dictionary.load(), self.text, self._found
        alone = [
            (segment.start, segment.row)
            for segment in self.words
            if segment.end - segment.start == 1
            and segment.row is not None
            and text[segment.start] not in STOP_CHARACTERS
        ]
        words = found.lengths > 1
        single = np.array(alone, np.int64).reshape(-1, 2)
        starts = np.concatenate((found.starts[words], single[:, 0]))
        rows = np.concatenate((found.rows[words], single[:, 1]))
        keys, counts = dictionary.glosses(rows)
        return self.own.joined(keys, np.repeat(self._places_of(starts), counts))

    def _places_of(self, offsets: Places) -> Places:
        """The numbers of the sentences that hold the characters at `offsets` of `text`."""
        ends = np.cumsum([len(text) + 1 for text in self._texts])
        return np.searchsorted(ends, offsets, "right")

    def spoken(self, letters: str) -> frozenset[int]:
        """The sentences with a name that sounds like `letters`: 云汀 for yunting.

        In an English article that is a name in capitals, in a Chinese one a row of characters.
        """
        if not self.is_chinese:
            return self._capitals.get(letters, NOWHERE)
        ends = self._ends_of_sound(letters)
        return frozenset(self._places_of(np.array(sorted(ends), np.int64) - 1).tolist())

    def _ends_of_sound(self, letters: str) -> set[int]:
        """The ends of rows of characters that are read as `letters`."""
        reached: dict[int, set[int] | None] = {0: None}  # letters read so far: where in the text
        for read in range(len(letters)):
            if read not in reached:
                continue
            before = reached[read]
            for size in range(1, min(_LONGEST_SYLLABLE, len(letters) - read) + 1):
                at = self._syllables.get(letters[read : read + size], set())
                here = {place + 1 for place in (at if before is None else at & before)}
                if here:
                    reached[read + size] = (reached.get(read + size) or set()) | here
        return reached.get(len(letters)) or set()

    @cached_property
    def _syllables(self) -> dict[str, set[int]]:
        readings = Dictionary.load().readings
        places: dict[str, list[int]] = defaultdict(list)
        for place, character in enumerate(self.text):
            places[character].append(place)
        found: dict[str, set[int]] = defaultdict(set)
        for character, each in places.items():
            for reading in readings.get(character, ()):
                found[reading].update(each)
        return found

    @cached_property
    def _capitals(self) -> dict[str, frozenset[int]]:
        found: dict[str, set[int]] = defaultdict(set)
        for place, text in enumerate(self._texts):
            for word in content_words(text):
                if word.capital:
                    found[word.plain].add(place)
        return {letters: frozenset(places) for letters, places in found.items()}


class Terms(NamedTuple):
    """The numbers of terms, and where in the text each starts."""

    keys: Keys
    offsets: Places


def han_terms(text: str) -> Terms:
    """The Han characters of `text` that are not grammar, and the pairs of two such neighbours.

    Two ways of saying the same share more characters (夫妇, 夫妻) than pairs; two texts about
    different things share some characters, but few pairs.
    """
    alone, pairs = (Terms(*found) for found in (_characters(text), character_pairs(text)))
    return Terms(*(np.concatenate(column) for column in zip(alone, pairs, strict=True)))


def _characters(text: str) -> Terms:
    codes = _codes(text)
    offsets = np.flatnonzero(_is_content()[codes])
    return Terms(codes[offsets].astype(np.uint64), offsets)


def character_pairs(text: str) -> Terms:
    """Pairs of neighbouring Han characters, without those that hold a character of grammar."""
    codes = _codes(text)
    content = _is_content()[codes]
    offsets = np.flatnonzero(content[:-1] & content[1:])
    first, second = (codes[offsets + step].astype(np.uint64) for step in (0, 1))
    return Terms(first << np.uint64(32) | second, offsets)


def is_pair(key: int) -> bool:
    """Whether a key of `han_terms` is a pair's and not a character's."""
    return key >> 32 > 0


def _codes(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


@cache
def _is_content() -> NDArray[np.bool_]:
    """For each code point whether it is a Han character that is not grammar."""
    table = np.zeros(sys.maxunicode + 1, np.bool_)
    for first, last in zip(HAN[::3], HAN[2::3], strict=True):
        table[ord(first) : ord(last) + 1] = True
    table[[ord(character) for character in STOP_CHARACTERS]] = False
    return table
