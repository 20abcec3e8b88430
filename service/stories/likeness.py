"""The likeness of sets of facts, and the rarity of a fact.

Articles are compared in arrays, all candidates of a new one at once: in Python itself a pair would
take as long as eight do here.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from service.result import Facts
from service.stories.fact_keys import keyed_facts

BACKGROUND = 200
"""Articles that are imagined beside those at hand: in a folder of one story its words are in every
article, and yet tell it from the rest of the world."""
_RAREST = math.log(1000)
"""The rarity of what one article in a thousand has. Without a bound, the words that an article has
for itself would outweigh those of its story in a large folder, and not in a small one."""

Keys = NDArray[np.uint64]
Places = NDArray[np.integer]
Numbers = NDArray[np.float64]
Rarity = Callable[[Keys, Numbers], Numbers]
"""The weights of keys, each of which a share of all the world's articles is expected to have."""


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """The facts of an article, or of a part of it, a few kilobytes.

    `own`, `weights` and `shares` have the first key, the weight and the share of each fact. `keys`
    has all keys of all facts, in order, and `facts` the index of the fact of each.
    """

    own: Keys
    weights: Numbers
    shares: Numbers
    keys: Keys
    facts: Places

    @classmethod
    def of(cls, facts: Facts) -> Self:
        found = keyed_facts(facts)
        keys = sorted((key, index) for index, fact in enumerate(found) for key in fact.keys)
        return cls(
            np.array([fact.keys[0] for fact in found], np.uint64),
            np.array([fact.weight for fact in found], np.float64),
            np.array([fact.share for fact in found], np.float64),
            np.array([key for key, _ in keys], np.uint64),
            np.array([index for _, index in keys], np.uint16),
        )


def rarity(share: Numbers | float, seen: Places | int = 0, articles: int = 0) -> Numbers:
    """The inverse document frequency (Spärck Jones 1972) of keys that `seen` of `articles` have,
    and `share` of the imagined ones; bounded."""
    documents = articles + 1 + BACKGROUND
    frequency: Numbers = np.log(documents / (seen + BACKGROUND * share + 0.5))
    return np.minimum(_RAREST, frequency)


def at_large(keys: Keys, shares: Numbers) -> Numbers:
    """The rarity of keys where no other article is known."""
    del keys
    return rarity(shares)


def as_met(keys: Keys, rarity_of: Rarity) -> Numbers:
    """The rarity of keys by which facts are met: as far as the articles at hand tell."""
    return rarity_of(keys, np.zeros(len(keys)))


def likeness(one: Profile, others: Sequence[Profile], rarity_of: Rarity = at_large) -> Numbers:
    """The likeness of `one` to each of `others`, from 0 to 1: the geometric mean of the shares of
    each one's facts that the other has.

    A fact counts by the square of its rarity, as in the cosine of tf-idf vectors. A gloss that many
    articles have is met by chance: a fact weighs no more than the rarest key by which it is met.
    """
    ours, theirs = _Side.of([one], rarity_of, times=len(others)), _Side.of(others, rarity_of)
    our_place, their_place = _meetings(one.keys, np.concatenate([each.keys for each in others]))
    pair = np.repeat(np.arange(len(others)), [len(each.keys) for each in others])[their_place]
    met_by = as_met(one.keys, rarity_of)[our_place]
    covered = ours.covered(pair, one.facts[our_place], met_by)
    their_facts = np.concatenate([each.facts for each in others])[their_place]
    covered *= theirs.covered(pair, their_facts, met_by)
    whole = ours.weight() * theirs.weight()
    return np.sqrt(np.divide(covered, whole, out=np.zeros(len(others)), where=whole > 0))


def _meetings(ours: Keys, theirs: Keys) -> tuple[Places, Places]:
    """The places of each equal pair of our keys, which are in order, and theirs."""
    first = np.searchsorted(ours, theirs)
    times = np.searchsorted(ours, theirs, "right") - first
    their_place = np.repeat(np.arange(len(theirs)), times)
    nth = np.arange(len(their_place)) - np.repeat(np.cumsum(times) - times, times)
    return first[their_place] + nth, their_place


class _Side(NamedTuple):
    """The facts of one side of all comparisons, in one row."""

    weights: Numbers
    rarity: Numbers
    sizes: Places
    """The number of facts in each comparison."""

    @classmethod
    def of(cls, profiles: Sequence[Profile], rarity_of: Rarity, times: int = 1) -> Self:
        """The side of `profiles`; all of them stand so many times, one after another."""
        own, shares, weights = (
            np.concatenate([getattr(each, part) for each in profiles])
            for part in ("own", "shares", "weights")
        )
        sizes = np.array([len(each.own) for each in profiles])
        return cls(
            np.tile(weights, times), np.tile(rarity_of(own, shares), times), np.tile(sizes, times)
        )

    def weight(self) -> Numbers:
        """The weight of all facts in each comparison."""
        return self._sums(self.weights * self.rarity**2)

    def covered(self, pair: Places, fact: Places, met_by: Numbers) -> Numbers:
        """The weight of the facts that are met, in each comparison: each `fact` of `pair` by a key
        of the rarity `met_by`."""
        rarest = np.zeros(len(self.rarity))
        np.maximum.at(rarest, (np.cumsum(self.sizes) - self.sizes)[pair] + fact, met_by)
        return self._sums(self.weights * np.minimum(rarest, self.rarity) ** 2)

    def _sums(self, values: Numbers) -> Numbers:
        pairs = np.repeat(np.arange(len(self.sizes)), self.sizes)
        sums: Numbers = np.bincount(pairs, values, len(self.sizes)).astype(np.float64)
        return sums
