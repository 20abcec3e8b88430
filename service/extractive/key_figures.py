"""The figures and dates of an article in the words of the other language, each thing said once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from service.article import Document
from service.extractive.key_fact import TITLE_BONUS, KeyFact, earliness
from service.extractive.key_terms import counted
from service.facts.numerals import Figure, render
from service.tasks import DigestLanguage
from service.text.han import HAN_CHARACTER

# A figure says the more by itself the surer it is what it counts.
_WEIGHTS = {"money": 3.0, "percent": 2.0, "measure": 1.2, "date": 1.0}
_UNIT_WEIGHTS = {
    "person": 2.2, "visit": 1.8, "user": 2.0, "household": 1.8, "Y-Q": 1.6, "Y-M-D": 1.5,
    "Y-M": 1.3, "M-D": 1.2, "Y": 0.7, "M": 0.0, "D": 0.0, "Q": 0.0, "times": 0.9, "degree": 0.0,
    "h": 0.0, "pp": 1.6, "year": 0.8, "century": 0.4, "decade": 0.4, "age": 0.8,
}  # fmt: skip
_HEADS = frozenset({"person", "visit", "user"})
_FEW, _FEW_PEOPLE = 10, 0.3
_CLAUSE_END = re.compile(r"[，。；！？,;!?\n：:]")
_REACH = 30
_MOST_COMPARED = 100
"""No line holds as many figures; each is worded, and compared with the others."""


@dataclass(slots=True)
class _Stated:
    """A figure of the article, with the weight of all its mentions, and as the line words it.

    `index` is that of its first mention in the document, and `when` a date that it belongs to.
    """

    figure: Figure
    index: int
    weight: float = 0.0
    source: int | None = None
    text: str = ""
    when: Figure | None = None


def key_figures(document: Document, target: DigestLanguage) -> list[KeyFact]:
    """The figures and dates in the words of `target`, each thing once, the weightiest first."""
    found = document.figures
    facts: dict[object, _Stated] = {}
    length = len(document.titled_text)
    for i, figure in enumerate(found):
        weight = _weight(figure)
        if not weight:
            continue
        key = (figure.kind, figure.unit, figure.values)
        fact = facts.get(key)
        if fact is None:
            fact = facts[key] = _Stated(figure, i)
            weight += TITLE_BONUS * (figure.start < document.text_start)
        fact.weight += weight * earliness(figure.start, length) / (1 + 0.5 * (fact.weight > 0))
        if fact.source is None:
            fact.source = document.sentence_at(figure.start)
    ranked = sorted(facts.values(), key=lambda f: (-f.weight, f.figure.start))[:_MOST_COMPARED]
    fullest = _without_parts([_worded(fact, document, target) for fact in ranked])
    return [KeyFact(each.text, each.weight, each.figure.start, each.source) for each in fullest]


def _worded(fact: _Stated, document: Document, target: DigestLanguage) -> _Stated:
    """The fact as the line says it: the figure, with its date or the noun that it is of."""
    figure = fact.figure
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


def _without_parts(ranked: list[_Stated]) -> list[_Stated]:
    """Say one thing once, in its fuller form: June 2025 for 2025, a range for its end.

    The fuller form takes the place of the first one that says less.
    """
    kept: list[_Stated] = []
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


def _says_no_more(fact: _Stated, other: _Stated) -> bool:
    figure, its = fact.figure, other.figure
    if other.when is not None and _is_part(figure, other.when):
        return True
    if figure.kind != its.kind:
        return False
    if figure.kind == "date":
        return _is_part(figure, its)
    if not _counts_alike(figure, its):
        return False
    # Of one unit and with equal values they would be one fact.
    same = figure.unit != its.unit and figure.values == its.values
    return same or (bool(figure.bound) and figure.values[0] in its.values)


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
