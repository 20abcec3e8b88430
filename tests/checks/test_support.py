import itertools
from typing import Literal

import pytest

from service.checks.report import sent_document
from service.checks.support import Support, support
from tests.support.trams import ARTICLES, DIGESTS, OTHERS

Language = Literal["en", "zh"]
DIRECTIONS = list(itertools.product(ARTICLES, DIGESTS))


def held(digest: str, language: Language, article: str, title: str | None = None) -> Support:
    found = support(digest, language, sent_document(article, title))
    assert found is not None
    return found


@pytest.mark.parametrize(("article", "digest"), DIRECTIONS)
def test_a_digest_is_supported_by_its_article_and_not_by_another(
    article: str, digest: Language
) -> None:
    true = held(DIGESTS[digest], digest, ARTICLES[article])
    other = held(OTHERS[digest], digest, ARTICLES[article])
    assert other.score < 0.3
    assert true.score > 0.6


@pytest.mark.parametrize(("article", "digest"), DIRECTIONS)
def test_each_sentence_names_the_sentences_it_rests_on(article: str, digest: Language) -> None:
    first, second = held(DIGESTS[digest], digest, ARTICLES[article]).sentences
    assert {0, 1} >= set(first.sources) > set()
    assert second.sources == (2,)


@pytest.mark.parametrize(("article", "digest"), DIRECTIONS)
def test_a_figure_supports_as_much_as_three_words(article: str, digest: Language) -> None:
    """So a digest in words of its own is told from another by what it counts."""
    own_words = {"en": "Passengers board at {} places.", "zh": "旅客可在{}处上车。"}[digest]
    right, wrong = (held(own_words.format(n), digest, ARTICLES[article]) for n in (40, 70))
    assert right.weight == wrong.weight > 3
    assert right.score - wrong.score == pytest.approx(3 / right.weight)


def test_another_word_with_the_same_characters_is_partly_supported() -> None:
    article = "夫妇二人取下口罩，准备吃东西。"
    near, far = (
        held(text, "zh", article).score for text in ("夫妻摘下口罩吃饭。", "电车计划通过。")
    )
    assert 0.3 < near < 1
    assert far == 0


@pytest.mark.parametrize("language", DIGESTS)
def test_a_word_counts_once_however_often_the_digest_has_it(language: Language) -> None:
    """So a digest of a text about the same subject gains nothing by naming it again."""
    said = {
        "en": ("The tram plan brings owls.", " The tram plan brings herons."),
        "zh": ("电车计划带来猫头鹰。", "电车计划带来苍鹭。"),
    }[language]
    one = held(said[0], language, ARTICLES[language])
    both = held("".join(said), language, ARTICLES[language])
    assert both.score < one.score
    repeated = held(said[0] * 3, language, ARTICLES[language])
    assert (repeated.score, repeated.weight) == (one.score, one.weight)


@pytest.mark.parametrize("language", DIGESTS)
def test_words_that_the_article_has_together_support_more(language: Language) -> None:
    together, apart = {
        "en": ("The council praised the tram plan.", "The council's drivers praised fares."),
        "zh": ("市议会称赞了电车计划。", "市议会称赞了司机和票价。"),
    }[language]
    assert held(together, language, ARTICLES[language]).score == 1
    assert 0.7 < held(apart, language, ARTICLES[language]).score < 1


def test_a_word_that_the_dictionary_lacks_says_nothing_across_languages() -> None:
    """It may be said by a word that is glossed otherwise; within English it would be there."""
    plain, odd = "The council praised the plan.", "The council praised the plan unwontedly."
    for article, costs in (("zh", False), ("en", True)):
        scores = [held(text, "en", ARTICLES[article]).score for text in (plain, odd)]
        assert (scores[1] < scores[0]) == costs


@pytest.mark.parametrize("language", DIGESTS)
def test_few_words_prove_little(language: Language) -> None:
    short = {"en": "Owls returned.", "zh": "猫。"}[language]
    few, many = (held(text, language, ARTICLES[language]) for text in (short, OTHERS[language]))
    assert few.score == 0
    assert few.cautious > 0.2
    assert 0.16 > many.cautious > many.score


def test_an_english_sentence_rests_on_fewer_chinese_sentences() -> None:
    chinese = "议会通过计划。\n司机担心车位。\n市长支持票价。"
    english = "The council passed a plan. Drivers fear for parking. The mayor backs fares."
    said = "Council, drivers, mayor: plan, parking, fares."
    assert held(said, "en", chinese).score < held(said, "en", english).score


@pytest.mark.parametrize("digest", ["en", "zh"])
def test_a_sentence_that_nothing_supports_has_no_source(digest: Language) -> None:
    both = DIGESTS[digest] + " " + OTHERS[digest]
    *_, last = held(both, digest, ARTICLES[digest]).sentences
    assert last.sources == ()
    assert last.support < 0.3


@pytest.mark.parametrize(
    ("language", "frame"), [("en", "The article discusses how "), ("zh", "本文讨论了")]
)
def test_a_frame_around_the_digest_costs_it_nothing(language: Language, frame: str) -> None:
    framed = held(frame + DIGESTS[language], language, ARTICLES[language])
    assert framed.score == held(DIGESTS[language], language, ARTICLES[language]).score
    assert framed.sentences[0].text.startswith(frame.strip())


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_title_supports_a_digest_but_is_not_a_source(language: Language) -> None:
    titled = held(DIGESTS[language], language, "", title=ARTICLES[language])
    assert titled.score > 0.6
    assert all(sentence.sources == () for sentence in titled.sentences)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("digest", ["", "\n", "40", "…"])
def test_an_empty_claim_needs_no_support(digest: str, language: Language) -> None:
    assert held(digest, language, ARTICLES[language]).score == 1.0


@pytest.mark.parametrize("language", DIGESTS)
def test_a_digest_is_held_against_its_article_once(language: Language) -> None:
    article = sent_document(ARTICLES[language], None)
    held = support(DIGESTS[language], language, article)
    assert support(DIGESTS[language], language, article) is held
    assert support(OTHERS[language], language, article) != held


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_sentence_that_the_title_says_too_has_its_source(language: Language) -> None:
    first = ARTICLES[language].splitlines()[0]
    (sentence, *_) = held(first, language, ARTICLES[language], title=first).sentences
    assert sentence.sources == (0,)
