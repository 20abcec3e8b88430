"""Terms that Chinese and English have for each other, where the gloss is certain.

From CC-CEDICT, by `build_cedict_terms.py`: words with a single meaning. What is ambiguous has no
gloss, so that nothing is translated by guessing.
"""

import gzip
from functools import cache
from pathlib import Path
from typing import Literal

FILE = Path(__file__).with_name("cedict_terms.tsv.gz")


@cache
def _table() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {"en": {}, "zh": {}}
    with gzip.open(FILE, "rt", encoding="utf-8") as file:
        for line in file:
            if not line.startswith("#"):
                target, word, gloss = line.rstrip("\n").split("\t")
                found[target][word] = gloss
    return found


def gloss(word: str, target: Literal["en", "zh"]) -> str | None:
    """The word's meaning in the `target` language; None where it is not certain.

    A Chinese word has to be Simplified. An English plural is looked up as its singular too.
    """
    table = _table()[target]
    if target == "en":
        return table.get(word)
    small = word.lower()
    singular = small[:-3] + "y" if small.endswith("ies") else small.removesuffix("s")
    return table.get(small) or table.get(singular)
