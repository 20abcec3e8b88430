"""The content words of English text, as stems, and the numbers that stand for them in an index.

Stems are those of Porter's second algorithm for English ("Snowball"): *voted*, *votes* and *voting*
are one. Words of grammar say nothing about an article and are left out, and so are figures, which
have a check of their own.
"""

import re
import threading
import unicodedata
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from service.text.terms import MAX_TERM, STOP_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_WORD = re.compile(r"[A-Za-zÀ-ɏ]+(?:['’][A-Za-z]+)?")
_APOSTROPHE = re.compile("['’]")
_CAPITAL = re.compile("[A-ZÀ-Þ]")


class Word(NamedTuple):
    """A word of content: its stem, and its letters in lower case without accents."""

    stem: str
    plain: str
    capital: bool


def content_words(text: str) -> "Iterator[Word]":
    """The words of `text` that say what it is about, in order, repeats kept."""
    for found in _WORD.findall(text):
        word = _content(found)
        if word is not None:
            yield word


def content_words_at(text: str) -> "Iterator[tuple[Word, int]]":
    """The words of content with their offsets."""
    for found in _WORD.finditer(text):
        word = _content(found.group())
        if word is not None:
            yield word, found.start()


@lru_cache(maxsize=50_000)
def _content(found: str) -> Word | None:
    base, *ending = _APOSTROPHE.split(found)
    plain = _without_accents(base).lower()
    short = not 1 < len(plain) <= MAX_TERM
    if short or plain in STOP_WORDS or ending not in ([], ["s"]):  # don't, we'll
        return None
    return Word(_stemmers().stem(plain), plain, bool(_CAPITAL.match(found)))


def _without_accents(word: str) -> str:
    if word.isascii():
        return word
    parts = unicodedata.normalize("NFD", word)
    return "".join(part for part in parts if not unicodedata.combining(part))


class _Stemmers(threading.local):
    """A stemmer for each thread: one holds the word that it works on, and so mixes up two."""

    def __init__(self) -> None:
        import Stemmer

        # Without a cache of its own, since `_content` has one.
        self.stem: Callable[[str], str] = Stemmer.Stemmer("english", 0).stemWord


@cache
def _stemmers() -> _Stemmers:
    return _Stemmers()


def key(stem: str) -> int:
    """The number of a stem: 32 bits, so that two stems of one article share none in practice."""
    return crc32(stem.encode())
