"""Names that a Chinese-English dictionary has: 大西洋 is the Atlantic, Nevada is 内华达."""

import gzip
from collections import defaultdict
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("cedict_names.tsv.gz")
"""A Chinese word and the capitalised words of its glosses; made of CC-CEDICT, see NOTICE."""
_STEM = 6
_LEAST = 4
_ENDING = 4
"""Fewer letters are an ending: Angolans are of Angola."""


@cache
def _english() -> dict[str, frozenset[str]]:
    text = gzip.decompress(FILE.read_bytes()).decode("utf-8")
    rows = (row.split("\t") for row in text.split("\n"))
    return {row[0]: frozenset(map(_stem, row[1].split())) for row in rows if len(row) > 1}


@cache
def _chinese() -> dict[str, list[str]]:
    table: dict[str, list[str]] = defaultdict(list)
    for word, stems in _english().items():
        for stem in stems:
            table[stem].append(word)
    return dict(table)


def _stem(word: str) -> str:
    """The beginning of a word, so that Estonian is Estonia's."""
    small = word.lower()
    return small[: max(_LEAST, min(_STEM, len(small) - 1))]


def chinese_for(word: str) -> list[str]:
    """The Simplified words that are glossed with the name `word` or one that begins like it."""
    small = word.lower()
    stems = {_stem(word), *(small[:size] for size in range(_STEM - 1, len(small) - _ENDING, -1))}
    return [chinese for stem in sorted(stems) for chinese in _chinese().get(stem, ())]


def stems_for(word: str) -> frozenset[str]:
    """The beginnings, in small letters, of the names that a Chinese word is glossed with."""
    return _english().get(word, frozenset())
