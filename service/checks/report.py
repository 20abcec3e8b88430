"""The report of `check` on an article and its digests: the same on the command line and by HTTP.

Fields are added, never renamed, as in `service.result`.
"""

from collections.abc import Callable, Iterable, Mapping

from pydantic import BaseModel, ConfigDict, Field

from service.article import Document, Sentence
from service.checks.support import Support, SupportedSentence
from service.checks.unsupported import languages_agree
from service.checks.verdict import (
    LONGEST_DIGEST,
    CheckFault,
    Level,
    Verdict,
    check,
    with_evidence,
)
from service.facts.names import Glossary
from service.result import DigestSentence, Source
from service.tasks import LANGUAGES, DigestLanguage
from service.text.language import detect
from service.text.sentences import spans


class _Answered(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CheckRequest(BaseModel):
    """An article and the digests of it that somebody wrote."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    text: str = Field(description="The article, as plain text.")
    title: str | None = Field(None, max_length=1000, description="Headline of the article.")
    digests: dict[DigestLanguage, str] = Field(
        min_length=1, description="The digests to judge, by their language."
    )


class DigestCheck(_Answered):
    verdict: Level = Field(
        description="refuse: no digest of this article, or it states what the article does not;"
        " warn: something in it was not found; pass: all was."
    )
    faults: list[CheckFault] = Field(description="What it is refused for.")
    support: float | None = Field(
        description="The share of its words of content that the article supports; null for an"
        " article in neither English nor Chinese."
    )
    sentences: list[DigestSentence]
    unsupported_sentences: list[str] = Field(
        description="The sentences of which the article supports too little."
    )
    unsupported_numbers: list[str]
    unsupported_names: list[str]
    evidence: float | None = Field(
        None,
        description="A model's own evidence: the share of the digest's surprise that the article"
        " takes away. Asked for where words don't decide and a model is loaded.",
    )


class CheckResult(_Answered):
    checks: dict[DigestLanguage, DigestCheck]
    languages_agree: bool | None = Field(description="None when there is one digest only.")


Weigh = Callable[[Document, Mapping[DigestLanguage, str]], Mapping[DigestLanguage, float | None]]
"""Asks a model for its evidence for each digest of an article."""


def check_pair(
    pair: CheckRequest,
    glossary: Glossary,
    told: tuple[str, ...] = (),
    weigh: Weigh | None = None,
) -> CheckResult:
    """The verdict on each digest of `pair`; `told` are prompts that a digest must not repeat."""
    article = sent_document(pair.text, pair.title)
    verdicts = {
        language: check(digest, language, article, glossary, told)
        for language, digest in pair.digests.items()
    }
    uncertain = {lang: pair.digests[lang] for lang, each in verdicts.items() if each.uncertain}
    if weigh is not None and uncertain:
        found = weigh(article, uncertain)
        verdicts |= {
            language: with_evidence(verdicts[language], found[language]) for language in uncertain
        }
    checks = {language: _report(each, article) for language, each in verdicts.items()}
    agree = None
    if len(pair.digests) > 1:
        en, zh = (
            Document.of(pair.digests[language][:LONGEST_DIGEST], language) for language in LANGUAGES
        )
        agree = languages_agree(en, zh, article)
    return CheckResult(checks=checks, languages_agree=agree)


def sent_document(text: str, title: str | None = None) -> Document:
    """The document of `text` as it was sent, every line of it; nothing is cleaned away."""
    sentences: list[Sentence] = []
    offset = 0
    for paragraph, line in enumerate(text.splitlines(keepends=True)):
        sentences += (
            Sentence(line[start:end], paragraph, offset + start, offset + end)
            for start, end in spans(line.rstrip())
        )
        offset += len(line)
    language = detect(f"{title}\n{text}" if title else text)
    return Document(text, tuple(sentences), title, language, len(text))


def _report(verdict: Verdict, article: Document) -> DigestCheck:
    return DigestCheck(
        verdict=verdict.verdict,
        faults=list(verdict.faults),
        support=verdict.support,
        sentences=_cited(verdict.sentences, article),
        unsupported_sentences=list(verdict.unsupported_sentences),
        unsupported_numbers=list(verdict.unsupported_numbers),
        unsupported_names=list(verdict.unsupported_names),
        evidence=None if verdict.evidence is None else round(verdict.evidence, 4),
    )


def cited(held: Support | None, article: Document) -> list[DigestSentence]:
    """The sentences of a digest with the places of their sources in the text that was sent."""
    return _cited(held.sentences, article) if held else []


def _cited(sentences: Iterable[SupportedSentence], article: Document) -> list[DigestSentence]:
    return [
        DigestSentence(
            text=sentence.text,
            support=round(sentence.support, 4),
            sources=sources(article, sentence.sources),
        )
        for sentence in sentences
    ]


def sources(article: Document, numbers: Iterable[int]) -> list[Source]:
    """The places of sentences in the text that was sent; those that have none are left out."""
    return [
        Source(start=source.start, end=source.end)
        for source in (article.sentences[number] for number in numbers)
        if source.start is not None and source.end is not None
    ]
