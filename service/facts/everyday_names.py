"""English names that are made of everyday words, which are translated by their meaning."""

import re

from service.facts.vocabulary_en import is_common

# Beijing 2022: a year has checks of its own.
_OF_A_YEAR = re.compile(r".* (?:19|20)[0-9]{2}")
_DERIVED = re.compile(
    "([A-Z][a-z]{3,}?)(?:(?:e|o)rs?|[ai]tion(?:al|s)?|ments?|ings?|ical|al|ian|ist|ness|y)"
)
_CAPITAL_PART = re.compile("[A-Z][a-z]+|[A-Z]+(?![a-z])")
_LEAST_PART = 4


def is_derived(word: str) -> bool:
    """Whether an everyday word is in a name: Avenger is of avenge, Metallurgical of metallurgy."""
    found = _DERIVED.fullmatch(word)
    return found is not None and any(is_common(found[1] + end) for end in ("", "e", "y", "a"))


def is_counted(name: str) -> bool:
    """Whether the number of a name is a figure, which has checks of its own: Article 22."""
    words, _, number = name.rpartition(" ")
    if not number.isdigit():
        return False
    return bool(_OF_A_YEAR.fullmatch(name)) or all(map(is_common, words.split()))


def is_everyday(name: str) -> bool:
    """Whether a listed name is made of everyday words, and may be named otherwise: Great Wall."""
    words = name.split()
    return len(words) > 1 and all(map(is_common, words))


def is_made_of_words(name: str) -> bool:
    """Whether a name with capitals inside it is made of everyday words: SkyTeam is, LeBron not."""
    parts = _CAPITAL_PART.findall(name)
    return len(parts) > 1 and "".join(parts) == name and all(map(is_common, parts))


def is_compound(word: str) -> bool:
    """Whether two everyday words make the name, which is then translated by them: Stardust."""
    small = word.lower()
    return any(
        is_common(small[:at]) and is_common(small[at:])
        for at in range(_LEAST_PART, len(small) - _LEAST_PART + 1)
    )
