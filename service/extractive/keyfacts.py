"""The key-facts line: what can be said in the language that an article is not written in.

Without a model there is no honest translation. Names that both languages write, figures and dates
can be carried over exactly, terms where a dictionary has a single meaning for them, and that is all
the line holds. It says so itself.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from service.article import Document
from service.extractive.key_terms import counted, key_terms
from service.facts.name_rules import is_latin_everywhere
from service.facts.names import Glossary, Name
from service.facts.numerals import Figure, render
from service.facts.numerals.wording import LABELS
from service.tasks import CitedText
from service.text.han import HAN_CHARACTER
from service.text.script import to_script

Target = Literal["en", "zh"]

LABEL = {"en": "Key facts (not a translation): ", "zh": "要点（非译文）："}
NOTHING = {
    "en": "the article gives no names or figures that can be converted.",
    "zh": "文中没有可转换的名称或数字。",
}
_BETWEEN_NAMES = {"en": ", ", "zh": "、"}
_BETWEEN_FACTS = " · "

# A figure says the more by itself the surer it is what it counts.
_WEIGHTS = {"money": 3.0, "percent": 2.0, "measure": 1.2, "date": 1.0}
_UNIT_WEIGHTS = {
    "person": 2.2, "visit": 1.8, "user": 2.0, "household": 1.8, "Y-Q": 1.6, "Y-M-D": 1.5,
    "Y-M": 1.3, "M-D": 1.2, "Y": 0.7, "M": 0.0, "D": 0.0, "Q": 0.0, "times": 0.9, "degree": 0.0,
    "h": 0.0, "pp": 1.6, "year": 0.8, "century": 0.4, "decade": 0.4, "age": 0.8,
}  # fmt: skip
_HEADS = frozenset({"person", "visit", "user"})
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
_FEW, _FEW_PEOPLE = 10, 0.3
_TITLE_BONUS = 3.0
_EARLY = 2.0
"""The weight of a first mention at the start of the article, beyond one at its end."""
_NAMES_SHARE, _TERMS_SHARE = 0.4, 0.4
"""The part of the line that names may fill where there is more, and of the rest the terms."""
_FEWEST, _A_FACT = 6, {"en": 12, "zh": 24}
"""A line holds at most six names, and one more for each so many words or characters; so figures."""
_CLAUSE_END = re.compile(r"[，。；！？,;!?\n：:]")
_REACH = 30
_MOST_TERMS = 8
_MOST_RANKED = 40
_MOST_COMPARED = 100
"""No line holds as many figures; each is worded, and compared with the others."""
_LATIN_NAME = re.compile(r"[A-Za-zÀ-ɏ]")
# Llama 4, Claude Opus 4.5
_WITH_A_NUMBER = re.compile(r"[A-Z]\S*(?: [A-Z]\S*)? [0-9][0-9.]*")


@dataclass(slots=True)
class _Fact:
    """Something to say, and how much it matters; `index` is that of its figure in the document.

    `first` is where it stands first, and `source` the first sentence that states it.
    """

    text: str
    weight: float
    first: int
    figure: Figure | None = None
    index: int = 0
    when: Figure | None = None
    key: str | None = None
    source: int | None = None


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """The line, and its facts in order, with the sentences that state them.

    What the title alone says has no such sentence, and is left out of `facts`.
    """

    text: str
    facts: tuple[CitedText, ...]


def key_facts(document: Document, target: Target, size: int, glossary: Glossary) -> KeyFacts:
    """The key facts of a document in `target`: names, terms, figures and dates, the weightiest
    first.

    `size` is the longest the line may be, in words of English or characters of Chinese. Names that
    `target` can't write are left out, never translated. The line is never empty, and a Chinese one
    is in Simplified characters.
    """
    names = _names(document, target, glossary)
    terms = [
        _Fact(term.text, term.weight, term.first, source=term.source)
        for term in key_terms(document, target)
    ]
    line, said = _line(names, terms, _figures(document, target), target, size)
    facts = [
        CitedText(_written_in(target, fact.text), fact.source)
        for fact in said
        if fact.source is not None
    ]
    return KeyFacts(_written_in(target, line), tuple(facts))


def _written_in(target: Target, text: str) -> str:
    return to_script(text, "Hans") if target == "zh" else text


def _names(document: Document, target: Target, glossary: Glossary) -> list[_Fact]:
    facts: dict[str, _Fact] = {}
    counts: Counter[str] = Counter()
    for name in document.names(glossary):
        written = _written(name, target)
        if written is None:
            continue
        counts[written] += 1
        if written not in facts:
            facts[written] = _Fact(
                written, _TITLE_BONUS * (name.start < document.text_start), name.start
            )
            facts[written].key = name.key
        if facts[written].source is None:
            facts[written].source = document.sentence_at(name.start)
    for fact in facts.values():
        fact.weight += counts[fact.text] * _earliness(fact.first, len(document.titled_text))
        if fact.key in _NEWSROOMS:
            fact.weight *= _BYLINE
    ranked = sorted(facts.values(), key=lambda f: (-f.weight, f.first))
    return _without_pieces(ranked)


def _written(name: Name, target: Target) -> str | None:
    """The name as `target` writes it, or None where that isn't known."""
    if target == "en":
        return name.en if name.en and _LATIN_NAME.match(name.en) else None
    if name.zh_hans is not None:
        return name.zh_hans
    numbered = _WITH_A_NUMBER.fullmatch(name.surface)
    label = name.surface.partition(" ")[0].lower() in LABELS
    return name.surface if is_latin_everywhere(name.surface) or (numbered and not label) else None


def _without_pieces(ranked: list[_Fact]) -> list[_Fact]:
    """Leave out TBD and TBD Labs beside TBD Lab; Llama and Llama 4 may both stand."""
    kept: list[_Fact] = []
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


def _figures(document: Document, target: Target) -> list[_Fact]:
    found = document.figures
    facts: dict[object, _Fact] = {}
    length = len(document.titled_text)
    for i, figure in enumerate(found):
        weight = _weight(figure)
        if not weight:
            continue
        key = (figure.kind, figure.unit, figure.values)
        fact = facts.get(key)
        if fact is None:
            fact = facts[key] = _Fact("", 0.0, figure.start, figure, i)
            weight += _TITLE_BONUS * (figure.start < document.text_start)
        fact.weight += weight * _earliness(figure.start, length) / (1 + 0.5 * (fact.weight > 0))
        if fact.source is None:
            fact.source = document.sentence_at(figure.start)
    ranked = sorted(facts.values(), key=lambda f: (-f.weight, f.first))[:_MOST_COMPARED]
    return _without_parts([_worded(fact, document, target) for fact in ranked])


def _worded(fact: _Fact, document: Document, target: Target) -> _Fact:
    """The fact as the line says it: the figure, with its date or the noun that it is of."""
    figure = fact.figure
    assert figure is not None
    fact.text = render(figure, target)
    if figure.kind == "money":
        fact.when = _when(document.titled_text, document.figures, fact.index)
    if fact.when is not None:
        brackets = "{} ({})" if target == "en" else "{}（{}）"
        fact.text = brackets.format(fact.text, render(fact.when, target))
    elif of := counted(document, figure, target):
        fact.text += f": {of}" if target == "en" else f"：{of}"
    return fact


def _weight(figure: Figure) -> float:
    if not figure.certain:
        return 0.0
    if figure.kind == "money" and figure.unit is None:
        return 0.0
    if figure.kind == "measure" and figure.spelled and figure.values[-1] <= 3:
        return 0.0
    if figure.unit == "person" and figure.values[-1] < _FEW:
        return _FEW_PEOPLE
    base = _WEIGHTS.get(figure.kind, 0.0)
    return base * _UNIT_WEIGHTS.get(figure.unit or "", 1.0) if base else 0.0


def _earliness(at: int, length: int) -> float:
    return 1.0 + (_EARLY - 1.0) * (1.0 - at / max(1, length))


def _when(text: str, found: Sequence[Figure], i: int) -> Figure | None:
    """The date that stands right before an amount in its clause: 2025年資本支出…700億."""
    if i == 0:
        return None
    before, figure = found[i - 1], found[i]
    if before.kind != "date" or not before.certain or not (before.unit or "").startswith("Y"):
        return None
    gap = text[before.end : figure.start]
    near = len(gap) <= _REACH and not _CLAUSE_END.search(gap)
    return before if near and HAN_CHARACTER.search(gap) else None


def _without_parts(ranked: list[_Fact]) -> list[_Fact]:
    """Say one thing once, in its fuller form: June 2025 for 2025, a range for its end.

    The fuller form takes the place of the first one that says less.
    """
    kept: list[_Fact] = []
    for fact in ranked:
        if any(_says_no_more(fact, other) for other in kept):
            continue
        less = [i for i, other in enumerate(kept) if _says_no_more(other, fact)]
        if less:
            kept[less[0]] = fact
            kept = [other for i, other in enumerate(kept) if i not in less[1:]]
        else:
            kept.append(fact)
    return kept


def _says_no_more(fact: _Fact, other: _Fact) -> bool:
    figure, its = fact.figure, other.figure
    if figure is None or its is None:
        return False
    if other.when is not None and _is_part(figure, other.when):
        return True
    if figure.kind != its.kind:
        return False
    if figure.kind == "date":
        return _is_part(figure, its)
    if not _counts_alike(figure, its):
        return False
    return figure.values == its.values or (bool(figure.bound) and figure.values[0] in its.values)


def _counts_alike(figure: Figure, other: Figure) -> bool:
    # Visitors are counted as people in one text and as visits in another.
    return figure.unit == other.unit or {figure.unit, other.unit} <= _HEADS


def _is_part(figure: Figure, other: Figure) -> bool:
    if figure.kind != "date" or other.kind != "date":
        return False
    mine, its = (figure.unit or "").split("-"), (other.unit or "").split("-")
    values = dict(zip(its, other.values, strict=True))
    return len(mine) <= len(its) and all(
        values.get(part) == value for part, value in zip(mine, figure.values, strict=True)
    )


def _line(
    names: list[_Fact], terms: list[_Fact], figures: list[_Fact], target: Target, size: int
) -> tuple[str, list[_Fact]]:
    """The line, filled up to `size`, and its facts; one is said even where it takes more."""
    room = size - _length(LABEL[target], target)
    most = _FEWEST + size // _A_FACT[target]
    others = bool(figures) + bool(terms)
    said_names, left = _taken(names[:most], room * _NAMES_SHARE if others else room, target)
    room -= left
    said_terms, left = _taken(terms[:_MOST_TERMS], room * _TERMS_SHARE if figures else room, target)
    room -= left
    said_figures: list[_Fact] = []
    for fact in figures[:most]:
        cost = _length(fact.text + (_BETWEEN_FACTS if target == "zh" else ""), target)
        if cost > room and (said_figures or said_names or said_terms):
            break
        said_figures.append(fact)
        room -= cost
    between = _BETWEEN_NAMES[target]
    groups = [said_names, said_terms, *([figure] for figure in said_figures)]
    parts = [between.join(fact.text for fact in group) for group in groups if group]
    line = LABEL[target] + (_BETWEEN_FACTS.join(parts) if parts else NOTHING[target])
    return line, [fact for group in groups for fact in group]


def _taken(facts: list[_Fact], room: float, target: Target) -> tuple[list[_Fact], int]:
    """The facts that fit into `room`, at least one, and what they take."""
    said: list[_Fact] = []
    taken = 0
    for fact in facts:
        cost = _length(fact.text + _BETWEEN_NAMES[target].strip(), target)
        if said and taken + cost > room:
            break
        said.append(fact)
        taken += cost
    return said, taken


def _length(text: str, target: Target) -> int:
    return len(text.split()) if target == "en" else len(text)
