"""How are the names of a passage written in the digest's language? Small models guess; the
glossary knows.
"""

from collections import Counter

from service.facts.names import Glossary
from service.tasks import DigestLanguage

MOST_NAMES = 12
"""Each costs some ten tokens of the prompt; the names that come most often come first."""
RATHER_THAN_PLACES = 10
"""A model knows what a country is called; people and firms are what it gets wrong."""


def spellings(
    text: str, title: str | None, language: DigestLanguage, glossary: Glossary
) -> dict[str, str]:
    """Names as the passage writes them, and their usual form in `language`.

    Only names that cross from one writing to the other: a Chinese digest of a Chinese passage
    needs no list.
    """
    other: dict[str, str] = {}
    weight: Counter[str] = Counter()
    for name in glossary.find_names(text, title):
        usual = name.en if language == "en" else name.zh_hans
        foreign = name.surface.isascii() == (language == "zh")
        if usual is None or not foreign or usual.isascii() != (language == "en"):
            continue
        other.setdefault(name.surface, usual)
        weight[name.surface] += 1 if name.kind == "place" else RATHER_THAN_PLACES
    return {surface: other[surface] for surface, _ in weight.most_common(MOST_NAMES)}
