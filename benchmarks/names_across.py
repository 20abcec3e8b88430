"""The checks of names across languages, measured on aligned sentences.

    python benchmarks/names_across.py ENGLISH CHINESE [--pairs N] [--seed N] [--show]

The two files hold a sentence a line, line by line translations of each other. A digest is one
sentence, its article that sentence and the two before and after it, in the other language or (the
last two rows) in the same one.

1. False alarms: the part of the true digests in which `unsupported_names` finds anything.
2. Invented names caught: in each digest one name is put in the place of another; the new one is
   drawn from the other digests and is neither in the article nor in its translation. English names
   are those that the glossary finds but acronyms, Chinese ones those that the segmenter tags: names
   that are translated by their meaning (Navy Day) and words that are no names are among them, and
   can't be caught.
"""

import argparse
import random
import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from service.article import Document
from service.checks.unsupported import unsupported_names
from service.facts.chinese_names import han_names
from service.facts.names import Glossary

CONTEXT = 2
ROWS = (("zh", "en"), ("en", "zh"), ("en", "en"), ("zh", "zh"))


class Case(NamedTuple):
    """A digest, its article, and the article's translation into the language of the digest."""

    digest: str
    article: str
    translation: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("english", type=Path)
    parser.add_argument("chinese", type=Path)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", action="store_true", help="print what goes wrong")
    arguments = parser.parse_args()
    paths = {"en": arguments.english, "zh": arguments.chinese}
    lines = {name: path.read_text(encoding="utf-8").split("\n") for name, path in paths.items()}
    places = [i for i, both in enumerate(zip(*lines.values(), strict=True)) if all(both)]
    places = random.Random(arguments.seed).sample(places, min(arguments.pairs, len(places)))
    glossary = Glossary.load()
    for article, digest in ROWS:
        cases = [
            Case(lines[digest][i], *(around(lines[of], i) for of in (article, digest)))
            for i in places
        ]
        measure(f"{article} article, {digest} digest", cases, glossary, arguments)


def around(lines: list[str], place: int) -> str:
    return "\n".join(lines[max(0, place - CONTEXT) : place + CONTEXT + 1])


def measure(row: str, cases: list[Case], glossary: Glossary, arguments: argparse.Namespace) -> None:
    alarms = [lacking(case.digest, case.article, glossary) for case in cases]
    false = [found for found in alarms if found]
    caught, missed = invent(cases, glossary, random.Random(arguments.seed))
    total = caught + len(missed)
    print(
        f"{row}: false alarms {len(false)}/{len(cases)} = {len(false) / len(cases):.1%},"
        f" invented names caught {caught}/{total} = {caught / max(1, total):.1%}"
    )
    if arguments.show:
        print("  false:", false, "\n  missed:", missed)


def lacking(digest: str, article: str, glossary: Glossary) -> list[str]:
    return unsupported_names(Document.of(digest), Document.of(article), glossary)


def invent(cases: list[Case], glossary: Glossary, chance: random.Random) -> tuple[int, list[str]]:
    """The number of invented names that are caught, and those that are not."""
    own = [names(case.digest, glossary) for case in cases]
    pool = [name for found in own for name in found]
    caught, missed = 0, []
    for case, found in zip(cases, own, strict=True):
        others = [
            name for name in pool if name not in case.translation and name not in case.article
        ]
        if not found or not others:
            continue
        name = chance.choice(others)
        changed = case.digest.replace(chance.choice(found), name)
        before = lacking(case.digest, case.article, glossary)
        if set(lacking(changed, case.article, glossary)) - set(before):
            caught += 1
        else:
            missed.append(name)
    return caught, missed


def names(digest: str, glossary: Glossary) -> list[str]:
    found = [name.surface for name in glossary.find_names(digest) if not name.surface.isupper()]
    return list(dict.fromkeys([*found, *han_names(digest, guesses=True)]))


if __name__ == "__main__":
    main()
