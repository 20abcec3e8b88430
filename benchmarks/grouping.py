"""The cost of grouping articles by story, and how well it goes, by their number.

    python -m benchmarks.grouping [--articles 1000 5000 25000 100000]

The articles are facts without texts, in English and Chinese, about five to a story. A story is of a
kind (one of 300, whose words all its stories share: earthquakes, elections), has names, some of
them in many stories, words and figures of its own; an article has most of these, and words of any
news in the proportions of Zipf's law. The words are CC-CEDICT's, in English their glosses. Each
number of articles is grouped in a process of its own; printed are CPU milliseconds an article, of
all and of the last thousand, the memory that grouping took, and B-cubed.
"""

import argparse
import gzip
import random
import resource
import time
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice
from typing import NamedTuple, TypeVar

from benchmarks.b_cubed import b_cubed
from service.checks.dictionary import FILE
from service.result import Facts, StatedFigure
from service.stories.grouping import StoryIndex

_KINDS, _KIND_WORDS = 300, 12
_WORDS, _NAMES, _FIGURES = 18, 6, 6
_NEWS_WORDS = 25
_KEPT = 0.6
"""The share of a story's facts that one article has."""
_FAMOUS = 2_000
"""Names that stories share, in the proportions of Zipf's law."""
_OPEN = 400
"""Stories that are written about at the same time."""
_MB = 1e6

T = TypeVar("T")


class Word(NamedTuple):
    chinese: str
    english: str


class Story(NamedTuple):
    number: int
    names: list[str]
    words: list[Word]
    figures: list[StatedFigure]


class Newsroom:
    """Stories and articles about them, the same for the same seed."""

    def __init__(self, seed: int = 0) -> None:
        self._rng = random.Random(seed)
        self._words = list(_dictionary())
        self._rng.shuffle(self._words)
        self._zipf = list(accumulate(1 / (rank + 3) for rank in range(len(self._words))))
        self._kinds = [[self._any_word() for _ in range(_KIND_WORDS)] for _ in range(_KINDS)]
        self._stories = 0

    def articles(self) -> Iterator[tuple[int, Facts]]:
        """The number of the story of each article, and its facts, without end."""
        open_stories = [self._story() for _ in range(_OPEN)]
        while True:
            place = self._rng.randrange(_OPEN)
            yield open_stories[place].number, self._article(open_stories[place])
            if self._rng.random() < 0.2:
                open_stories[place] = self._story()

    def _story(self) -> Story:
        rng = self._rng
        self._stories += 1
        own = [f"{self._name()} {self._name()}" for _ in range(_NAMES // 2)]
        famous = [f"Famous{int(_FAMOUS ** rng.random())}" for _ in range(_NAMES - len(own))]
        kind = rng.choice(self._kinds)
        words = kind + [rng.choice(self._words) for _ in range(_WORDS - _KIND_WORDS)]
        return Story(self._stories, own + famous, words, [self._figure() for _ in range(_FIGURES)])

    def _article(self, story: Story) -> Facts:
        rng = self._rng
        is_chinese = rng.random() < 0.5
        words = [*self._some(story.words), *(self._any_word() for _ in range(_NEWS_WORDS))]
        return Facts(
            names={name: rng.randint(1, 3) for name in self._some(story.names)},
            terms={w.chinese if is_chinese else w.english: rng.randint(1, 2) for w in words},
            figures=[*self._some(story.figures), self._figure()],
        )

    def _some(self, facts: Sequence[T]) -> list[T]:
        return [fact for fact in facts if self._rng.random() < _KEPT]

    def _any_word(self) -> Word:
        (word,) = self._rng.choices(self._words, cum_weights=self._zipf)
        return word

    def _name(self) -> str:
        parts = (self._rng.choice("bdfgklmnprstvz") + self._rng.choice("aeiou") for _ in range(3))
        return "".join(parts).capitalize()

    def _figure(self) -> StatedFigure:
        kind, unit = self._rng.choice(
            [("number", "person"), ("money", "USD"), ("percent", None), ("measure", "meter")]
        )
        value = self._rng.choice([self._rng.randint(20, 99), self._rng.randint(100, 99_999)])
        return StatedFigure(
            text=str(value), kind=kind, values=[value], unit=unit, about=[],
            start=0, end=1,
        )  # fmt: skip


def _dictionary() -> Iterator[Word]:
    with gzip.open(FILE, "rt", encoding="utf-8") as file:
        for line in file:
            if not line.startswith("#"):
                chinese, stems, _ = line.rstrip("\n").split("\t")
                if stems and len(chinese) > 1:
                    yield Word(chinese, stems.split()[0])


class CountedIndex(StoryIndex):
    """A StoryIndex that counts the articles that new ones are compared with."""

    compared = 0

    def _compared(self, story: int) -> Sequence[int]:
        members = super()._compared(story)
        self.compared += len(members)
        return members


def measure(counts: Sequence[int]) -> None:
    """Group articles, and print a row at each of `counts`."""
    list(map(StoryIndex().add, (facts for _, facts in islice(Newsroom(1).articles(), 50))))
    index, stories, spent = CountedIndex(), list[int](), [0.0]
    compared = [0]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for story, facts in islice(Newsroom().articles(), max(counts)):
        stories.append(story)
        begun = time.process_time()
        index.add(facts)
        spent.append(spent[-1] + time.process_time() - begun)
        compared.append(index.compared)
        if (count := len(stories)) in counts:
            grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / _MB
            last = min(count, 1000)
            found = b_cubed(stories, index.stories)
            print(
                f"{count:>8,} {1000 * spent[-1] / count:>10.2f}"
                f" {1000 * (spent[-1] - spent[-1 - last]) / last:>10.2f}"
                f" {(compared[-1] - compared[-1 - last]) / last:>8.1f} {grown:>8,.0f}"
                f" {found.precision:>10.3f} {found.recall:>7.3f} {found.f1:>6.3f}",
                flush=True,
            )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--articles", nargs="+", type=int, default=[1000, 5000, 25_000, 100_000])
    asked = arguments.parse_args()
    print("articles ms/article  last 1000 compared       MB  precision  recall     F1", flush=True)
    measure(asked.articles)


if __name__ == "__main__":
    main()
