"""The opinions of an article's sentences toward a target, with their holders and strengths.

The method is the lexicon one of the field: words with polarity and strength, turned by negation
and by words that undo them, weighted by intensity and contrast (Taboada, Brooke, Tofiloski, Voll &
Stede 2011, "Lexicon-Based Methods for Sentiment Analysis"; Polanyi & Zaenen 2006, "Contextual
Valence Shifters"). Weak words count only beside strong ones or signs of an opinion (Riloff & Wiebe
2003, "Learning Extraction Patterns for Subjective Expressions").
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Literal

from service.article import Document
from service.extractive import valence_shifters
from service.extractive.attribution import Voices, voices
from service.extractive.datelines import headline
from service.extractive.explicit_stance import explicit_sides
from service.extractive.relevance import About
from service.resources.lexicon import EnglishOrChinese, Hit, Lexicon
from service.tasks import StanceEvidence
from service.text.script import to_script

WEAK_ALONE = 0.1, 0.4
"""The weight of a weak word in a sentence without an opinion: in a report, in an opinion piece."""
CONTRASTED, CONTRASTING = 0.5, 1.3
"""Before "but" and after it: what follows is what the author means."""
NEGATED = -0.7
UNREAL = 0.5
"""The weight of a word after "if" or "would"."""
STRONGER, WEAKER = 1.4, 0.6
SIGNS_OF_AN_OPINION = 0.1
"""Signs a sentence that make an article an opinion piece."""
EXPLICIT = 1.5
"""The weight of "I oppose" and "we support"."""
MOST_OF_A_SENTENCE = 1.5
LONGEST = 2_000
"""Characters of a sentence that are read; a longer one is not a sentence."""


class OpinionReader:
    """Reads the opinions of one document's sentences toward one target."""

    def __init__(self, document: Document, near: About, lexicon: Lexicon) -> None:
        self.near = near
        self.language: EnglishOrChinese = "zh" if document.language.startswith("zh") else "en"
        self._lexicon = lexicon
        texts: Sequence[str] = [sentence.text for sentence in document.sentences]
        self.voices = voices([text[:LONGEST] for text in texts], self.language)
        self._title = headline(document.title)
        if self.language == "zh":
            texts, self._title = document.simplified_sentences, to_script(self._title, "Hans")
        self.texts = [text[:LONGEST] for text in texts]
        self._hits: dict[str, list[Hit]] = {}

    @cached_property
    def argues(self) -> float:
        """From 0 to 1: how much the author argues.

        Counted by the signs of it outside of others' speech; whoever says "I oppose" argues.
        """
        opinion = valence_shifters.OPINION[self.language]
        first_person = valence_shifters.FIRST_PERSON[self.language]
        signs = 0
        for text, voice in zip(self.texts, self.voices, strict=True):
            found = list(opinion.finditer(text))
            if found and any(
                hit.kind == "act"
                and voice.is_author(hit.start)
                and first_person.search(valence_shifters.before(text, hit.start))
                for hit in self._find(text)
            ):
                return 1.0
            signs += any(voice.is_author(sign.start()) for sign in found)
        return min(1.0, signs / (SIGNS_OF_AN_OPINION * len(self.texts) or 1))

    def explicit(self, target: str) -> list[StanceEvidence]:
        """The sentences that take a side in so many words, in the author's own voice."""
        sides = explicit_sides(self.texts, target, self.language, self._lexicon)
        return [
            StanceEvidence(index, float(side), quoted=False, speaker=None)
            for index, side in enumerate(sides)
            if side and not self.voices[index].reported
        ]

    def opinion(self, index: int) -> tuple[float, float]:
        """The opinion of the author in a sentence, and that of others in it; each bounded."""
        return self._opinion(self.texts[index], self.voices[index])

    def opinion_in_title(self) -> float:
        if not self._title:
            return 0.0
        return self._opinion(self._title, voices([self._title], self.language)[0])[0]

    def _find(self, text: str) -> list[Hit]:
        if text not in self._hits:
            self._hits[text] = self._lexicon.find(text, self.language)
        return self._hits[text]

    def _opinion(self, text: str, voice: Voices) -> tuple[float, float]:
        judged = []
        taken = -1
        language = self.language
        for hit in self._find(text):
            whose = _whose(hit, text, language, voice, self.near)
            if whose is not None and hit.start > taken:
                undone = hit.kind == "keep" and self.near.undoes
                weight = _shifted(hit, text, language)
                judged.append((hit, whose, -weight if undone else weight))
                taken = hit.start
        strong = any(abs(hit.weight) > 1 and whose == "author" for hit, whose, _ in judged)
        shows = strong or bool(valence_shifters.OPINION[language].search(text))
        low, high = WEAK_ALONE
        alone = low + (high - low) * self.argues
        sums = {"author": 0.0, "other": 0.0}
        for hit, whose, weight in judged:
            sums[whose] += weight if shows or abs(hit.weight) > 1 else alone * weight
        own, others = (
            max(-MOST_OF_A_SENTENCE, min(MOST_OF_A_SENTENCE, each / 2)) for each in sums.values()
        )
        return own, others


def _whose(
    hit: Hit, text: str, language: EnglishOrChinese, voice: Voices, near: About
) -> Literal["author", "other"] | None:
    """The holder of the opinion of a word; None when it is none toward the target."""
    said_before = valence_shifters.before(text, hit.start)
    speaks: Literal["author", "other"] = "author" if voice.is_author(hit.start) else "other"
    if hit.kind == "view":
        return None if hit.start >= voice.comment else speaks
    if hit.kind in {"plea", "keep"}:
        return speaks if valence_shifters.SHOULD[language].search(said_before) else None
    if valence_shifters.FIRST_PERSON[language].search(said_before):
        return speaks
    if not valence_shifters.PASSIVE[language].search(said_before) and _acts(
        said_before, near.names, language
    ):
        return None
    return "other"


def _acts(said_before: str, names: Sequence[str], language: EnglishOrChinese) -> bool:
    """Whether the target is the one who supports or opposes, and not what it is about."""
    clause = valence_shifters.CLAUSE[language].split(said_before)[-1].lower()
    at = max(clause.rfind(name) for name in names) if names else -1
    if at < 0:
        return False
    return language == "en" or not valence_shifters.TOWARD_ZH.search(clause[:at])


def _shifted(hit: Hit, text: str, language: EnglishOrChinese) -> float:
    said_before = valence_shifters.before(text, hit.start)
    weight = float(hit.weight)
    if valence_shifters.NEGATION[language].search(said_before) and not valence_shifters.NO_NEGATION[
        language
    ].search(said_before):
        weight *= NEGATED
    if valence_shifters.STRONGER[language].search(said_before):
        weight *= STRONGER
    elif valence_shifters.WEAKER[language].search(said_before):
        weight *= WEAKER
    if hit.kind == "act" and valence_shifters.FIRST_PERSON[language].search(said_before):
        weight *= EXPLICIT
    if hit.kind == "view" and valence_shifters.UNREAL[language].search(said_before):
        weight *= UNREAL
    return weight * _contrast(hit, text, language)


def _contrast(hit: Hit, text: str, language: EnglishOrChinese) -> float:
    though = valence_shifters.THOUGH[language].search(text)
    if though and though.start() <= hit.start < though.end():
        return CONTRASTED
    turn = valence_shifters.BUT[language].search(text)
    if turn is None:
        return 1.0
    return CONTRASTED if hit.start < turn.start() else CONTRASTING
