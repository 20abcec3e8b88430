"""An article's stance toward a target, read from its words without a model.

Labels are those of SemEval-2016 task 6. In a microblog or a comment only what is said of the target
in so many words counts (`explicit_stance`). Only sentences about the target count, and opinion in a
quotation or in reported speech is the speaker's: a news report that quotes both sides takes none.
"""

from service.article import Document
from service.extractive.explicit_stance import SHORT
from service.extractive.opinions import OpinionReader
from service.extractive.relevance import NAMED, relevance
from service.resources import Resources
from service.resources.lexicon import EnglishOrChinese
from service.tasks import LABELS, Label, StanceAnswer, StanceEvidence
from service.text.script import to_script

SPEAKER = 0.2
"""The weight of an opinion of somebody else."""
REPORT = 0.25
"""The weight of all evidence in an article that shows no sign of its author's opinion."""
TITLE = 1.5
"""The weight of the title, where an author is brief."""
UNDECIDED, UNDECIDED_A_SENTENCE = 0.35, 0.005
"""Evidence that an article needs, and needs more of for every sentence, to have a stance."""
LEAST_OWN, MARGIN = 0.3, 0.05
"""Evidence in the author's own voice that a side needs, and how far its score has to be ahead of
`none`: what others say never makes a stance alone."""
SURE, SURE_A_SENTENCE = {"en": 1.3, "zh": 1.6}, 0.1
"""The author's own evidence that a microblog or a comment needs where it takes no explicit side."""
CLEAR_OWN, CLEAR_OTHERS = 0.2, 0.05
"""Evidence that a sentence has to be to be quoted: the author's own, and a named speaker's."""


def read_stance(
    document: Document, target: str, resources: Resources, *, detected: bool = False
) -> StanceAnswer:
    """The author's stance toward `target`, with the evidence for it.

    Toward a target that was `detected` only sentences count that name it: nobody asked what the
    article thinks of it, so what is said of other things in it is no word about that.
    Only English and Chinese are read: in another language there is no evidence, and the label is
    `none`.
    """
    if document.language.partition("-")[0] not in {"en", "zh"}:
        return _decide([], 0, 0.0)
    reader = OpinionReader(
        document, relevance(document, target, resources.glossary), resources.lexicon
    )
    least = NAMED if detected else 0.0
    much = REPORT + (1 - REPORT) * reader.argues
    evidence = []
    for index, weight in enumerate(reader.near.weights):
        own, others = reader.opinion(index) if weight and weight >= least else (0.0, 0.0)
        if total := weight * much * (own + SPEAKER * others):
            quoted = abs(SPEAKER * others) > abs(own)
            speaker = reader.voices[index].speaker if quoted else None
            evidence.append(StanceEvidence(index, total, quoted, speaker))
    if _is_short(document, reader.language):
        return _decide(_sure(evidence, reader, target), 0, 0.0)
    in_title = TITLE * much * reader.opinion_in_title() * (reader.near.titled or not detected)
    return _decide(evidence, len(reader.texts), in_title, report=not (reader.argues or in_title))


def _is_short(document: Document, language: EnglishOrChinese) -> bool:
    """Whether this is a microblog or a comment: a single paragraph, not long, without a title."""
    one = document.title is None and "\n" not in document.text.strip()
    return one and document.kept <= SHORT[language]


def _sure(
    evidence: list[StanceEvidence], reader: OpinionReader, target: str
) -> list[StanceEvidence]:
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
