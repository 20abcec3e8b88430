"""CC-CEDICT, found by a compact table: which English stems a Chinese word is glossed with.

The words are kept as hashes in one sorted array and their glosses as numbers in another, four
megabytes in all, so that every word of a text is found in one search of the array. The data is
CC-CEDICT's (CC BY-SA 4.0, see NOTICE); `build_dictionary.py` makes the file.
"""

import gzip
from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from service.checks.stems import key
from service.text.han import HAN_RUN
from service.text.terms import STOP_CHARACTERS

FILE = Path(__file__).with_name("cedict.tsv.gz")
LONGEST = 8
"""Longer headwords are sayings and sentences."""

_FACTOR = np.uint64(0x9E3779B97F4A7C15)
"""Odd, so that no bit of a character is lost (Knuth's multiplicative hashing)."""
_PREFIX_SHIFT = np.uint64(64 - 20)
_MOST_READINGS = 16

Keys = NDArray[np.uint64]
Places = NDArray[np.int64]


class Found(NamedTuple):
    """The words of a text: where each starts, how long it is, and its row in the table."""

    starts: Places
    lengths: Places
    rows: Places


class Dictionary:
    """Chinese words and the stems of their English glosses."""

    def __init__(self, lines: Iterable[str]) -> None:
        words: list[str] = []
        counts: list[int] = []
        glosses = array("I")
        numbered = lru_cache(maxsize=None)(key)  # a stem stands among the glosses of many words
        self.readings: dict[str, tuple[str, ...]] = {}
        for line in lines:
            if line.startswith("#"):  # the source and its licence
                continue
            word, stems, readings = line.rstrip("\n").split("\t")
            words.append(word)
            before = len(glosses)
            glosses.extend(map(numbered, stems.split()))
            counts.append(len(glosses) - before)
            if readings:
                self.readings[word] = tuple(readings.split())
        hashes = _hashes_of(words)
        order = np.argsort(hashes)
        self._hashes: Keys = hashes[order]
        # Most pieces of a text are not words: a table of the first bits of the hashes, as in a
        # Bloom filter, spares them the search.
        self._prefixes = np.zeros(1 << 20, np.bool_)
        self._prefixes[hashes >> _PREFIX_SHIFT] = True
        self._glosses = np.frombuffer(glosses, np.uint32)
        sizes: Places = np.array(counts, np.int64)
        self._counts, self._starts = sizes[order], (np.cumsum(sizes) - sizes)[order]

    @classmethod
    @cache
    def load(cls) -> Self:
        """The dictionary that comes with Diglot, read once."""
        with gzip.open(FILE, "rt", encoding="utf-8") as file:
            return cls(file)

    def find(self, text: str) -> Found:
        """Every word of Simplified `text`, at every place where it stands, overlaps and all."""
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        codes = codes.astype(np.uint64)
        # A row for each length: the hashes of the pieces that begin at each place.
        hashes = np.zeros((LONGEST, len(codes)), np.uint64)
        likely = np.zeros(hashes.shape, np.bool_)
        before = np.zeros(len(codes), np.uint64)
        for index in range(min(LONGEST, len(codes))):
            count = len(codes) - index
            before = np.add(before[:count] * _FACTOR, codes[index:], out=hashes[index, :count])
            likely[index, :count] = True
        likely &= self._prefixes[hashes >> _PREFIX_SHIFT]
        lengths, starts = np.nonzero(likely)
        sought = hashes[lengths, starts]
        rows = np.searchsorted(self._hashes, sought)
        rows[rows == len(self._hashes)] = 0
        is_word = self._hashes[rows] == sought
        return Found(starts[is_word], lengths[is_word] + 1, rows[is_word])

    def glosses(self, rows: Places) -> tuple[Keys, Places]:
        """The glosses of all `rows` in one array, and how many each row has."""
        begin, counts = self._starts[rows], self._counts[rows]
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return self._glosses[np.repeat(begin, counts) + within].astype(np.uint64), counts

    def glosses_of(self, row: int) -> list[int]:
        begin = self._starts[row]
        keys: list[int] = self._glosses[begin : begin + self._counts[row]].tolist()
        return keys

    def gloss_counts(self) -> dict[int, int]:
        """The number of words that are glossed with each stem."""
        stems, counts = self._stems
        return dict(zip(stems.tolist(), counts.tolist(), strict=True))

    def headwords(self, stems: Sequence[int]) -> list[int]:
        """For each stem the number of words that are glossed with it."""
        known, counts = self._stems
        wanted = np.array(stems, np.uint64)
        rows = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
        found: list[int] = np.where(known[rows] == wanted, counts[rows], 0).tolist()
        return found

    @cached_property
    def _stems(self) -> tuple[Keys, Places]:
        """The stems of all glosses, in order, and the number of words that have each."""
        stems, counts = np.unique(self._glosses, return_counts=True)
        return stems.astype(np.uint64), counts

    def sounds(self, run: str) -> set[str]:
        """The ways to read all of `run`, in pinyin without tones or spaces."""
        spoken = {""}
        for character in run:
            readings = self.readings.get(character, ())
            spoken = {before + one for before in spoken for one in readings}
            if not 0 < len(spoken) <= _MOST_READINGS:
                return set()
        return spoken


def _hashes_of(words: Sequence[str]) -> Keys:
    """The hash of each word, as `find` computes it; words of one length at a time."""
    hashes = np.zeros(len(words), np.uint64)
    for length in range(1, LONGEST + 1):
        rows = [row for row, word in enumerate(words) if len(word) == length]
        joined = "".join(words[row] for row in rows)
        codes = np.frombuffer(joined.encode("utf-32-le"), np.uint32).reshape(-1, length)
        for place in range(length):
            hashes[rows] = hashes[rows] * _FACTOR + codes[:, place].astype(np.uint64)
    return hashes


class Segment(NamedTuple):
    """One word of a Chinese text at `[start, end)`; `row` is None where the table lacks it."""

    start: int
    end: int
    row: int | None


def segments(text: str, found: Found) -> Iterator[Segment]:
    """The Han characters of `text` parted into words, the longest first from left to right."""
    ends, rows = np.arange(1, len(text) + 1), np.full(len(text), -1)
    ends[found.starts] = found.starts + found.lengths  # `find` lists the shorter ones first
    rows[found.starts] = found.rows
    longest, row_of = ends.tolist(), rows.tolist()
    for run in HAN_RUN.finditer(text):
        at, last = run.span()
        while at < last:
            end, row = longest[at], row_of[at]
            yield Segment(at, end, row if row >= 0 else None)
            at = end


def is_grammar(word: str) -> bool:
    """True for words of nothing but grammar: 的, 因为."""
    return all(character in STOP_CHARACTERS for character in word)
