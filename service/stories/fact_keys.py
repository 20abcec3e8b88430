"""The keys that an article's facts are compared by, the same in English and Chinese.

A name is one key in every spelling, a figure one by its value. An English word is its stem; a
Chinese word is itself and the stems of its English glosses, so that 地震 meets *earthquake*.
"""

import math
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple
from zlib import crc32

from service.checks.dictionary import Dictionary
from service.checks.stems import content_words, key
from service.result import Facts, StatedFigure
from service.text.han import HAN_CHARACTER
from service.text.segmenter import frequency

_ARTICLE_WORDS = 300
_GLOSSES_OF_EVERYDAY = 1000
"""A stem that so many dictionary entries are glossed with would be in every article."""
_MOST_COMMON = 0.4
_NAMES, _FIGURES, _RARE = 0.01, 0.002, 0.0005
"""The shares of the world's articles that name a given name, state a given figure, or have a word
that no dictionary lists."""
_MOST_GLOSSES = 12


class KeyedFact(NamedTuple):
    """One fact of an article: how much it counts there, its keys, and how common it is at large.

    `keys` are other ways to say the same; the first is its own. `share` is the part of all the
    world's articles that are expected to have it.
    """

    weight: float
    keys: tuple[int, ...]
    share: float


def keyed_facts(facts: Facts) -> list[KeyedFact]:
    """The facts of an article, each with its keys."""
    keyed = [
        KeyedFact(_weight(count), tuple(_name_keys(name)), _NAMES)
        for name, count in facts.names.items()
    ]
    spoken_for = {part for name in facts.names for part in name.casefold().split()}
    for term, count in facts.terms.items():
        if term not in spoken_for or HAN_CHARACTER.search(term):
            keyed.append(KeyedFact(_weight(count), *_keys_and_share(term)))
    keyed.extend(
        KeyedFact(1.0, (figure_key(figure),), _FIGURES)
        for figure in facts.figures
        if is_telling(figure)
    )
    return keyed


def _weight(count: int) -> float:
    return 1 + math.log(count)


def _name_keys(name: str) -> Iterator[int]:
    yield _number("name", name.casefold())
    words = [word.plain for word in content_words(name)]
    if 1 < len(words) <= 3:  # Chinese names in pinyin, in either order
        yield _number("sound", "".join(words))
        yield _number("sound", "".join([*words[1:], words[0]]))


@lru_cache(maxsize=50_000)  # a word comes in many articles
def _keys_and_share(term: str) -> tuple[tuple[int, ...], float]:
    if HAN_CHARACTER.search(term):
        return _han_keys(term), _han_share(term)
    stem = key(next((word.stem for word in content_words(term)), term))
    return (stem,), stem_share(stem)


def _han_keys(term: str) -> tuple[int, ...]:
    dictionary = Dictionary.load()
    found = dictionary.find(term)
    whole = [
        row for length, row in zip(found.lengths, found.rows, strict=True) if length == len(term)
    ]
    if whole:
        others = dictionary.glosses_of(whole[0])[:_MOST_GLOSSES]
    else:
        others = sorted(_number("sound", sound) for sound in dictionary.sounds(term))
    return (_number("han", term), *others)


def figure_key(figure: StatedFigure) -> int:
    """The key of a figure: its kind, its unit and its values."""
    return _number("figure", f"{figure.kind} {figure.unit} {figure.values}")


def is_telling(figure: StatedFigure) -> bool:
    """Whether few articles state it: a year or a small count says little."""
    if figure.kind == "date":
        return (figure.unit or "").count("-") > 0
    return figure.kind in {"money", "percent"} or any(
        abs(value) >= 20 or value % 1 for value in figure.values
    )


def _number(space: str, text: str) -> int:
    return crc32(f"{space}:{text}".encode()) | 1 << 32


def _han_share(term: str) -> float:
    return min(_MOST_COMMON, _ARTICLE_WORDS * frequency(term)) or _RARE


def stem_share(stem: int) -> float:
    """The share of articles with an English stem, as far as a dictionary tells: a stem that
    glosses many Chinese words is an everyday one."""
    return min(_MOST_COMMON, _gloss_counts().get(stem, 0) / _GLOSSES_OF_EVERYDAY) or _RARE


@cache
def _gloss_counts() -> dict[int, int]:
    return Dictionary.load().gloss_counts()
