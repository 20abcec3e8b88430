"""The repetition of facts among articles, of news and of the generated articles of `grouping`.

    python -m benchmarks.repetition PATH... [--half even|odd] [--generated 120]

Paths are those of `news_stories`. Of the keys that articles are grouped by it prints how many an
article has, the share that no other article has, that other articles of its story alone have, and
that articles of more than five stories have; and the share of the keys of the smaller of two
articles that the other one has too, of one story and of two. Generated are English articles of so
many stories.
"""

import argparse
import random
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import combinations, islice
from pathlib import Path
from statistics import mean

from benchmarks.grouping import Newsroom
from benchmarks.news_stories import HALVES, chosen, facts
from service.result import Facts
from service.stories.fact_keys import keyed_facts

_PAIRS = 3000
_MANY = 5

Labelled = tuple[Hashable, frozenset[int]]
"""The story of an article, and its keys."""


def describe(articles: Sequence[Labelled]) -> str:
    stories_with: dict[int, set[Hashable]] = defaultdict(set)
    articles_with: dict[int, int] = defaultdict(int)
    by_story: dict[Hashable, list[frozenset[int]]] = defaultdict(list)
    for story, keys in articles:
        by_story[story].append(keys)
        for key in keys:
            stories_with[key].add(story)
            articles_with[key] += 1
    own = mean(_share(keys, lambda key: articles_with[key] == 1) for _, keys in articles)
    story = mean(
        _share(keys, lambda key: articles_with[key] > 1 == len(stories_with[key]))
        for _, keys in articles
    )
    many = mean(_share(keys, lambda key: len(stories_with[key]) > _MANY) for _, keys in articles)
    same = mean(_met(*pair) for told in by_story.values() for pair in combinations(told, 2))
    rng = random.Random(0)
    pairs = (rng.sample(articles, 2) for _ in range(_PAIRS))
    other = mean(_met(a, b) for (one, a), (two, b) in pairs if one != two)
    return (
        f"{len(articles)} articles, {len(by_story)} stories,"
        f" {mean(len(keys) for _, keys in articles):.0f} keys: of one article {own:.2f}, of one"
        f" story {story:.2f}, of more than {_MANY} {many:.2f}; shared within a story {same:.3f},"
        f" between two {other:.3f}"
    )


def _share(keys: frozenset[int], holds: Callable[[int], bool]) -> float:
    return sum(map(holds, keys)) / len(keys)


def _met(one: frozenset[int], other: frozenset[int]) -> float:
    return len(one & other) / min(len(one), len(other))


def _labelled(articles: Iterable[tuple[Hashable, Facts]]) -> Iterator[Labelled]:
    for story, told in articles:
        keys = frozenset(key for fact in keyed_facts(told) for key in fact.keys)
        if keys:
            yield story, keys


def _generated(stories: int) -> Iterator[tuple[Hashable, Facts]]:
    """The English articles of the first stories of a newsroom."""
    wanted: set[Hashable] = set()
    for story, told in islice(Newsroom().articles(), 40 * stories):
        if len(wanted) < stories:
            wanted.add(story)
        if story in wanted and all(term.isascii() for term in told.terms):
            yield story, told


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("paths", nargs="*", type=Path)
    arguments.add_argument("--half", choices=HALVES)
    arguments.add_argument("--generated", type=int, default=120, help="stories")
    asked = arguments.parse_args()
    if given := chosen(asked.paths, asked.half):
        news = ((article.story, told) for article, told in facts(given))
        print("given:", describe(list(_labelled(news))))
    print("generated:", describe(list(_labelled(_generated(asked.generated)))))


if __name__ == "__main__":
    main()
