"""The names of an article that the other language can write, the weightiest first."""

import re
from collections import Counter

from service.article import Document
from service.extractive.key_fact import TITLE_BONUS, KeyFact, earliness
from service.facts.name_rules import is_latin_everywhere
from service.facts.names import Glossary, Name
from service.facts.numerals.wording import LABELS
from service.tasks import DigestLanguage

# Agencies and papers are named in articles for their photos and bylines.
_NEWSROOMS = frozenset(
    {
        "Reuters", "Associated Press", "Agence France-Presse", "Bloomberg", "Xinhua",
        "China Central Television", "Ta Kung Pao", "Ming Pao", "BBC", "CNN", "CNBC",
        "People's Daily", "Global Times", "Central News Agency", "Sky News", "Kyodo News",
        "Yonhap", "South China Morning Post",
    }
)  # fmt: skip
_BYLINE = 0.25
_MOST_RANKED = 40
_LATIN_NAME = re.compile(r"[A-Za-zÀ-ɏ]")
# Llama 4, Claude Opus 4.5
_WITH_A_NUMBER = re.compile(r"[A-Z]\S*(?: [A-Z]\S*)? [0-9][0-9.]*")


def key_names(document: Document, target: DigestLanguage, glossary: Glossary) -> list[KeyFact]:
    """The names that `target` can write, the weightiest first."""
    facts: dict[str, KeyFact] = {}
    keys: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for name in document.names(glossary):
        written = _written(name, target)
        if written is None:
            continue
        counts[written] += 1
        if written not in facts:
            titled = TITLE_BONUS * (name.start < document.text_start)
            facts[written] = KeyFact(written, titled, name.start)
            keys[written] = name.key
        if facts[written].source is None:
            facts[written].source = document.sentence_at(name.start)
    for fact in facts.values():
        fact.weight += counts[fact.text] * earliness(fact.first, len(document.titled_text))
        if keys[fact.text] in _NEWSROOMS:
            fact.weight *= _BYLINE
    ranked = sorted(facts.values(), key=lambda f: (-f.weight, f.first))
    return _without_pieces(ranked)


def _written(name: Name, target: DigestLanguage) -> str | None:
    """The name as `target` writes it, or None where that isn't known."""
    if target == "en":
        return name.en if name.en and _LATIN_NAME.match(name.en) else None
    if name.zh_hans is not None:
        return name.zh_hans
    numbered = _WITH_A_NUMBER.fullmatch(name.surface)
    label = name.surface.partition(" ")[0].lower() in LABELS
    return name.surface if is_latin_everywhere(name.surface) or (numbered and not label) else None


def _without_pieces(ranked: list[KeyFact]) -> list[KeyFact]:
    """Leave out TBD and TBD Labs beside TBD Lab; Llama and Llama 4 may both stand."""
    kept: list[KeyFact] = []
    said: list[str] = []
    for fact in ranked:
        small = fact.text.lower()
        if any(_is_piece(small, other) for other in said):
            continue
        kept.append(fact)
        said.append(small)
        if len(kept) == _MOST_RANKED:
            break
    return kept


def _is_piece(name: str, other: str) -> bool:
    if not name.isascii() or not other.isascii():
        return name in other and name != other
    short, long = (name, other) if len(name) <= len(other) else (other, name)
    if not long.startswith(short) or any(c.isdigit() for c in long):
        return False
    return len(long) <= len(short) + 1 or long[len(short)] == " "
