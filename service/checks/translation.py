"""Does a translated sentence say what its original says? Each is judged alone, and strictly.

A translation has all of the original's figures and listed names and no others, its words of content
are found in the original and the original's in it, and its length is that of a translation. Where
no dictionary knows the article's language, words are not compared.
"""

import re
from collections.abc import Iterator
from typing import Literal

from service.article import Document
from service.checks.form import Candidate, FormFault, form_faults, words_of
from service.checks.support import language_of, share_of_words
from service.checks.unsupported import figures_match, unsupported_names
from service.facts.names import Glossary
from service.facts.numerals import Stated, find_figures
from service.facts.vocabulary_en import is_common
from service.tasks import DigestLanguage

TranslationFault = FormFault | Literal["short", "runaway", "figures", "names", "unfounded"]

LEAST_AGREEMENT = 0.24
"""The mean share of words of content that each side supports of the other."""
SHORTEST, LONGEST = 0.4, 2.5
"""Words of a translation for each word of its original; a Han character counts as half a word."""
HAN_WORD = 0.5
SMALL_DIGITS = 2
_LATIN_WORD = re.compile(r"(?<![A-Za-z])[a-z]{3,}(?![A-Za-z])")
"""A common English word is left in no Chinese translation."""
_DIGITS = re.compile(r"\d+(?:[.,'’\u00a0\u202f ]\d+)*")


def translation_faults(
    text: str,
    language: DigestLanguage,
    original: Document,
    glossary: Glossary,
    prompt: str = "",
) -> Iterator[TranslationFault]:
    """The faults of `text`, a translation of the sentence `original`.

    It may be no part of `prompt`, an example given back, nor hold what stands around the sentence
    in it. A few words in a row of an example mean nothing: those are sentences as any other.
    """
    yield from form_faults(Candidate(text, language, original))
    if language == "zh" and any(map(is_common, _LATIN_WORD.findall(text))):
        yield "script"
    if text and (text in prompt or any(label in text for label in _labels(prompt))):
        yield "echo"
    ratio = _extent(text) / max(1.0, _extent(original.text))
    if ratio < SHORTEST:
        yield "short"
    if ratio > LONGEST:
        yield "runaway"
    translation = Document.of(text, language)
    if not _has_its_figures(text, original):
        yield "figures"
    if not _has_its_names(translation, original, glossary):
        yield "names"
    if agreement(translation, original, language) < LEAST_AGREEMENT:
        yield "unfounded"


def agreement(translation: Document, original: Document, language: DigestLanguage) -> float:
    """The share of each side's content words that the other has, 0 to 1; 1 where it is unknown."""
    own = language_of(original)
    if own is None:
        return 1.0
    forth = share_of_words(translation.text, language, original)
    return (forth + share_of_words(original.text, own, translation)) / 2


def _has_its_figures(text: str, original: Document) -> bool:
    """Whether both sides state the same figures.

    Of a language whose words for figures are not known, the digits are compared without their
    scale (12 millions, 1200万); a translation may write out small ones, as the number of a month.
    """
    if language_of(original) is not None:
        return figures_match(original.text, text) and not (
            _lost(original.text, text) or _lost(text, original.text)
        )
    theirs, ours = _digits(original.text), _digits(text)
    return theirs <= ours and all(len(digits) <= SMALL_DIGITS for digits in ours - theirs)


def _lost(one: str, other: str) -> bool:
    """Whether `other` lacks a figure of `one` that is more than one, in digits or in words."""
    stated = Stated(find_figures(other, "zh-Hant"), other)
    return any(
        figure.values[-1] > 1 and figure.kind != "ordinal" and not stated.has(figure)
        for figure in find_figures(one, "zh-Hant")
    )


def _labels(prompt: str) -> list[str]:
    """The lines around the sentence in the message that asks: "English:"."""
    message = prompt.strip().split("\n\n")[-1]
    return [line for line in map(str.strip, message.replace("{text}", "\n").split("\n")) if line]


def _digits(text: str) -> set[str]:
    runs = (re.sub(r"\D", "", run) for run in _DIGITS.findall(text))
    return {run.strip("0") for run in runs} - {""}


def _has_its_names(translation: Document, original: Document, glossary: Glossary) -> bool:
    """Whether either side has the names of the glossary that the other has."""
    return not (
        _lacking(translation, original, glossary) or _lacking(original, translation, glossary)
    )


def _lacking(one: Document, other: Document, glossary: Glossary) -> list[str]:
    """The listed names of `one` that `other` has in no spelling."""
    return [name for name in unsupported_names(one, other, glossary) if glossary.entry(name)]


def _extent(text: str) -> float:
    """About how many English words a text comes to."""
    return sum(HAN_WORD if word[0] >= "㐀" else 1.0 for word in words_of(text))
