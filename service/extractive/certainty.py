"""Tells whether a phrase is certain to be what an article is about.

Certain is a phrase that title or opening names and the text takes up again, and that is neither a
place, where things only happen, nor a piece of a clause.
"""

import re

from service.article import Document
from service.extractive.datelines import headline
from service.extractive.termhood import READ, Mentions, kind_weight
from service.facts.names import Glossary
from service.text.script import to_script
from service.text.segmenter import segmenter

AGAIN, AGAIN_UNTITLED, OPENING = 2, 3, 2
"""Mentions below the title, or in a text without one, that make a subject certain; and the
sentences that open a text without a title."""
_PLACES, _COUNTED = frozenset({"ns", "f", "s", "t"}), frozenset({"m", "q", "mq", "t"})
_DEMONYM = re.compile("[A-Z][a-z]+(?:an|ish|ese|ic|i)s?")
_NOUN_ENDS = frozenset("nljxe")


class Certainty:
    """Tells of each phrase whether it is certain to be what a document is about."""

    def __init__(self, document: Document, glossary: Glossary) -> None:
        self._glossary = glossary
        self._chinese = document.language.startswith("zh")
        title = headline(document.title)
        body = document.text.removeprefix(title)
        self._titled = bool(title)
        self._text = document.text[:READ]
        self._least = AGAIN if title else AGAIN_UNTITLED
        self._opening = title or " ".join(s.text for s in document.sentences[:OPENING])
        self._mentions = Mentions(body[:READ], document.language)

    def of(self, phrase: str) -> bool:
        if phrase[0].isdigit() or phrase.lower() not in self._opening.lower():
            return False
        if self._mentions.as_itself(phrase) < self._least:
            return False
        if kind_weight(phrase, self._chinese) < 1.0:
            return False
        entry = self._glossary.entry(phrase)
        if entry is not None:
            return entry.kind != "place"
        return _is_noun_zh(phrase) if self._chinese else self._is_whole(phrase)

    def _is_whole(self, phrase: str) -> bool:
        """Whether an English phrase is not a piece of a longer name, nor a word for anything."""
        if _DEMONYM.fullmatch(phrase):
            return False
        if phrase.islower():
            return self._titled or " " in phrase
        mentions = re.findall(rf"([A-Z][\w’'-]* |-)?\b{re.escape(phrase)}\b( [A-Z]|-)?", self._text)
        return 2 * sum(bool(before or after) for before, after in mentions) <= len(mentions)


def _is_noun_zh(phrase: str) -> bool:
    """Whether `phrase` is built as a noun is: 得州带来 is a piece of a clause, 北京 a place."""
    tags = [pair.flag for pair in segmenter().posseg.cut(to_script(phrase, "Hans"))]
    if not tags or tags[0] in _COUNTED or tags[-1] in _PLACES or "v" in tags:
        return False
    return tags[-1][0] in _NOUN_ENDS or tags[-1] == "vn"
