"""How well are figures read across languages? Measured on aligned sentences.

    python benchmarks/flores_figures.py FLORES.en FLORES.zh [--seed N] [--show]

The two files hold a sentence a line, line by line translations of each other (the dev split of
FLORES-101, CC BY-SA 4.0, is one such pair). Counted are the pairs in which at least one side has
a weighty figure (`service.facts.numerals.is_weighty`).

1. True pairs agree: the part of them that `service.facts.checks.figures_match` accepts. It is
   strict: each weighty figure of either side must be stated by the other.
2. Changed pairs are caught: in each accepted pair one weighty figure of one side, drawn with the
   seed, has one of its digits (or Chinese numerals) changed into another, so that its value
   changes; `figures_match` should refuse the pair. A pair is skipped where no weighty figure has a
   digit. Every pair is changed once on each side.
"""

import argparse
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from service.facts.checks import figures_match, unmatched
from service.facts.numerals import Figure, find_figures, is_weighty

DIGITS = "0123456789"
NUMERALS = "一二三四五六七八九"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("english", type=Path)
    parser.add_argument("chinese", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", action="store_true", help="print what goes wrong")
    arguments = parser.parse_args()
    pairs = read_pairs(arguments.english, arguments.chinese)
    agreeing, wrong = split(pairs)
    count = len(agreeing) + len(wrong)
    print(f"pairs: {len(pairs)}, with weighty figures: {count}")
    print(f"true pairs agree: {len(agreeing)}/{count} = {len(agreeing) / count:.1%}")
    caught, missed = change_all(agreeing, random.Random(arguments.seed))
    changed = caught + len(missed)
    print(f"changed pairs caught: {caught}/{changed} = {caught / changed:.1%}")
    if arguments.show:
        show(wrong, missed)


def read_pairs(english: Path, chinese: Path) -> list[tuple[str, str]]:
    sides = [path.read_text(encoding="utf-8").splitlines() for path in (english, chinese)]
    return list(zip(*sides, strict=True))


def split(pairs: list[tuple[str, str]]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The pairs with weighty figures that agree, and those that don't."""
    agreeing, wrong = [], []
    for pair in pairs:
        if any(is_weighty(f) for side in pair for f in find_figures(side)):
            (agreeing if figures_match(*pair) else wrong).append(pair)
    return agreeing, wrong


def change_all(
    pairs: list[tuple[str, str]], chance: random.Random
) -> tuple[int, list[tuple[str, str]]]:
    """How many changes are caught, and the changed pairs that are not."""
    caught, missed = 0, []
    for pair in pairs:
        for side in (0, 1):
            text = change(pair[side], chance)
            if text is not None:
                changed = (text, pair[1]) if side == 0 else (pair[0], text)
                if figures_match(*changed):
                    missed.append(changed)
                else:
                    caught += 1
    return caught, missed


def change(text: str, chance: random.Random) -> str | None:
    """`text` with one digit of one weighty figure changed, or None where none has a digit."""
    places = [
        (figure, i)
        for figure in find_figures(text)
        if is_weighty(figure)
        for i in range(figure.start, figure.end)
        if text[i] in DIGITS + NUMERALS
    ]
    chance.shuffle(places)
    for figure, i in places:
        alphabet = DIGITS if text[i] in DIGITS else NUMERALS
        other = chance.choice([c for c in alphabet if c != text[i]])
        changed = text[:i] + other + text[i + 1 :]
        if _reads_differently(figure, changed):
            return changed
    return None


def _reads_differently(figure: Figure, changed: str) -> bool:
    """True when the place still holds a figure, and of another value (not 2025-13-01)."""
    for other in find_figures(changed):
        if other.start == figure.start:
            return is_weighty(other) and (other.kind, other.values) != (figure.kind, figure.values)
    return False


def show(wrong: list[tuple[str, str]], missed: list[tuple[str, str]]) -> None:
    for english, chinese in wrong:
        print("\ndisagree\n ", english, "\n ", chinese)
        here, there = find_figures(english), find_figures(chinese)
        print("  only here:", [f.text for f in unmatched(here, there)])
        print("  only there:", [f.text for f in unmatched(there, here)])
    for english, chinese in missed:
        print("\nnot caught\n ", english, "\n ", chinese)


if __name__ == "__main__":
    main()
