"""The verdict on a digest that anybody wrote: pass, warn or refuse, and what it rests on.

`refuse` means that the digest is no digest of this article, or states what the article does not;
`warn` that something in it could not be found, which may be the check's own limit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from service.article import Document, Sentence
from service.checks.article_index import ArticleIndex
from service.checks.form import Candidate, FormFault, form_faults
from service.checks.support import Support, SupportedSentence, support
from service.checks.unsupported import unsupported_names, unsupported_numbers
from service.facts.names import Glossary
from service.facts.numerals import find_figures
from service.tasks import DigestLanguage
from service.text.language import detect
from service.text.sentences import spans

Kind = Literal["pass", "warn", "refuse"]
CheckFault = FormFault | Literal["figures", "names", "unfounded"]

Direction = tuple[DigestLanguage, DigestLanguage]
"""The article's language and the digest's."""
# Under LOW few true digests lie and most of other articles; over HIGH few of others. Measured on
# development data by tests/quality/test_checks.py; docs/checks.md has the rates on other data.
LOW: Mapping[Direction, float] = {
    ("en", "en"): 0.43,
    ("zh", "zh"): 0.23,
    ("zh", "en"): 0.40,
    ("en", "zh"): 0.30,
}
HIGH: Mapping[Direction, float] = {
    ("en", "en"): 0.65,
    ("zh", "zh"): 0.50,
    ("zh", "en"): 0.55,
    ("en", "zh"): 0.50,
}
SENTENCE_LOW = 0.42
_DOUBT = 2
"""A sentence is taken to have so many supported words more: a short one says little for sure."""
FEWEST_NAMES = 2


class CheckedArticle:
    """An article that digests are held against: its text, its language, and its index."""

    def __init__(self, text: str, language: str, index: ArticleIndex) -> None:
        self.text = text
        self.index = index
        self._language = language

    @classmethod
    def of(cls, text: str, title: str | None = None) -> "CheckedArticle":
        """`text` as it was sent, every line of it; nothing is cleaned away."""
        sentences: list[Sentence] = []
        offset = 0
        for paragraph, line in enumerate(text.splitlines(keepends=True)):
            sentences += (
                Sentence(line[start:end], paragraph, offset + start, offset + end)
                for start, end in spans(line.rstrip())
            )
            offset += len(line)
        whole = f"{title}\n{text}" if title else text
        return cls(whole, detect(whole), ArticleIndex(sentences, title))

    @cached_property
    def document(self) -> Document:
        return Document.of(self.text)

    @cached_property
    def language(self) -> DigestLanguage | None:
        """None for a language of which no dictionary is at hand."""
        tag = self._language.partition("-")[0]
        if tag == "und":  # too short to tell
            return "zh" if self.index.is_chinese else "en"
        return "zh" if tag == "zh" else "en" if tag == "en" else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`support` is None where the article's language can't be judged."""

    verdict: Kind
    faults: tuple[CheckFault, ...]
    support: float | None
    sentences: tuple[SupportedSentence, ...]
    unsupported_numbers: tuple[str, ...]
    unsupported_names: tuple[str, ...]

    @property
    def unsupported_sentences(self) -> tuple[str, ...]:
        return unsupported_sentences(self.sentences)


def check(
    digest: str,
    language: DigestLanguage,
    article: CheckedArticle,
    glossary: Glossary,
    told: tuple[str, ...] = (),
) -> Verdict:
    """The verdict on `digest`; `told` are the texts of prompts that it must not repeat."""
    document = Document.of(digest, language)
    numbers = unsupported_numbers(document, article.document)
    names = unsupported_names(document, article.document, glossary)
    held = held_support(digest, language, article)
    faults: list[CheckFault] = list(form_faults(Candidate(digest, language, article.text, told)))
    if exact(digest, numbers):
        faults.append("figures")
    if are_most_names(names, digest, glossary):
        faults.append("names")
    if held is not None and is_unfounded(held, language, article):
        faults.append("unfounded")
    sentences = held.sentences if held else ()
    doubtful = bool(
        numbers
        or names
        or held is None
        or is_grey(held, language, article)
        or unsupported_sentences(sentences)
    )
    return Verdict(
        "refuse" if faults else "warn" if doubtful else "pass",
        tuple(faults),
        round(held.score, 4) if held else None,
        sentences,
        tuple(numbers),
        tuple(names),
    )


def held_support(digest: str, language: DigestLanguage, article: CheckedArticle) -> Support | None:
    """The support of `digest`; None where the article is in neither English nor Chinese."""
    return support(digest, language, article.index) if article.language else None


def is_unfounded(held: Support, language: DigestLanguage, article: CheckedArticle) -> bool:
    return article.language is not None and held.score < LOW[article.language, language]


def is_grey(held: Support, language: DigestLanguage, article: CheckedArticle) -> bool:
    """Whether the support proves neither that the digest is the article's nor that it is not."""
    return article.language is not None and held.score < HIGH[article.language, language]


def unsupported_sentences(sentences: tuple[SupportedSentence, ...]) -> tuple[str, ...]:
    """The sentences of which the article supports too little."""
    return tuple(
        sentence.text
        for sentence in sentences
        if sentence.support * sentence.words + _DOUBT < SENTENCE_LOW * (sentence.words + _DOUBT)
    )


def are_most_names(names: list[str], digest: str, glossary: Glossary) -> bool:
    """Whether several names are unsupported, and they are most of the names of the digest."""
    if len(names) < FEWEST_NAMES:
        return False
    return 2 * len(names) > len({name.surface for name in glossary.find_names(digest)})


def exact(digest: str, numbers: list[str]) -> list[str]:
    """Those of the unsupported figures that stand in digits and claim to be exact.

    "More than 100" of 116 bodies, "half" and 十年磨一剑 are true or not by a reckoning that no
    table holds: somebody else's digest is warned of for them, not refused.
    """
    rough = {figure.text for figure in find_figures(digest, "zh-Hant") if figure.bound}
    return [each for each in numbers if each not in rough and any(map(str.isdigit, each))]
