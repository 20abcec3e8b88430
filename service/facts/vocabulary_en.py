"""Common words of English: a name made of them is translated by meaning, not by sound."""

import gzip
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("english_words.txt.gz")
"""The words that CC-CEDICT, a Chinese-English dictionary, explains in small letters; see NOTICE."""


@cache
def _words() -> frozenset[str]:
    return frozenset(gzip.decompress(FILE.read_bytes()).decode("utf-8").split())


def is_common(word: str) -> bool:
    """True for a word of the language, in any case and in the plural."""
    small = word.lower()
    american = small.replace("tre", "ter").replace("our", "or").replace("is", "iz")
    forms = (small, small.removesuffix("s"), small.removesuffix("es"), american)
    return any(form in _words() for form in forms)
