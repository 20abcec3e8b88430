"""The ends of Chinese words: a unit that opens a longer word is not a unit (年 in 年轻人)."""

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from service.text.han import HAN_CHARACTER, to_simplified
from service.text.segmenter import segmenter

# They stand after any count, though 年前 and 天后 are words too.
_AFTER_COUNT = frozenset("前后後内內以之间間来來左上下中里裡外半多余餘起了的和與与及或等就仍才")
_LONGEST_WORD = 6


def ends_word(text: str, start: int, end: int) -> bool:
    """True when the segmenter lets a word end at `end`, for a unit at `[start, end)` of Chinese."""
    after = text[end : end + 1]
    if not HAN_CHARACTER.match(after):
        return True
    return after in _AFTER_COUNT or _parts(text[start : end + _LONGEST_WORD], end - start)


@lru_cache(maxsize=4096)
def _parts(window: str, length: int) -> bool:
    simplified = "".join(to_simplified().get(c, c) for c in window)
    words = _words()
    if not any(words.dt.FREQ.get(piece) for piece in _across(simplified, length)):
        return True
    at = 0
    for word in words.cut(simplified, HMM=False):
        at += len(word)
        if at >= length:
            return at == length
    return True


@cache
def _words() -> Any:
    words = segmenter()
    words.initialize()
    return words


def _across(window: str, length: int) -> Iterator[str]:
    """The pieces of `window` that begin before `length` and go on after it."""
    for start in range(length):
        for end in range(length + 1, len(window) + 1):
            yield window[start:end]
