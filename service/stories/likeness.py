"""The likeness of two sets of facts, and the rarity of a fact."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from service.result import Facts
from service.stories.fact_keys import KeyedFact, keyed_facts

BACKGROUND = 200
"""Articles that are imagined beside those at hand: in a folder of one story its words are in every
article, and yet tell it from the rest of the world."""

Rarity = Callable[[int, float], float]
"""The weight of a key, of which a share of all the world's articles is expected to have it."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The facts of an article, or of a part of it, and all their keys."""

    facts: Sequence[KeyedFact]
    keys: frozenset[int]

    @classmethod
    def of(cls, facts: Facts) -> Self:
        found = keyed_facts(facts)
        return cls(found, frozenset(key for each in found for key in each.keys))


def rarity(share: float, seen: int = 0, articles: int = 0) -> float:
    """The inverse document frequency (Spärck Jones 1972) of a key that `seen` of `articles` have,
    and `share` of the imagined ones."""
    return math.log((articles + 1 + BACKGROUND) / (seen + BACKGROUND * share + 0.5))


def at_large(key: int, share: float) -> float:
    """The rarity of a key where no other article is known."""
    del key
    return rarity(share)


def likeness(one: Profile, other: Profile, rarity_of: Rarity = at_large) -> float:
    """The geometric mean of the shares of each one's facts that the other has, from 0 to 1.

    A fact counts by the square of its rarity, as in the cosine of tf-idf vectors.
    """
    covered = _covered(one, other, rarity_of)
    return math.sqrt(covered * _covered(other, one, rarity_of)) if covered else 0.0


def _covered(one: Profile, other: Profile, rarity_of: Rarity) -> float:
    covered = total = 0.0
    for weight, keys, share in one.facts:
        own = rarity_of(keys[0], share)
        total += weight * own**2
        met = [key for key in keys if key in other.keys]
        if met:
            # A gloss that many articles have is met by chance.
            covered += weight * min(own, max(rarity_of(key, 0.0) for key in met)) ** 2
    return covered / total if total else 0.0
