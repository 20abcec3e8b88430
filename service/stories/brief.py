"""The brief of a story: a digest of the checked digests of its articles.

It is made as any digest is, by the same engine and under the same checks, of a text in which the
articles take turns: a paragraph is a sentence of one article's digest, with those that lean on it.
So a brief is no digest of the first article alone, and each of its sentences rests on digests, and
these on articles.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, zip_longest

from service.article import Article
from service.extractive.sentence_quality import is_spaceless, leans
from service.result import Digest, DigestSentence, Result
from service.stories.news_story import Brief, BriefSentence, Group
from service.tasks import LANGUAGES, DigestLanguage
from service.text.script import to_script
from service.text.terms import terms

MOST_DIGESTS = 24
"""Articles whose digests are read for a brief: those of a long story repeat one another."""

MOST_REPEATED = 0.5
"""The share of its words that a passage may have from those before it; articles of one story open
with the same news."""


@dataclass(frozen=True, slots=True)
class BriefSource:
    """The text of which a brief is made, and the article of each of its paragraphs."""

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
    turns = list(_turns(members, language))
    text = "\n".join(passage for _, passage in turns)
    source = f"{len(members)} articles"
    return BriefSource(Article(text, source=source), tuple(index for index, _ in turns))


def _turns(
    members: Sequence[tuple[int, Digest]], language: DigestLanguage
) -> Iterator[tuple[int, str]]:
    """Passages of all digests in turn, each with the index of its article, without repetitions."""
    said: set[str] = set()
    for turn in zip_longest(*(_passages(digest.sentences, language) for _, digest in members)):
        for (index, _), passage in zip(members, turn, strict=True):
            words = set(terms(passage or "", language))
            if passage and len(words & said) <= MOST_REPEATED * len(words):
                yield index, passage
                said |= words


def _digests(group: Group, language: DigestLanguage) -> dict[int, Digest]:
    """The digests of sentences in `language`, by the index of the article."""
    digests = ((index, told.digests.get(language)) for index, told in enumerate(group.members))
    return {
        index: digest
        for index, digest in digests
        if digest is not None and digest.kind != "keyfacts"
    }


def _passages(sentences: Sequence[DigestSentence], language: DigestLanguage) -> Iterator[str]:
    """The sentences of a digest, each with those after it that lean on it, a line each."""
    between = "" if is_spaceless(language) else " "
    passage = ""
    for sentence in sentences:
        text = " ".join(sentence.text.split())
        if passage and not leans(to_script(text, "Hans"), language):
            yield passage
            passage = ""
        passage += between * bool(passage) + text
    if passage:
        yield passage


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
