"""Names in Chinese text that no glossary lists: people, places, and transliterations.

A segmenter with its tags finds them. That is too loose to tell what a text names, and good enough
to ask whether another text names it too.
"""

import re
from collections.abc import Iterator
from itertools import takewhile

from service.facts.sounds import TRANSLITERATING
from service.text.han import HAN
from service.text.segmenter import segmenter

_HAN = re.compile(f"[{HAN}]{{2,}}")
_DOTTED = re.compile(f"[{HAN}]{{1,8}}(?:[·•・][{HAN}]{{1,8}})+")
_TAGS = frozenset({"nr", "nrt", "nrfg", "ns", "nt"})
_LONGEST_TEXT = 5_000
_SHORTEST_RUN = 3


def han_names(text: str, guesses: bool) -> list[str]:
    """The names in the Chinese of `text`, each once.

    With `guesses` also the words that the segmenter knows from no dictionary and takes for names.
    """
    text = text[:_LONGEST_TEXT]
    found = [*_dotted(text), *_tagged(text, guesses), *_transliterated(text)]
    return list(dict.fromkeys(found))


def is_transliteration(name: str) -> bool:
    """True when every character is one that transliterations are written with."""
    return all(c in TRANSLITERATING or c in "·•・" for c in name)


def longer_names(name: str, text: str) -> Iterator[str]:
    """`name` with up to two characters of transliterations that stand beside it in `text`."""
    at = text.find(name)
    for start in range(max(0, at - 2), at + 1):
        for end in range(at + len(name), min(len(text), at + len(name) + 2) + 1):
            longer = text[start:end]
            if longer != name and is_transliteration(longer):
                yield longer


def _dotted(text: str) -> Iterator[str]:
    for match in _DOTTED.finditer(text):
        # Other words may stand before the first part and behind the last one.
        for part in re.split("[·•・]", match.group())[1:]:
            name = "".join(takewhile(TRANSLITERATING.__contains__, part))
            if len(name) > 1:
                yield name


def _tagged(text: str, guesses: bool) -> Iterator[str]:
    for run in _HAN.finditer(text):
        for word, tag in segmenter().posseg.cut(run.group()):
            known = guesses or segmenter().dt.FREQ.get(word)
            if tag in _TAGS and len(word) > 1 and known:
                yield word


def _transliterated(text: str) -> Iterator[str]:
    """Runs of three or more characters of transliterations that make no words."""
    for run in _HAN.finditer(text):
        name = ""
        for word in (*segmenter().cut(run.group(), HMM=False), ""):
            if len(word) == 1 and word in TRANSLITERATING:
                name += word
                continue
            if len(name) >= _SHORTEST_RUN:
                yield name
            name = ""
