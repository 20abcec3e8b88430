"""Articles grouped by story, across languages, in one pass and without a model.

A new article is compared with those that share rare facts with it, and joins the story that it is
most like, or opens one. The same articles in the same order give the same stories. A story once
told is never parted, so articles can be added at any time, and the time that one takes does not
grow with their number.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from heapq import nlargest
from itertools import islice

import numpy as np

from service.result import Facts
from service.stories.likeness import Keys, Numbers, Profile, as_met, likeness, rarity

SAME_STORY = 0.25
"""An article is at least so like its story, from 0 to 1."""
_TELLING = 2.2
"""A key so rare, here or in the world, leads from an article to others that have it: in a folder
of one story, none is rare here."""
_MOST_LED_TO = 100
"""The latest articles that a key leads to."""
_MOST_LOOKED_AT = 400
"""The articles, counted for each key anew, after which no more common key is followed."""
_MOST_STORIES, _MOST_MEMBERS = 5, 8
"""Stories that a new article is compared with, and articles of each."""
_NEAR = 1 / 3
"""Such a story shares at least this part of what the nearest one does. Among many articles some of
five stories always meet the new one by chance, and long ones first."""


class StoryIndex:
    """Stories, and the numbers of their articles in the order in which they were added."""

    def __init__(self) -> None:
        self.stories: list[list[int]] = []
        self._pages: list[set[Hashable]] = []
        self._likeness_within: list[float] = []
        """The sum of the likeness of all pairs of articles of each story."""
        self._profiles: dict[int, Profile] = {}
        """Those of articles that a new one may be compared with."""
        self._story_of: list[int] = []
        self._with_key: dict[int, list[int]] = defaultdict(list)
        self._articles_with: Counter[int] = Counter()

    def add(self, facts: Facts, page: Hashable = None) -> int:
        """Add an article, and return the number of its story.

        Articles of one `page` are different stories; None is no page.
        """
        number, profile = len(self._story_of), Profile.of(facts)
        keys = set(profile.keys.tolist())
        self._articles_with.update(keys)
        story = self._story_for(profile, page)
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
        self._story_of.append(story)
        for key in keys:
            led_to = self._with_key[key]
            led_to.append(number)
            del led_to[:-_MOST_LED_TO]
        return story

    def _story_for(self, profile: Profile, page: Hashable) -> int | None:
        """The story that an article is most like; None where it is like none."""
        near = [story for story in self._stories_near(profile) if self._takes(story, page)]
        if not near:
            return None
        compared = [self._compared(story) for story in near]
        members = [self._profiles[number] for numbers in compared for number in numbers]
        alike = iter(likeness(profile, members, self._rarity).tolist())
        means = {
            story: sum(islice(alike, len(numbers))) / len(numbers)
            for story, numbers in zip(near, compared, strict=True)
        }
        to_story = {story: means[story] / math.sqrt(self._coherence(story)) for story in near}
        best = max(near, key=lambda story: (to_story[story], -story))
        if to_story[best] <= SAME_STORY:
            return None
        self._likeness_within[best] += means[best] * len(self.stories[best])
        return best

    def _takes(self, story: int, page: Hashable) -> bool:
        return page is None or page not in self._pages[story]

    def _stories_near(self, profile: Profile) -> Sequence[int]:
        near: dict[int, float] = defaultdict(float)
        looked_at = 0
        for shared, key in self._leads(profile):
            led_to = self._with_key.get(key, ())
            for number in led_to:
                near[number] += shared
            looked_at += len(led_to)
            if looked_at > _MOST_LOOKED_AT:
                break
        least = _NEAR * max(near.values(), default=0.0)
        nearest: dict[int, float] = {}
        for number, shared in near.items():
            if shared >= least:
                story = self._story_of[number]
                nearest[story] = max(shared, nearest.get(story, 0.0))
        return nlargest(_MOST_STORIES, nearest, key=lambda story: (nearest[story], -story))

    def _leads(self, profile: Profile) -> Iterable[tuple[float, int]]:
        """The rarity of each key that leads to other articles, and the key; the rarest first."""
        if not len(profile.keys):
            return
        own = self._rarity(profile.own, profile.shares)
        telling = np.maximum(own, rarity(profile.shares)) >= _TELLING
        shared = np.minimum(own[profile.facts], as_met(profile.keys, self._rarity))
        keys, first = np.unique(profile.keys, return_index=True)
        most = np.maximum.reduceat(np.where(telling[profile.facts], shared, 0.0), first)
        for place in np.lexsort((keys, most))[::-1]:
            if not most[place]:
                return
            yield float(most[place]), int(keys[place])

    def _compared(self, story: int) -> Sequence[int]:
        """The articles of a story that stand for it: of a long one the first and the latest."""
        members = self.stories[story]
        if len(members) <= _MOST_MEMBERS:
            return members
        half = _MOST_MEMBERS // 2
        return [*members[:half], *members[-half:]]

    def _coherence(self, story: int) -> float:
        """The mean likeness of all pairs of a story's articles, each with itself among them: the
        square of the length of their centroid, were they vectors of length 1."""
        count = len(self.stories[story])
        return (count + 2 * self._likeness_within[story]) / count**2

    def _rarity(self, keys: Keys, shares: Numbers) -> Numbers:
        seen = map(self._articles_with.__getitem__, keys.tolist())
        return rarity(shares, np.fromiter(seen, np.int64, len(keys)), len(self._story_of))


def group(articles: Iterable[Facts]) -> list[list[int]]:
    """The indices of the articles of each story, the stories in the order of their first one."""
    index = StoryIndex()
    for facts in articles:
        index.add(facts)
    return index.stories
