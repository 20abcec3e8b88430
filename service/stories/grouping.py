"""Articles grouped by story, across languages, in one pass and without a model.

A new article is compared with those that share rare facts with it, and joins the story that it is
most like, or opens one. The same articles in the same order give the same stories. A story once
told is never parted, so articles can be added at any time, and the time that one takes does not
grow with their number.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from functools import cache
from heapq import nlargest

from service.result import Facts
from service.stories.likeness import Profile, Rarity, likeness, rarity

SAME_STORY = 0.25
"""An article is at least so like the articles of its story, from 0 to 1."""
_TELLING = 2.2
"""A key so rare, here or in the world, leads from an article to others that have it: in a folder
of one story, none is rare here."""
_MOST_LED_TO = 200
"""The latest articles that a key leads to."""
_MOST_STORIES, _MOST_MEMBERS = 5, 8
"""Stories that a new article is compared with, and articles of each."""


class StoryIndex:
    """Stories, and the numbers of their articles in the order in which they were added."""

    def __init__(self) -> None:
        self.stories: list[list[int]] = []
        self._profiles: list[Profile] = []
        self._pages: list[set[Hashable]] = []
        self._story_of: list[int] = []
        self._with_key: dict[int, list[int]] = defaultdict(list)
        self._articles_with: Counter[int] = Counter()

    def add(self, facts: Facts, page: Hashable = None) -> int:
        """Add an article, and return the number of its story.

        Articles of one `page` are different stories; None is no page.
        """
        number, profile = len(self._profiles), Profile.of(facts)
        self._articles_with.update(profile.keys)
        story = self._story_for(profile, page)
        if story is None:
            story = len(self.stories)
            self.stories.append([])
            self._pages.append(set())
        self.stories[story].append(number)
        self._pages[story].add(page)
        self._profiles.append(profile)
        self._story_of.append(story)
        for key in profile.keys:
            led_to = self._with_key[key]
            led_to.append(number)
            del led_to[:-_MOST_LED_TO]
        return story

    def _story_for(self, profile: Profile, page: Hashable) -> int | None:
        """The story that an article is most like; None where it is like none."""
        rarity_of = cache(self._rarity)  # of each key once, for it is met in many comparisons
        likeness_to = {
            story: self._mean_likeness(profile, self.stories[story], rarity_of)
            for story in self._stories_near(profile, rarity_of)
            if page is None or page not in self._pages[story]
        }
        best = max(likeness_to, key=lambda story: (likeness_to[story], -story), default=None)
        return best if best is not None and likeness_to[best] >= SAME_STORY else None

    def _stories_near(self, profile: Profile, rarity_of: Rarity) -> Iterable[int]:
        near: dict[int, float] = defaultdict(float)
        for fact in profile.facts:
            weight = rarity_of(fact.keys[0], fact.share)
            telling = max(weight, rarity(fact.share)) >= _TELLING
            for key in fact.keys if telling else ():
                for number in self._with_key.get(key, ()):
                    near[number] += weight
        nearest: dict[int, float] = {}
        for number, weight in near.items():
            story = self._story_of[number]
            nearest[story] = max(weight, nearest.get(story, 0))
        return nlargest(_MOST_STORIES, nearest, key=lambda story: (nearest[story], -story))

    def _mean_likeness(self, profile: Profile, members: list[int], rarity_of: Rarity) -> float:
        """The mean over a story's articles: of a long one over the first and the latest."""
        if len(members) > _MOST_MEMBERS:
            half = _MOST_MEMBERS // 2
            members = [*members[:half], *members[-half:]]
        each = (likeness(profile, self._profiles[member], rarity_of) for member in members)
        return sum(each) / len(members)

    def _rarity(self, key: int, share: float) -> float:
        return rarity(share, self._articles_with[key], len(self._profiles))


def group(articles: Iterable[Facts]) -> list[list[int]]:
    """The indices of the articles of each story, the stories in the order of their first one."""
    index = StoryIndex()
    for facts in articles:
        index.add(facts)
    return index.stories
