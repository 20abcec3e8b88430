"""The terms of a digest, and what each counts."""

import pytest

from service.checks.article_index import ArticleIndex
from service.checks.digest_terms import FIGURE, DigestTerm, figure_terms, word_terms
from service.checks.report import sent_document
from service.tasks import DigestLanguage
from tests.support.trams import ARTICLES


def terms(text: str, language: DigestLanguage, article: str) -> list[DigestTerm]:
    return list(word_terms(text, language, ArticleIndex.of(sent_document(ARTICLES[article]))))


@pytest.mark.parametrize(
    ("text", "language", "article", "places"),
    [
        ("The council, parking, owls.", "en", "en", [{0}, {2}, set()]),
        ("The council, parking, owls.", "en", "zh", [{0}, {2}, set()]),
        ("司机市长猫头鹰", "zh", "en", [{2}, {3}, set()]),
        ("鹰停", "zh", "zh", [set(), {2}, set()]),
    ],
)
def test_a_word_of_content_has_its_places(
    text: str, language: DigestLanguage, article: str, places: list[set[int]]
) -> None:
    assert [term.places for term in terms(text, language, article)] == places


@pytest.mark.parametrize(("text", "language"), [("Owls fear trams.", "en"), ("鹰", "zh")])
def test_within_a_language_a_word_counts_one_present_or_absent(
    text: str, language: DigestLanguage
) -> None:
    for term in terms(text, language, language):
        assert (term.present, term.absent) == (1, 1)


def test_a_pair_of_characters_counts_less_than_either() -> None:
    (first, second, pair) = terms("猫鹰", "zh", "zh")
    assert first.absent == second.absent > pair.absent == pair.present > 0


@pytest.mark.parametrize("name", ["奥莱娜·托尔斯卡", "奧萊娜•托爾斯卡", "托尔斯卡"])
def test_a_foreign_name_that_chinese_spells_otherwise_is_not_missed(name: str) -> None:
    """Two translators write its sounds with other characters."""
    absent = [term.absent for term in terms(f"{name}，猫", "zh", "zh") if not term.places]
    assert absent.count(1) == 1  # 猫
    assert absent.count(0) == len(absent) - 1 >= 4


def test_a_word_that_the_dictionary_hardly_knows_is_hardly_missed_across_languages() -> None:
    """It may be said by a word that is glossed otherwise."""
    common, rare, unknown = terms("people, beeches, unwontedness", "en", "zh")
    assert 1 > common.absent > 0.5 > rare.absent > unknown.absent == 0
    assert common.present == rare.present == unknown.present == 1
    many, one = terms("打击，苍鹭", "zh", "en")
    assert 1 > many.absent > one.absent > 0


@pytest.mark.parametrize(
    ("text", "fully"),
    [
        ("Councillor Brinkwater spoke.", True),  # would be found by its sound
        ("Brinkwater spoke.", True),
        ("It spoke of Owls.", True),
        ("Owls spoke.", False),
    ],
)
def test_a_missing_name_counts_fully_across_languages(text: str, fully: bool) -> None:
    assert (max(term.absent for term in terms(text, "en", "zh")) == 1) == fully


@pytest.mark.parametrize("language", ARTICLES)
def test_a_figure_counts_as_so_many_words(language: DigestLanguage) -> None:
    text = {"en": "forty", "zh": "四十个"}[language]
    (term,) = figure_terms(text, language, sent_document(ARTICLES[language]))
    assert (term.places, term.present, term.absent) == ({1}, FIGURE, FIGURE)
