"""The brief of a story: a digest of the checked digests of its articles.

It is made as any digest is, by the same engine and under the same checks, of a text that has one
paragraph for each article. So each sentence of a brief rests on digests, and these on articles.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from service.article import Article
from service.result import DigestSentence, Result
from service.stories.news_story import Brief, BriefSentence, Group
from service.tasks import LANGUAGES, DigestLanguage

MOST_DIGESTS = 24
"""Articles whose digests are read for a brief: those of a long story repeat one another."""


@dataclass(frozen=True, slots=True)
class BriefSource:
    """The text of which a brief is made, and whose digest each of its paragraphs is."""

    article: Article
    members: tuple[int, ...]

    def articles_at(self, sentence: DigestSentence) -> list[int]:
        """The indices of the articles whose paragraphs a sentence of the brief rests on."""
        lengths = (len(line) + 1 for line in self.article.text.split("\n"))
        ends = list(accumulate(lengths))
        found = (
            next(index for index, end in enumerate(ends) if source.start < end)
            for source in sentence.sources
        )
        return list(dict.fromkeys(self.members[index] for index in found))


def brief_source(group: Group) -> BriefSource | None:
    """The digests of a story's articles, in the language in which most have one.

    None for a story of one article, and where fewer than two articles have a digest of sentences.
    """
    written = {language: _digests(group, language) for language in LANGUAGES}
    language = max(LANGUAGES, key=lambda each: len(written[each]))
    members = list(written[language].items())[:MOST_DIGESTS]
    if len(members) < 2:
        return None
    text = "\n".join(" ".join(digest.split()) for _, digest in members)
    source = f"{len(members)} articles"
    return BriefSource(Article(text, source=source), tuple(index for index, _ in members))


def _digests(group: Group, language: DigestLanguage) -> dict[int, str]:
    """The digests of sentences in `language`, by the index of the article."""
    digests = ((index, told.digests.get(language)) for index, told in enumerate(group.members))
    return {
        index: digest.text
        for index, digest in digests
        if digest is not None and digest.kind != "keyfacts"
    }


def with_brief(group: Group, source: BriefSource, result: Result) -> Group:
    """The story with the digests of `result`, made of `source`, as its briefs.

    Where `result` has key facts only, an article's own digest in that language says more.
    """
    briefs = {
        language: Brief(
            text=digest.text,
            kind=digest.kind,
            engine=digest.engine,
            sentences=_sentences(digest.sentences, source),
        )
        for language, digest in result.digests.items()
    }
    for language, brief in briefs.items():
        if brief.kind == "keyfacts":
            briefs[language] = _of_one_article(group, language) or brief
    return group.with_briefs(briefs, result.fingerprint)


def _of_one_article(group: Group, language: str) -> Brief | None:
    """The first article's digest in `language` that is one of sentences."""
    for index, told in enumerate(group.members):
        digest = told.digests.get(language)
        if digest is not None and digest.kind != "keyfacts":
            sentences = [
                BriefSentence(text=sentence.text, articles=[index]) for sentence in digest.sentences
            ]
            return Brief(
                text=digest.text, kind=digest.kind, engine=digest.engine, sentences=sentences
            )
    return None


def _sentences(sentences: Sequence[DigestSentence], source: BriefSource) -> list[BriefSentence]:
    return [
        BriefSentence(text=sentence.text, articles=source.articles_at(sentence))
        for sentence in sentences
    ]
