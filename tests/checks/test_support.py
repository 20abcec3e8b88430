import itertools
from typing import Literal

import pytest

from service.article import Sentence
from service.checks.article_index import ArticleIndex
from service.checks.support import support
from service.text.sentences import spans
from tests.support.trams import ARTICLES, DIGESTS, OTHERS

Language = Literal["en", "zh"]
DIRECTIONS = list(itertools.product(ARTICLES, DIGESTS))


def indexed(text: str, title: str | None = None) -> ArticleIndex:
    sentences = [
        Sentence(line[start:end], 0, None, None)
        for line in text.splitlines()
        for start, end in spans(line)
    ]
    return ArticleIndex(sentences, title)


@pytest.mark.parametrize(("article", "digest"), DIRECTIONS)
def test_a_digest_is_supported_by_its_article_and_not_by_another(
    article: str, digest: Language
) -> None:
    index = indexed(ARTICLES[article])
    true = support(DIGESTS[digest], digest, index)
    other = support(OTHERS[digest], digest, index)
    assert other.score < 0.3
    assert true.score > 0.6


@pytest.mark.parametrize(("article", "digest"), DIRECTIONS)
def test_each_sentence_names_the_sentences_it_rests_on(article: str, digest: Language) -> None:
    index = indexed(ARTICLES[article])
    first, second = support(DIGESTS[digest], digest, index).sentences
    assert {0, 1} >= set(first.sources) > set()
    assert second.sources == (2,)


@pytest.mark.parametrize("digest", ["en", "zh"])
def test_a_sentence_that_nothing_supports_has_no_source(digest: Language) -> None:
    index = indexed(ARTICLES[digest])
    *_, last = support(DIGESTS[digest] + " " + OTHERS[digest], digest, index).sentences
    assert last.sources == ()
    assert last.support < 0.3


@pytest.mark.parametrize(
    ("language", "frame"), [("en", "The article discusses how "), ("zh", "本文讨论了")]
)
def test_a_frame_around_the_digest_costs_it_nothing(language: Language, frame: str) -> None:
    index = indexed(ARTICLES[language])
    framed = support(frame + DIGESTS[language], language, index)
    assert framed.score == support(DIGESTS[language], language, index).score
    assert framed.sentences[0].text.startswith(frame.strip())


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_title_supports_a_digest_and_is_no_source(language: Language) -> None:
    held = support(DIGESTS[language], language, indexed("", title=ARTICLES[language]))
    assert held.score > 0.6
    assert all(sentence.sources == () for sentence in held.sentences)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("digest", ["", "\n", "40", "…"])
def test_what_says_nothing_needs_no_support(digest: str, language: Language) -> None:
    assert support(digest, language, indexed(ARTICLES[language])).score == 1.0
