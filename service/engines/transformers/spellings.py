"""How are the names of a passage written in the digest's language? Small models guess; the
glossary knows.
"""

from collections import Counter

from service.digest import DigestLanguage
from service.names import Glossary

MOST_NAMES = 12
"""Each costs some ten tokens of the prompt; the names that come most often come first."""


def spellings(
    text: str, title: str | None, language: DigestLanguage, glossary: Glossary
) -> dict[str, str]:
    """Names as the passage writes them, and their usual form in `language`.

    Only names that cross from one writing to the other: a Chinese digest of a Chinese passage
    needs no list.
    """
    other: dict[str, str] = {}
    times: Counter[str] = Counter()
    for name in glossary.find_names(text, title):
        usual = name.en if language == "en" else name.zh_hans
        if usual is None or name.surface.isascii() == usual.isascii():
            continue
        other.setdefault(name.surface, usual)
        times[name.surface] += 1
    return {surface: other[surface] for surface, _ in times.most_common(MOST_NAMES)}
