"""The key-facts line: what can be said in the language that an article is not written in.

Without a model there is no honest translation. Names that both languages write, figures and dates
can be carried over exactly, terms where a dictionary has a single meaning for them, and that is all
the line holds. It says so itself.
"""

from dataclasses import dataclass

from service.article import Document
from service.extractive.key_fact import KeyFact
from service.extractive.key_figures import key_figures
from service.extractive.key_names import key_names
from service.extractive.key_terms import key_terms
from service.facts.names import Glossary
from service.tasks import CitedText, DigestLanguage
from service.text.script import to_script

LABEL = {"en": "Key facts (not a translation): ", "zh": "要点（非译文）："}
NOTHING = {
    "en": "the article gives no names or figures that can be converted.",
    "zh": "文中没有可转换的名称或数字。",
}
_BETWEEN_NAMES = {"en": ", ", "zh": "、"}
_BETWEEN_FACTS = " · "
_NAMES_SHARE, _TERMS_SHARE = 0.4, 0.4
"""The part of the line that names may fill where there is more, and of the rest the terms."""
_FEWEST, _A_FACT = 6, {"en": 12, "zh": 24}
"""A line holds at most six names, and one more for each so many words or characters; so figures."""
_MOST_TERMS = 8


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """The line, and its facts in order, with the sentences that state them.

    What the title alone says has no such sentence, and is left out of `facts`.
    """

    text: str
    facts: tuple[CitedText, ...]


def key_facts(
    document: Document, target: DigestLanguage, size: int, glossary: Glossary
) -> KeyFacts:
    """The key facts of a document in `target`: names, terms, figures and dates, the weightiest
    first.

    `size` is the longest the line may be, in words of English or characters of Chinese. Names that
    `target` can't write are left out, never translated. The line is never empty, and a Chinese one
    is in Simplified characters.
    """
    names = key_names(document, target, glossary)
    terms = key_terms(document, target)
    line, said = _line(names, terms, key_figures(document, target), target, size)
    facts = [
        CitedText(_written_in(target, fact.text), fact.source)
        for fact in said
        if fact.source is not None
    ]
    return KeyFacts(_written_in(target, line), tuple(facts))


def _written_in(target: DigestLanguage, text: str) -> str:
    return to_script(text, "Hans") if target == "zh" else text


def _line(
    names: list[KeyFact],
    terms: list[KeyFact],
    figures: list[KeyFact],
    target: DigestLanguage,
    size: int,
) -> tuple[str, list[KeyFact]]:
    """The line, filled up to `size`, and its facts; one is said even where it takes more."""
    room = size - _length(LABEL[target], target)
    most = _FEWEST + size // _A_FACT[target]
    others = bool(figures) + bool(terms)
    said_names, left = _taken(names[:most], room * _NAMES_SHARE if others else room, target)
    room -= left
    said_terms, left = _taken(terms[:_MOST_TERMS], room * _TERMS_SHARE if figures else room, target)
    room -= left
    said_figures: list[KeyFact] = []
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


def _taken(facts: list[KeyFact], room: float, target: DigestLanguage) -> tuple[list[KeyFact], int]:
    """The facts that fit into `room`, at least one, and what they take."""
    said: list[KeyFact] = []
    taken = 0
    for fact in facts:
        cost = _length(fact.text + _BETWEEN_NAMES[target].strip(), target)
        if said and taken + cost > room:
            break
        said.append(fact)
        taken += cost
    return said, taken


def _length(text: str, target: DigestLanguage) -> int:
    return len(text.split()) if target == "en" else len(text)
