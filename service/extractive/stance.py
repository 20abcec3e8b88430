"""An article's stance toward a target, read from its words without a model.

The method is the lexicon one of the field: words with polarity and strength, turned by negation
and by words that undo them, weighted by intensity and contrast (Taboada, Brooke, Tofiloski, Voll &
Stede 2011, "Lexicon-Based Methods for Sentiment Analysis"; Polanyi & Zaenen 2006, "Contextual
Valence Shifters"). Weak words count only beside strong ones or signs of an opinion (Riloff & Wiebe
2003, "Learning Extraction Patterns for Subjective Expressions"). Labels are those of SemEval-2016
task 6. In a microblog or a comment only what is said of the target in so many words counts
(`explicit_stance`). Only sentences about the target count, and opinion in a quotation or in
reported speech is the speaker's: a news report that quotes both sides takes none.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Literal

from service.article import Document
from service.extractive import valence_shifters
from service.extractive.attribution import Voices, voices
from service.extractive.datelines import headline
from service.extractive.explicit_stance import SHORT, explicit_sides
from service.extractive.relevance import About, relevance
from service.resources import Resources
from service.resources.lexicon import EnglishOrChinese, Hit, Lexicon
from service.tasks import LABELS, Label, StanceAnswer, StanceEvidence
from service.text.script import to_script

SPEAKER = 0.2
"""The weight of an opinion of somebody else."""
WEAK_ALONE = 0.1, 0.4
"""The weight of a weak word in a sentence without an opinion: in a report, in an opinion piece."""
REPORT = 0.25
"""The weight of all evidence in an article that shows no sign of its author's opinion."""
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
TITLE = 1.5
"""The weight of the title, where an author is brief."""
MOST_OF_A_SENTENCE = 1.5
UNDECIDED, UNDECIDED_A_SENTENCE = 0.35, 0.005
"""Evidence that an article needs, and needs more of for every sentence, to have a stance."""
LEAST_OWN, MARGIN = 0.3, 0.05
"""Evidence in the author's own voice that a side needs, and how far its score has to be ahead of
`none`: what others say never makes a stance alone."""
SURE, SURE_A_SENTENCE = {"en": 1.3, "zh": 1.6}, 0.1
"""The author's own evidence that a microblog or a comment needs where it takes no explicit side."""
CLEAR_OWN, CLEAR_OTHERS = 0.2, 0.05
"""Evidence that a sentence has to be to be quoted: the author's own, and a named speaker's."""
LONGEST = 2_000
"""Characters of a sentence that are read; a longer one is not a sentence."""


def read_stance(document: Document, target: str, resources: Resources) -> StanceAnswer:
    """The author's stance toward `target`, with the evidence for it.

    Only English and Chinese are read: in another language there is no evidence, and the label is
    `none`.
    """
    if document.language.partition("-")[0] not in {"en", "zh"}:
        return _decide([], 0, 0.0)
    reader = _Reader(document, relevance(document, target, resources.glossary), resources.lexicon)
    much = REPORT + (1 - REPORT) * reader.argues
    evidence = []
    for index, weight in enumerate(reader.near.weights):
        own, others = reader.opinion(index) if weight else (0.0, 0.0)
        if total := weight * much * (own + SPEAKER * others):
            quoted = abs(SPEAKER * others) > abs(own)
            speaker = reader.voices[index].speaker if quoted else None
            evidence.append(StanceEvidence(index, total, quoted, speaker))
    if _is_short(document, reader.language):
        return _decide(_sure(evidence, reader, target), 0, 0.0)
    in_title = TITLE * much * reader.opinion_in_title()
    return _decide(evidence, len(reader.texts), in_title, report=not (reader.argues or in_title))


def _is_short(document: Document, language: EnglishOrChinese) -> bool:
    """Whether this is a microblog or a comment: a single paragraph, not long, without a title."""
    one = document.title is None and "\n" not in document.text.strip()
    return one and document.kept <= SHORT[language]


def _sure(evidence: list[StanceEvidence], reader: "_Reader", target: str) -> list[StanceEvidence]:
    """The evidence in a microblog or a comment: what is said in so many words, or very much."""
    explicit = reader.explicit(to_script(target, "Hans"))
    much = abs(sum(pick.weight for pick in evidence if not pick.quoted))
    enough = SURE[reader.language] + SURE_A_SENTENCE * len(reader.texts)
    return explicit or (evidence if much >= enough else [])


def evidence_for(stance: StanceAnswer, label: Label) -> list[StanceEvidence]:
    """The sentences that clearly speak for `label`, the strongest first; none for `none`.

    They are the author's own, and those of speakers that the article names.
    """
    sign = {"favor": 1, "against": -1, "none": 0}[label]
    clear = [
        pick
        for pick in stance.evidence or ()
        if pick.weight * sign >= (CLEAR_OTHERS if pick.quoted else CLEAR_OWN)
        and (pick.speaker or not pick.quoted)
        and sign
    ]
    return sorted(clear, key=lambda pick: -abs(pick.weight))


def _decide(
    picks: list[StanceEvidence], count: int, in_title: float, *, report: bool = False
) -> StanceAnswer:
    """Each side's evidence counts as far as the other side has none; what they share is `none`.

    A report, whose author shows no opinion anywhere, takes no side: bad news of the target is not
    a word against it.
    """
    weights = [in_title, *(pick.weight for pick in picks)]
    own = [in_title, *(pick.weight for pick in picks if not pick.quoted)]
    favor = sum(weight for weight in weights if weight > 0)
    against = -sum(weight for weight in weights if weight < 0)
    shared = favor * against / (favor + against) if favor and against else 0.0
    none = UNDECIDED + UNDECIDED_A_SENTENCE * count + shared
    total = favor + against + none - shared
    scores: dict[Label, float] = {
        "favor": max(favor - shared / 2, 0.0) / total,
        "against": max(against - shared / 2, 0.0) / total,
        "none": none / total,
    }
    side: Label = "favor" if favor > against else "against"
    sign = 1 if side == "favor" else -1
    voiced = sum(weight * sign for weight in own if weight * sign > 0)
    if report or voiced < LEAST_OWN or scores[side] - scores["none"] < MARGIN:
        scores = _undecided(scores)
    label = max(LABELS, key=lambda each: (scores[each], each == "none"))
    return StanceAnswer(label, scores, tuple(picks), "lexicon")


def _undecided(scores: dict[Label, float]) -> dict[Label, float]:
    """The same scores, with `none` raised to the highest where it is not."""
    none = max(scores.values())
    total = scores["favor"] + scores["against"] + none
    return {**{label: score / total for label, score in scores.items()}, "none": none / total}


class _Reader:
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
