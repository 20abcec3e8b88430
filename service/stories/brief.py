"""The brief of a story: a digest of the checked digests of its articles.

It is made as any digest is, by the same engine and under the same checks, of a text in which the
articles take turns: a paragraph is a sentence of one article's digest, with those that lean on it.
So a brief is not a digest of the first article alone, and each of its sentences rests on digests,
and these on articles. What a model writes is held against each article by itself: a sentence that
no article states is left out, and where nothing is left the digests' own sentences stand for it.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, zip_longest

from service.article import Article, Document
from service.extractive.sentence_quality import is_spaceless, leans
from service.extractive.summarize import join
from service.facts.names import Glossary
from service.result import Digest, DigestSentence, Result
from service.stories.news_story import Brief, BriefSentence, Group, Told
from service.stories.statements import Statements, is_scattered
from service.tasks import LANGUAGES, DigestLanguage
from service.text.script import to_script
from service.text.terms import terms

MOST_DIGESTS = 24
"""Articles whose digests are read for a brief: those of a long story repeat one another."""

MOST_CITED = 3
"""Articles that are named for one sentence."""

MOST_REPEATED = 0.5
"""The share of its words that a passage may have from those before it; articles of one story open
with the same news."""


@dataclass(frozen=True, slots=True)
class BriefSource:
    """The text of which a brief is made, and the article of each of its paragraphs.

    `passages` are those of each article, also where the text has them of another one.
    """

    article: Article
    members: tuple[int, ...]
    language: DigestLanguage
    passages: Mapping[int, Sequence[str]]

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

    None for a story of one article, and where fewer than two articles have a digest of sentences
    that the checks found nothing wrong with.
    """
    written = {language: _passages_of_all(group, language) for language in LANGUAGES}
    language = max(LANGUAGES, key=lambda each: len(written[each]))
    passages = dict(list(written[language].items())[:MOST_DIGESTS])
    if len(passages) < 2:
        return None
    turns = list(_turns(passages, language))
    text = "\n".join(passage for _, passage in turns)
    article = Article(text, source=f"{len(passages)} articles")
    return BriefSource(article, tuple(index for index, _ in turns), language, passages)


def _turns(
    passages: Mapping[int, Sequence[str]], language: DigestLanguage
) -> Iterator[tuple[int, str]]:
    """The passages in turn, each with the index of its article, without repetitions."""
    said: set[str] = set()
    for turn in zip_longest(*passages.values()):
        for index, passage in zip(passages, turn, strict=True):
            words = set(terms(passage or "", language))
            if passage and len(words & said) <= MOST_REPEATED * len(words):
                yield index, passage
                said |= words


def _passages_of_all(group: Group, language: DigestLanguage) -> dict[int, list[str]]:
    """The passages of the digests in `language`, by the index of the article."""
    found = {
        index: _sound_passages(told, digest, language)
        for index, told in enumerate(group.members)
        if (digest := told.digests.get(language)) is not None and digest.kind != "keyfacts"
    }
    return {index: passages for index, passages in found.items() if passages}


def _sound_passages(told: Told, digest: Digest, language: DigestLanguage) -> list[str]:
    passages = list(_passages(digest.sentences, language))
    if digest.kind != "abstractive":
        return passages
    doubtful = [
        " ".join(each.text.split())
        for each in digest.sentences
        if _is_doubtful(each.text, told, language)
    ]
    return [passage for passage in passages if not any(text in passage for text in doubtful)]


def _is_doubtful(text: str, told: Told, language: DigestLanguage) -> bool:
    """Whether the checks doubt something in a sentence, which a digest shows beside a warning, or
    its figures are not together in its article."""
    checks = told.checks
    lacking = [*checks.unsupported_numbers, *checks.unsupported_names]
    return (
        text in checks.unsupported_sentences.get(language, [])
        or any(re.search(rf"(?<!\d){re.escape(each)}(?!\d)", text) for each in lacking)
        or is_scattered(Document.of(text, language), told.facts)
    )


def _passages(sentences: Sequence[DigestSentence], language: DigestLanguage) -> Iterator[str]:
    """The sentences of a digest, each with those after it that lean on it, a line each."""
    between = "" if is_spaceless(language) else " "
    passage = ""
    for sentence in sentences:
        text = " ".join(sentence.text.split())
        if passage and not _leans(text, language):
            yield passage
            passage = ""
        passage += between * bool(passage) + text
    if passage:
        yield passage


def _leans(sentence: str, language: str) -> bool:
    """Whether a sentence is about what the one before it says, in any script."""
    return leans(to_script(sentence, "Hans"), language)


def with_brief(
    group: Group,
    source: BriefSource,
    result: Result,
    glossary: Glossary,
    without_model: Callable[[], Result],
) -> Group:
    """The story with the digests of `result`, made of `source`, as its briefs.

    `without_model` digests `source` by its own sentences, in place of a digest of which no article
    states a sentence. Where there are key facts only, an article's own digest in that language says
    more.
    """
    titles = {index: told.title for index, told in enumerate(group.members)}
    statements = Statements(source.passages, titles, source.language, glossary)
    briefs = {}
    for language, digest in result.digests.items():
        brief = _brief(digest, language, source, statements)
        if not brief.sentences and brief.left_out:
            own = _brief(without_model().digests[language], language, source, statements)
            brief = own.model_copy(update={"left_out": brief.left_out})
        if brief.kind == "keyfacts":
            brief = _of_one_article(group, language) or brief
        briefs[language] = brief
    return group.with_briefs(briefs, result.fingerprint)


def _brief(digest: Digest, language: str, source: BriefSource, statements: Statements) -> Brief:
    """The brief of a digest: of what a model wrote only the sentences that an article states."""
    told = list(_cited(digest, language, source, statements))
    kept = [sentence for sentence in told if sentence.articles or digest.kind != "abstractive"]
    whole = len(kept) == len(told)
    return Brief(
        text=digest.text if whole else join([sentence.text for sentence in kept], language),
        kind=digest.kind,
        engine=digest.engine,
        sentences=kept,
        left_out=[] if whole else [each.text for each in told if not each.articles],
    )


def _cited(
    digest: Digest, language: str, source: BriefSource, statements: Statements
) -> Iterator[BriefSentence]:
    """The sentences of a digest with the first articles that state each; that which one was taken
    from is among them.

    A sentence that leans on the one before it has to be stated together with it: "it killed 412"
    is said of an earthquake.
    """
    between = "" if is_spaceless(language) else " "
    passage: str | None = ""
    for sentence in digest.sentences:
        text = sentence.text
        own = [] if digest.kind == "abstractive" else source.articles_at(sentence)
        leaning = _leans(text, language)
        if passage and leaning:
            passage += between + text
        elif passage is not None or not leaning:
            passage = text
        others: list[int] = []
        if passage is not None and digest.kind != "keyfacts" and language in LANGUAGES:
            others = statements.articles_that_state(passage, language)
        articles = sorted(list(dict.fromkeys([*own, *others]))[:MOST_CITED])
        if not articles:
            passage = None
        yield BriefSentence(text=text, articles=articles)


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
