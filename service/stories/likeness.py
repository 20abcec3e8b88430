"""The likeness of two sets of facts, and the rarity of a fact."""

import math
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Self

from service.result import Facts
from service.stories.fact_keys import keyed_facts

BACKGROUND = 200
"""Articles that are imagined beside those at hand: in a folder of one story its words are in every
article, and yet tell it from the rest of the world."""
_RAREST = math.log(1000)
"""The rarity of what one article in a thousand has. Without a bound, the words that an article has
for itself would outweigh those of its story in a large folder, and not in a small one."""

Rarity = Callable[[int, float], float]
"""The weight of a key, of which a share of all the world's articles is expected to have it."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The facts of an article, or of a part of it, a few kilobytes.

    `own`, `weights` and `shares` have the first key, the weight and the share of each fact. `keys`
    has all keys of all facts, in order, and `facts` the index of the fact of each.
    """

    own: "array[int]"
    weights: "array[float]"
    shares: "array[float]"
    keys: "array[int]"
    facts: "array[int]"

    @classmethod
    def of(cls, facts: Facts) -> Self:
        found = keyed_facts(facts)
        keys = sorted((key, index) for index, fact in enumerate(found) for key in fact.keys)
        return cls(
            array("Q", (fact.keys[0] for fact in found)),
            array("d", (fact.weight for fact in found)),
            array("d", (fact.share for fact in found)),
            array("Q", (key for key, _ in keys)),
            array("H", (index for _, index in keys)),
        )


def rarity(share: float, seen: int = 0, articles: int = 0) -> float:
    """The inverse document frequency (Spärck Jones 1972) of a key that `seen` of `articles` have,
    and `share` of the imagined ones; bounded."""
    documents = articles + 1 + BACKGROUND
    return min(_RAREST, math.log(documents / (seen + BACKGROUND * share + 0.5)))


def at_large(key: int, share: float) -> float:
    """The rarity of a key where no other article is known."""
    del key
    return rarity(share)


def likeness(one: Profile, other: Profile, rarity_of: Rarity = at_large) -> float:
    """The geometric mean of the shares of each one's facts that the other has, from 0 to 1.

    A fact counts by the square of its rarity, as in the cosine of tf-idf vectors.
    """
    met = set(one.keys).intersection(other.keys)
    if not met:
        return 0.0
    both = covered(one, met, rarity_of) * covered(other, met, rarity_of)
    return math.sqrt(both / (weight(one, rarity_of) * weight(other, rarity_of)))


def weight(profile: Profile, rarity_of: Rarity) -> float:
    """The weight of all facts of a profile."""
    each = zip(profile.own, profile.weights, profile.shares, strict=True)
    return sum(weight * rarity_of(key, share) ** 2 for key, weight, share in each)


def covered(profile: Profile, met: AbstractSet[int], rarity_of: Rarity) -> float:
    """The weight of the facts of a profile of which a key is among `met`.

    A gloss that many articles have is met by chance: a fact weighs no more than the rarest key by
    which it is met.
    """
    by_fact: dict[int, float] = {}
    for key in met:
        rare = rarity_of(key, 0.0)
        first = bisect_left(profile.keys, key)
        for fact in profile.facts[first : bisect_right(profile.keys, key, first)]:
            if rare > by_fact.get(fact, 0.0):
                by_fact[fact] = rare
    return sum(
        profile.weights[fact] * min(met_by, rarity_of(profile.own[fact], profile.shares[fact])) ** 2
        for fact, met_by in by_fact.items()
    )
