"""The verdict on a digest that anybody wrote: pass, warn or refuse, and what it rests on.

`refuse` means that the digest is no digest of this article, or states what the article does not;
`warn` that something in it could not be found, which may be the check's own limit.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from service.article import Document
from service.checks.form import Candidate, FormFault, form_faults
from service.checks.support import (
    Direction,
    Support,
    SupportedSentence,
    language_of,
    support,
    unsupported_sentences,
)
from service.checks.unsupported import unsupported_names, unsupported_numbers
from service.facts.names import Glossary
from service.facts.numerals import Figure
from service.tasks import DigestLanguage

Level = Literal["pass", "warn", "refuse"]
CheckFault = FormFault | Literal["runaway", "figures", "names", "unfounded"]

LONGEST_DIGEST = 20_000
"""Characters; a longer text is refused, and only its beginning is judged."""

# Of the cautious support (`Support.cautious`): under LOW few true digests lie and most of other
# articles; over HIGH few of others. Set on development data with benchmarks/check_rates.py;
# docs/checks.md has the rates on other data.
LOW: Mapping[Direction, float] = {
    ("en", "en"): 0.36,
    ("zh", "zh"): 0.38,
    ("zh", "en"): 0.49,
    ("en", "zh"): 0.43,
}
# With a model's evidence at hand, words alone refuse only what lies below this. Of English digests
# of English articles too little evidence has been measured.
LOW_WITH_EVIDENCE: Mapping[Direction, float] = {
    **LOW,
    ("zh", "zh"): 0.30,
    ("zh", "en"): 0.32,
    ("en", "zh"): 0.30,
}
# A model can be asked again, and a digest of its own that lacks this is rarely worth reading.
# Measured for English alone: of 76 true digests of news by GPT-3 one lies below.
LOW_FOR_MODELS: Mapping[Direction, float] = {**LOW, ("en", "en"): 0.48}
# Of the digests of models with 135 million parameters nine in ten are wrong, in the article's own
# words: only those that keep to passages of the article are worth showing. Measured for English.
SMALL_MODEL = 1_000_000_000
CLOSENESS_OF_SMALL_MODELS: Mapping[Direction, float] = {("en", "en"): 0.65}
HIGH: Mapping[Direction, float] = {
    ("en", "en"): 0.54,
    ("zh", "zh"): 0.46,
    ("zh", "en"): 0.57,
    ("en", "zh"): 0.49,
}
# A model's own evidence for a digest (`tasks.EvidenceAnswer`); asked for where words don't decide.
LEAST_EVIDENCE = 0.11
FEWEST_NAMES = 2


@dataclass(frozen=True, slots=True)
class Verdict:
    """`support` is None where the article's language can't be judged by words.

    `uncertain`: a model's evidence would decide; `evidence` holds it. Without one such a digest is
    judged by words alone, and may be refused by them.
    """

    verdict: Level
    faults: tuple[CheckFault, ...]
    support: float | None
    sentences: tuple[SupportedSentence, ...]
    unsupported_sentences: tuple[str, ...]
    unsupported_numbers: tuple[str, ...]
    unsupported_names: tuple[str, ...]
    uncertain: bool
    evidence: float | None


def check(
    digest: str,
    language: DigestLanguage,
    article: Document,
    glossary: Glossary,
    told: tuple[str, ...] = (),
) -> Verdict:
    """The verdict on `digest`, by words; `told` are the texts of prompts that it must not repeat.

    Where it is uncertain, a model's evidence may decide: `with_evidence`. Across the languages,
    where the words vouch for the digest, only names whose spellings the glossary lists refuse it:
    translators spell the others in several ways, or name one office in two.
    """
    is_runaway = len(digest) > LONGEST_DIGEST
    digest = digest[:LONGEST_DIGEST]
    document = Document.of(digest, language)
    numbers = unsupported_numbers(document, article)
    names = unsupported_names(document, article, glossary)
    held = support(digest, language, article)
    faults: list[CheckFault] = list(form_faults(Candidate(digest, language, article, told)))
    if is_runaway:
        faults.append("runaway")
    if exact(document, numbers, article):
        faults.append("figures")
    is_vouched = not is_doubtful(held, language, article)
    if is_vouched and language_of(article) != language:
        names_told = [name for name in names if glossary.entry(name)]
    else:
        names_told = names
    if are_most_names(names_told, document, glossary):
        faults.append("names")
    uncertain = not faults and not is_vouched
    if is_unfounded(held, language, article):
        faults.append("unfounded")
    strange = unsupported_sentences(held)
    doubtful = numbers or names or strange or uncertain
    return Verdict(
        "refuse" if faults else "warn" if doubtful else "pass",
        tuple(faults),
        round(held.score, 4) if held else None,
        held.sentences if held else (),
        strange,
        tuple(numbers),
        tuple(names),
        uncertain and not is_unfounded(held, language, article, LOW_WITH_EVIDENCE),
        None,
    )


def with_evidence(verdict: Verdict, evidence: float | None) -> Verdict:
    """An uncertain verdict as a model's evidence decides it, without another look at the digest.

    None, no evidence, leaves it to the words.
    """
    if evidence is None or not verdict.uncertain:
        return verdict
    doubtful = (
        verdict.unsupported_numbers or verdict.unsupported_names or verdict.unsupported_sentences
    )
    unlikely = is_unlikely(evidence)
    return replace(
        verdict,
        verdict="refuse" if unlikely else "warn" if doubtful else "pass",
        faults=("unfounded",) if unlikely else (),
        evidence=evidence,
    )


def is_unfounded(
    held: Support | None,
    language: DigestLanguage,
    article: Document,
    low: Mapping[Direction, float] = LOW,
) -> bool:
    own = language_of(article)
    return held is not None and own is not None and held.cautious < low[own, language]


def is_loose(held: Support | None, language: DigestLanguage, article: Document) -> bool:
    """Whether a small model's digest strays from the article's own passages."""
    own = language_of(article)
    if held is None or own is None:
        return False
    return held.closeness < CLOSENESS_OF_SMALL_MODELS.get((own, language), 0.0)


def is_grey(held: Support, language: DigestLanguage, article: Document) -> bool:
    """Whether the support proves neither that the digest is the article's nor that it is not."""
    own = language_of(article)
    return own is not None and held.cautious < HIGH[own, language]


def is_doubtful(held: Support | None, language: DigestLanguage, article: Document) -> bool:
    """Whether words alone don't decide: a grey support, or an article in a third language."""
    return held is None or is_grey(held, language, article)


def is_unlikely(evidence: float | None) -> bool:
    """Whether the article makes a digest no more likely; None, no evidence, says nothing."""
    return evidence is not None and evidence < LEAST_EVIDENCE


def are_most_names(names: list[str], digest: Document, glossary: Glossary) -> bool:
    """Whether several names are unsupported, and they are most of the names of the digest.

    Counted are names that are certain to be names; one that merely looks like it is a warning.
    """
    certain = {name.surface for name in digest.names(glossary)}
    unsupported = certain.intersection(names)
    return len(unsupported) >= FEWEST_NAMES and 2 * len(unsupported) > len(certain)


def exact(digest: Document, numbers: list[str], article: Document) -> list[str]:
    """Those of the unsupported figures that stand in digits and claim to be exact.

    "More than 100" of 116 bodies, "half" and 十年磨一剑 are true or not by a reckoning that no
    table holds: somebody else's digest is warned of for them, not refused. So it is for the "1
    case" that a report is about, and for a plain number whose digits the article writes among
    others (249,289,299).
    """
    rough = {
        figure.text
        for figure in digest.open_figures
        if figure.bound or figure.values[-1] == 1 or _is_written(figure, article)
    }
    return [each for each in numbers if each not in rough and any(map(str.isdigit, each))]


def _is_written(figure: Figure, article: Document) -> bool:
    """Whether the article has a plain number in the same digits."""
    plain = figure.kind == "number" and figure.text.isdecimal()
    return plain and bool(re.search(rf"(?<!\d){figure.text}(?!\d)", article.titled_text))
