"""The rates at which `check` refuses true digests, and digests of other articles.

    python benchmarks/check_rates.py PAIRS.jsonl [--seed N] [--show] [--times]

A line holds an article and one true digest or two: `{"text", "digests": {"en"?, "zh"?}}`. Within
each direction (the article's language and the digest's) every article is also given the digest of
the most similar other article (`hard`, by tf-idf over the words and character pairs of the
articles) and of a random one. Printed are the shares refused, and of the true ones what for.

`spliced`: one sentence of a true digest is replaced by the longest of the most similar article's
digest; counted are those that `unsupported_sentences` names.

`--times` prints instead the CPU time of the support for articles of 2,000 characters, made of those
of the file: for a first digest, with the analysis of the article, and for the next.
"""

import argparse
import math
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.cases import cases
from service.article import Document
from service.checks.article_index import character_pairs
from service.checks.report import sent_document
from service.checks.stems import content_words
from service.checks.support import language_of, support
from service.checks.verdict import Verdict, check
from service.facts.names import Glossary
from service.pipeline.validation import told
from service.resources.prompts import load_prompts
from service.tasks import DigestLanguage
from service.text.script import to_script
from service.text.sentences import split

TOLD = told(load_prompts())
Direction = tuple[str, DigestLanguage]
TIMED_CHARACTERS = 2_000
TIMED_ARTICLES = 24
Vector = Mapping[object, float]


@dataclass(frozen=True)
class Rates:
    """Shares refused of `count` articles, but `spliced`: the share whose strange sentence is named.

    `named` is the share of true digests of which any sentence is named; `faults` says why true
    digests are refused.
    """

    count: int
    true: float
    hard: float
    random: float
    named: float
    spliced: float
    faults: Mapping[str, int]


class Judged:
    """An article, a true digest of it, and the vector that tells which others are like it."""

    def __init__(self, text: str, digest: str) -> None:
        self.text, self.digest = text, digest
        self.vector: Vector = {}

    @cached_property
    def article(self) -> Document:
        return sent_document(self.text)

    @cached_property
    def terms(self) -> Counter[object]:
        simplified = to_script(self.text, "Hans")
        stems = (word.stem for word in content_words(simplified))
        return Counter([*stems, *character_pairs(simplified).keys.tolist()])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", action="store_true", help="print the true digests refused")
    parser.add_argument("--times", action="store_true", help="print what support costs, no rates")
    arguments = parser.parse_args()
    groups = by_direction(list(cases(arguments.pairs)))
    if arguments.times:
        print_times(groups)
        return
    print("direction    n  true  hard  random | named, of true  of spliced | true refused for")
    for (article, digest), judged in sorted(groups.items()):
        rates = measure(judged, digest, arguments.seed, show=arguments.show)
        print(
            f"{article} → {digest}  {rates.count:4}  {rates.true:4.1%}  {rates.hard:4.0%}"
            f"  {rates.random:4.0%}  | {rates.named:4.1%}  {rates.spliced:4.0%} |"
            f" {dict(rates.faults)}"
        )


def by_direction(pairs: Sequence[Any]) -> dict[Direction, list[Judged]]:
    """The articles and digests of each direction, with their vectors."""
    groups: dict[Direction, list[Judged]] = defaultdict(list)
    for pair in pairs:
        for language, digest in pair["digests"].items():
            judged = Judged(pair["text"], digest)
            groups[language_of(judged.article) or "other", language].append(judged)
    for group in groups.values():
        _weigh(group)
    return groups


def _weigh(group: Sequence[Judged]) -> None:
    held = Counter(term for judged in group for term in judged.terms)
    for judged in group:
        weights = {
            term: (1 + math.log(count)) * math.log(len(group) / held[term])
            for term, count in judged.terms.items()
        }
        norm = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        judged.vector = {term: weight / norm for term, weight in weights.items() if weight}


def nearest(judged: Judged, group: Sequence[Judged]) -> Judged:
    """The most similar other article."""
    return max(
        (other for other in group if other.text != judged.text),
        key=lambda other: sum(w * other.vector.get(t, 0.0) for t, w in judged.vector.items()),
    )


def measure(
    group: Sequence[Judged], language: DigestLanguage, seed: int = 0, *, show: bool = False
) -> Rates:
    """The rates of one direction."""
    glossary, chance = Glossary.load(), random.Random(seed)

    def verdict(judged: Judged, digest: str) -> Verdict:
        return check(digest, language, judged.article, glossary, TOLD)

    true = [verdict(each, each.digest) for each in group]
    hard = [(each, nearest(each, group)) for each in group]
    others = [chance.choice([o for o in group if o.text != each.text]) for each in group]
    spliced = [
        verdict(each, _spliced(each.digest, other.digest, language, chance)) for each, other in hard
    ]
    for each, found in zip(group, true, strict=True):
        if show and found.verdict == "refuse":
            print(found.faults, found.support, found.unsupported_numbers, each.digest[:300])
    return Rates(
        len(group),
        _refused(true),
        _refused([verdict(each, other.digest) for each, other in hard]),
        _refused([verdict(e, o.digest) for e, o in zip(group, others, strict=True)]),
        sum(bool(found.unsupported_sentences) for found in true) / len(true),
        sum(bool(found.unsupported_sentences) for found in spliced) / len(spliced),
        Counter(fault for found in true for fault in found.faults),
    )


def print_times(groups: Mapping[Direction, Sequence[Judged]]) -> None:
    """Prints the median CPU time of the support for the first digest of an article and the next."""
    print(f"direction  articles of {TIMED_CHARACTERS} characters  first  next (CPU time)")
    for (article, digest), group in sorted(groups.items()):
        if article == "other":
            continue
        first, following = zip(*times(group, digest), strict=True)
        print(
            f"{article} → {digest}  {len(first):4}  {1000 * median(first):5.1f} ms"
            f"  {1000 * median(following):5.1f} ms"
        )


def times(group: Sequence[Judged], language: DigestLanguage) -> list[tuple[float, float]]:
    """The CPU seconds for a first and a second digest of long articles made of the group's."""
    texts = "\n".join(judged.text for judged in group)
    pieces = [
        texts[start : start + TIMED_CHARACTERS]
        for start in range(0, max(1, len(texts) - TIMED_CHARACTERS + 1), TIMED_CHARACTERS)
    ][:TIMED_ARTICLES]
    one, two = (group[place].digest for place in (0, -1))
    support(one, language, sent_document(pieces[0]))  # reads the dictionary
    found = []
    for piece in pieces:
        article = sent_document(piece)
        found.append((_seconds(one, language, article), _seconds(two, language, article)))
    return found


def _seconds(digest: str, language: DigestLanguage, article: Document) -> float:
    begun = time.process_time()
    support(digest, language, article)
    return time.process_time() - begun


def _refused(verdicts: Sequence[Verdict]) -> float:
    return sum(found.verdict == "refuse" for found in verdicts) / len(verdicts)


def _spliced(digest: str, other: str, language: DigestLanguage, chance: random.Random) -> str:
    sentences = split(digest)
    sentences[chance.randrange(len(sentences))] = max(split(other), key=len)
    return ("" if language == "zh" else " ").join(sentences)


if __name__ == "__main__":
    main()
