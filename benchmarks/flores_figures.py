"""Figures across languages: how many agree in aligned sentences, and how many changes are caught.

    python benchmarks/flores_figures.py ENGLISH CHINESE [--seed N] [--show]

The two files hold one sentence per line, and each line translates the other's (for example the dev
split of FLORES-101, CC BY-SA 4.0). Pairs are counted in which at least one side has a weighty
figure (`service.facts.numerals.is_weighty`).

1. True pairs agree: the share that `service.checks.unsupported.figures_match` accepts. It is
   strict: each weighty figure of either side, and every other digit, must be stated by the other.
2. Changed figures are caught: in each accepted pair one weighty figure of one side, drawn with the
   seed, has one of its digits (or Chinese numerals) changed into another, so that its value
   changes; `figures_match` should refuse the pair. A pair is skipped where no weighty figure has a
   digit. Every pair is changed once on each side.
3. Changed digits are caught: the same for any digit from 0 to 9 of the sentence, whether it is read
   as a figure or not (the 4 of Radio 4, a digit of a year in a name).
"""

import argparse
import random
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from service.checks.unsupported import figures_match, missing
from service.facts.numerals import Figure, find_figures, is_weighty

DIGITS = "0123456789"
NUMERALS = "一二三四五六七八九"
Pair = tuple[str, str]
Change = Callable[[str, random.Random], str | None]


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
    for name, way in (("figures", change), ("digits", change_digit)):
        caught, missed = change_all(agreeing, random.Random(arguments.seed), way)
        changed = caught + len(missed)
        print(f"changed {name} caught: {caught}/{changed} = {caught / changed:.1%}")
        if arguments.show:
            show_missed(missed)
    if arguments.show:
        show(wrong)


def read_pairs(english: Path, chinese: Path) -> list[Pair]:
    sides = [path.read_text(encoding="utf-8").split("\n") for path in (english, chinese)]
    return list(zip(*sides, strict=True))


def split(pairs: list[Pair]) -> tuple[list[Pair], list[Pair]]:
    """The pairs with weighty figures that agree, and those that don't."""
    agreeing, wrong = [], []
    for pair in pairs:
        if any(is_weighty(f) for side in pair for f in find_figures(side)):
            (agreeing if figures_match(*pair) else wrong).append(pair)
    return agreeing, wrong


def change_all(
    pairs: list[Pair], rng: random.Random, way: Change | None = None
) -> tuple[int, list[Pair]]:
    """The number of caught changes, and the changed pairs that were accepted."""
    caught, missed = 0, []
    for pair in pairs:
        for side in (0, 1):
            text = (way or change)(pair[side], rng)
            if text is not None:
                changed = (text, pair[1]) if side == 0 else (pair[0], text)
                if figures_match(*changed):
                    missed.append(changed)
                else:
                    caught += 1
    return caught, missed


def change(text: str, rng: random.Random) -> str | None:
    """`text` with one digit of one weighty figure changed, or None where none has a digit."""
    places = [
        (figure, i)
        for figure in find_figures(text)
        if is_weighty(figure)
        for i in range(figure.start, figure.end)
        if text[i] in DIGITS + NUMERALS
    ]
    rng.shuffle(places)
    for figure, i in places:
        changed = _changed(text, i, rng)
        if _reads_differently(figure, changed):
            return changed
    return None


def change_digit(text: str, rng: random.Random) -> str | None:
    """`text` with any one of its digits changed, or None where it has none."""
    places = [i for i, c in enumerate(text) if c in DIGITS]
    return _changed(text, rng.choice(places), rng) if places else None


def _changed(text: str, i: int, rng: random.Random) -> str:
    alphabet = DIGITS if text[i] in DIGITS else NUMERALS
    return text[:i] + rng.choice([c for c in alphabet if c != text[i]]) + text[i + 1 :]


def _reads_differently(figure: Figure, changed: str) -> bool:
    """Whether the text at the place is still a figure, with another value (not 2025-13-01)."""
    for other in find_figures(changed):
        if other.start == figure.start:
            return is_weighty(other) and (other.kind, other.values) != (figure.kind, figure.values)
    return False


def show(wrong: list[Pair]) -> None:
    for english, chinese in wrong:
        print("\ndisagree\n ", english, "\n ", chinese)
        for where, sides in (("here", (english, chinese)), ("there", (chinese, english))):
            figures, runs = missing(*sides)
            print(f"  only {where}:", [f.text for f in figures], runs)


def show_missed(missed: list[Pair]) -> None:
    for english, chinese in missed:
        print("\nnot caught\n ", english, "\n ", chinese)


if __name__ == "__main__":
    main()
