"""The grouping of articles by story, measured on articles whose stories are known.

    python -m benchmarks.news_stories PATH... [--half even|odd] [--orders 5] [--show]

A path is a file of JSON Lines, `{"story", "text", "title"?}` a line, or a folder of ECB+ (Cybulska
and Vossen 2014): `TOPIC/TOPIC_NUMBERecb.xml` and `…ecbplus.xml`. Its topics are kinds of events;
the two halves of a topic are about two events of that kind, so that each story has a near
neighbour. `--half` takes the topics of even or odd numbers alone (of a file: of stories), so that
one half can be looked at and the other kept. The figures are B-cubed, over several orders of
arrival. `--show` lists the articles that were not grouped as they should be.
"""

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean
from typing import NamedTuple
from xml.etree import ElementTree

from benchmarks.b_cubed import BCubed, b_cubed
from service.article import Article
from service.cleaning import clean
from service.errors import NoText
from service.facts.names import Glossary
from service.result import Facts
from service.stories.grouping import group
from service.stories.signature import facts_of

HALVES = {"even": 0, "odd": 1}


class LabelledArticle(NamedTuple):
    name: str
    story: str
    topic: int
    text: str


def read(path: Path) -> Iterator[LabelledArticle]:
    """The articles of a file or of a folder of ECB+."""
    if path.is_dir():
        for file in sorted(path.glob("*/*_*ecb*.xml")):
            topic, kind = re.fullmatch(r"(\d+)_\d+(ecb|ecbplus)", file.stem).groups()
            yield LabelledArticle(file.stem, f"{topic}{kind}", int(topic), ecb_text(file))
        return
    numbers: dict[str, int] = {}
    for index, line in enumerate(path.read_text("utf-8").splitlines()):
        told = json.loads(line)
        text = "\n\n".join(filter(None, (told.get("title"), told["text"])))
        story = str(told["story"])
        number = numbers.setdefault(story, len(numbers))
        yield LabelledArticle(f"{path.name}:{index + 1}", story, number, text)


def ecb_text(file: Path) -> str:
    """The words of a document of ECB+, a line a sentence, without the address before them."""
    sentences: dict[int, list[str]] = {}
    for token in ElementTree.parse(file).iter("token"):
        sentences.setdefault(int(token.get("sentence", "0")), []).append(token.text or "")
    lines = [_joined(words) for words in sentences.values() if words[0] != "http"]
    return "\n".join(lines)


def _joined(words: Sequence[str]) -> str:
    text = " ".join(words)
    text = re.sub(r" (?=[.,;:?!%)\]]|'s\b|n't\b|'\w+\b)", "", text)
    return re.sub(r"(?<=[(\[$£€]) ", "", text)


def chosen(paths: Sequence[Path], half: str | None) -> list[LabelledArticle]:
    """The articles of all paths, of the topics of one half or of both."""
    articles = (article for path in paths for article in read(path))
    return [each for each in articles if half is None or each.topic % 2 == HALVES[half]]


def in_order(articles: Sequence[tuple[LabelledArticle, Facts]], seed: int) -> BCubed:
    shuffled = list(articles)
    random.Random(seed).shuffle(shuffled)
    return b_cubed([a.story for a, _ in shuffled], group(facts for _, facts in shuffled))


def facts(articles: Sequence[LabelledArticle]) -> Iterator[tuple[LabelledArticle, Facts]]:
    glossary = Glossary.load()
    for article in articles:
        try:
            yield article, facts_of(clean(Article(article.text)), glossary)
        except NoText:
            print(f"no text: {article.name}")


def show(articles: Sequence[tuple[LabelledArticle, Facts]]) -> None:
    """Print the clusters that hold several stories, and the stories that fell apart."""
    parts: Counter[str] = Counter()
    for members in group(facts for _, facts in articles):
        stories = Counter(articles[index][0].story for index in members)
        parts.update(stories.keys())
        if len(stories) > 1:
            print("together:", dict(stories))
    print("in parts:", {story: count for story, count in parts.most_common() if count > 1})


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("paths", nargs="+", type=Path)
    arguments.add_argument("--half", choices=HALVES)
    arguments.add_argument("--orders", type=int, default=5)
    arguments.add_argument("--show", action="store_true")
    asked = arguments.parse_args()
    told = list(facts(chosen(asked.paths, asked.half)))
    reached = [in_order(told, seed) for seed in range(asked.orders)]
    stories = len({article.story for article, _ in told})
    print(
        f"{len(told)} articles, {stories} stories, {asked.orders} orders: B-cubed"
        f" precision {mean(r.precision for r in reached):.3f},"
        f" recall {mean(r.recall for r in reached):.3f},"
        f" F1 {mean(r.f1 for r in reached):.3f} (least {min(r.f1 for r in reached):.3f})"
    )
    if asked.show:
        show(told)


if __name__ == "__main__":
    main()
