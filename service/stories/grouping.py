"""Articles grouped by story, across languages, in one pass and without a model.

A new article is compared with those that share rare facts with it, and joins the story that it is
most like, or opens one. The same articles in the same order give the same stories. A story once
told is never parted, so articles can be added at any time, and the time that one takes does not
grow with their number.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from functools import cache
from heapq import nlargest

from service.result import Facts
from service.stories.likeness import Profile, Rarity, covered, rarity, weight

SAME_STORY = 0.25
"""An article is at least so like its story, from 0 to 1."""
_TELLING = 2.2
"""A key so rare, here or in the world, leads from an article to others that have it: in a folder
of one story, none is rare here."""
_MOST_LED_TO = 200
"""The latest articles that a key leads to."""
_MOST_LOOKED_AT = 1000
"""The articles, counted for each key anew, after which no more common key is followed."""
_MOST_STORIES, _MOST_MEMBERS = 5, 8
"""Stories that a new article is compared with, and articles of each."""
_NEAR = 1 / 3
"""Such a story shares at least this part of what the nearest one does. Among many articles some of
five stories always meet the new one by chance, and long ones first."""
_STALE = 1.1
"""The weight of an article is computed anew when their number has grown so much since."""


class StoryIndex:
    """Stories, and the numbers of their articles in the order in which they were added."""

    def __init__(self) -> None:
        self.stories: list[list[int]] = []
        self._pages: list[set[Hashable]] = []
        self._likeness_within: list[float] = []
        """The sum of the likeness of all pairs of articles of each story."""
        self._profiles: dict[int, Profile] = {}
        """Those of articles that a new one may be compared with."""
        self._weights: dict[int, tuple[int, float]] = {}
        """The weight of such an article, and the number of articles when it was computed."""
        self._story_of: list[int] = []
        self._with_key: dict[int, list[int]] = defaultdict(list)
        self._articles_with: Counter[int] = Counter()

    def add(self, facts: Facts, page: Hashable = None) -> int:
        """Add an article, and return the number of its story.

        Articles of one `page` are different stories; None is no page.
        """
        number, profile = len(self._story_of), Profile.of(facts)
        keys = set(profile.keys)
        self._articles_with.update(keys)
        story = self._story_for(profile, keys, page)
        if story is None:
            story = len(self.stories)
            self.stories.append([])
            self._pages.append(set())
            self._likeness_within.append(0.0)
        members = self.stories[story]
        members.append(number)
        self._pages[story].add(page)
        self._profiles[number] = profile
        for left in members[_MOST_MEMBERS // 2 : -_MOST_MEMBERS // 2][-1:]:
            self._profiles.pop(left, None)
            self._weights.pop(left, None)
        self._story_of.append(story)
        for key in keys:
            led_to = self._with_key[key]
            led_to.append(number)
            del led_to[:-_MOST_LED_TO]
        return story

    def _story_for(self, profile: Profile, keys: set[int], page: Hashable) -> int | None:
        """The story that an article is most like; None where it is like none."""
        rarity_of = cache(self._rarity)  # of each key once, for it is met in many comparisons
        own = weight(profile, rarity_of)
        best, most, mean_of_best = None, SAME_STORY, 0.0
        for story in self._stories_near(profile, rarity_of):
            if page is not None and page in self._pages[story]:
                continue
            members = self._compared(story)
            mean = sum(
                self._likeness(profile, own, keys, member, rarity_of) for member in members
            ) / len(members)
            to_story = mean / math.sqrt(self._coherence(story))
            if to_story > most or (to_story == most and best is not None and story < best):
                best, most, mean_of_best = story, to_story, mean
        if best is not None:
            self._likeness_within[best] += mean_of_best * len(self.stories[best])
        return best

    def _stories_near(self, profile: Profile, rarity_of: Rarity) -> Sequence[int]:
        near: dict[int, float] = defaultdict(float)
        looked_at = 0
        for shared, key in self._leads(profile, rarity_of):
            led_to = self._with_key.get(key, ())
            for number in led_to:
                near[number] += shared
            looked_at += len(led_to)
            if looked_at > _MOST_LOOKED_AT:
                break
        nearest: dict[int, float] = {}
        for number, shared in near.items():
            story = self._story_of[number]
            if shared > nearest.get(story, 0.0):
                nearest[story] = shared
        found = nlargest(_MOST_STORIES, nearest, key=lambda story: (nearest[story], -story))
        return [story for story in found if nearest[story] >= _NEAR * nearest[found[0]]]

    def _leads(self, profile: Profile, rarity_of: Rarity) -> Iterable[tuple[float, int]]:
        """The rarity of each key that leads to other articles, and the key; the rarest first."""
        found: dict[int, float] = {}
        for key, fact in zip(profile.keys, profile.facts, strict=True):
            share = profile.shares[fact]
            own = rarity_of(profile.own[fact], share)
            if max(own, rarity(share)) >= _TELLING:
                found[key] = max(found.get(key, 0.0), min(own, rarity_of(key, 0.0)))
        return sorted(((shared, key) for key, shared in found.items()), reverse=True)

    def _compared(self, story: int) -> Sequence[int]:
        """The articles of a story that stand for it: of a long one the first and the latest."""
        members = self.stories[story]
        if len(members) <= _MOST_MEMBERS:
            return members
        half = _MOST_MEMBERS // 2
        return [*members[:half], *members[-half:]]

    def _likeness(
        self, profile: Profile, own: float, keys: set[int], number: int, rarity_of: Rarity
    ) -> float:
        """The likeness of a new article of the weight `own` to an earlier one."""
        other = self._profiles[number]
        met = keys.intersection(other.keys)
        both = covered(profile, met, rarity_of) * covered(other, met, rarity_of)
        return math.sqrt(both / (own * self._weight(number, rarity_of))) if both else 0.0

    def _weight(self, number: int, rarity_of: Rarity) -> float:
        then, found = self._weights.get(number, (0, 0.0))
        now = len(self._story_of)
        if now > then * _STALE:
            found = weight(self._profiles[number], rarity_of)
            self._weights[number] = now, found
        return found

    def _coherence(self, story: int) -> float:
        """The mean likeness of all pairs of a story's articles, each with itself among them: the
        square of the length of their centroid, were they vectors of length 1."""
        count = len(self.stories[story])
        return (count + 2 * self._likeness_within[story]) / count**2

    def _rarity(self, key: int, share: float) -> float:
        return rarity(share, self._articles_with[key], len(self._story_of))


def group(articles: Iterable[Facts]) -> list[list[int]]:
    """The indices of the articles of each story, the stories in the order of their first one."""
    index = StoryIndex()
    for facts in articles:
        index.add(facts)
    return index.stories
