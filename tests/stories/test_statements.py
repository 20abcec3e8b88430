import pytest

from service.article import Document
from service.stories.statements import Statements, is_scattered
from service.tasks import DigestLanguage
from tests.support.story_facts import facts_of_text
from tests.support.told_stories import resources

EN = {
    0: [
        "An earthquake of magnitude 6.3 struck the province of Kesta on Thursday. It killed 14"
        " people and cut the power in Orvan.",
        "A quake of magnitude 7.0 killed 412 people in the same valley in 1998.",
    ],
    1: [
        "The earthquake of magnitude 6.3 in the province of Kesta killed 14 people on Thursday.",
        "The army sent 600 soldiers to the capital.",
    ],
}
ZH = {
    0: [
        "云南省大理州周四发生6.3级地震。地震造成14人死亡，城区停电。",
        "1998年，同一山谷曾发生7.0级地震，造成412人死亡。",
    ],
    1: ["周四，云南省大理州的6.3级地震造成14人死亡。", "军队派出600名士兵前往灾区。"],
}
TITLES = {0: "Quake in Kesta"}
TITLES_ZH = {0: "大理地震"}


def stating(text: str, language: DigestLanguage) -> list[int]:
    told, titles = (EN, TITLES) if language == "en" else (ZH, TITLES_ZH)
    statements = Statements(told, titles, language, resources().glossary)
    return statements.articles_that_state(text, language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "An earthquake of magnitude 6.3 in the province of Kesta killed 14 people."),
        ("zh", "云南省大理州发生6.3级地震，造成14人死亡。"),
    ],
)
def test_each_article_that_states_a_sentence_is_found(language: DigestLanguage, text: str) -> None:
    assert stating(text, language) == [0, 1]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The army sent 600 soldiers to the capital."),
        ("zh", "军队派出600名士兵前往灾区。"),
    ],
)
def test_an_article_that_does_not_state_it_is_not_named(
    language: DigestLanguage, text: str
) -> None:
    assert stating(text, language) == [1]


@pytest.mark.parametrize(
    ("language", "whole", "part"),
    [
        (
            "en",
            "A gas leak at a bakery in Orvan killed a baker and a young customer, and city police"
            " have no suspects yet.",
            "A gas leak at a bakery in Orvan killed a baker and a young customer, police said.",
        ),
        (
            "zh",
            "奥万一家面包店燃气泄漏，造成一名面包师和一名顾客死亡，警方尚未锁定嫌疑人。",
            "奥万一家面包店燃气泄漏，造成一名面包师和一名顾客死亡。",
        ),
    ],
)
def test_an_article_that_states_a_part_of_a_sentence_is_not_named(
    language: DigestLanguage, whole: str, part: str
) -> None:
    told = {0: [whole], 1: [part]}
    statements = Statements(told, {}, language, resources().glossary)
    assert statements.articles_that_state(whole, language) == [0]
    assert statements.articles_that_state(part, language) == [0, 1]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        # Both figures are the first article's, in passages about two earthquakes.
        ("en", "An earthquake of magnitude 6.3 killed 412 people in Kesta."),
        ("zh", "云南省大理州发生6.3级地震，造成412人死亡。"),
        # One figure is the first article's, the other one the second's.
        ("en", "After a quake of magnitude 7.0 the army sent 600 soldiers to the capital."),
        ("zh", "7.0级地震后，军队派出600名士兵前往灾区。"),
        # No article has the name.
        ("en", "An earthquake of magnitude 6.3 killed 14 people in Greece on Thursday."),
        ("zh", "周四，希腊发生6.3级地震，造成14人死亡。"),
        # A clause is added to what is true.
        ("en", "The army sent 600 soldiers to the capital, and a new airport opens next spring."),
        ("zh", "军队派出600名士兵前往灾区，新机场预计将于明年春季正式启用。"),
        # The words are those of no article.
        ("en", "Experts expect the price of copper to rise further in autumn."),
        ("zh", "专家预计铜价秋季将进一步上涨。"),
    ],
)
def test_no_article_states_a_mixture(language: DigestLanguage, text: str) -> None:
    assert stating(text, language) == []


ARTICLES = {
    "en": "A quake of magnitude 6.3 struck Kesta on Thursday. It killed 214 people in the capital."
    " The army sent soldiers. The governor asked for tents. In 1998 a quake killed 412 people.",
    "zh": "大理州周四发生6.3级地震。地震造成214人死亡。军队派出士兵。州长请求支援帐篷。"
    "1998年的地震造成412人死亡。",
}


@pytest.mark.parametrize(
    ("language", "text", "scattered"),
    [
        ("en", "A quake of magnitude 6.3 killed 214 people.", False),
        ("zh", "6.3级地震造成214人死亡。", False),
        ("en", "A quake of magnitude 6.3 killed 412 people.", True),
        ("zh", "6.3级地震造成412人死亡。", True),
        ("en", "It killed 412 people and moved 999 tents.", False),
        ("zh", "地震造成412人死亡，运来999顶帐篷。", False),
    ],
)
def test_figures_are_scattered_that_stand_apart_in_the_article(
    language: DigestLanguage, text: str, scattered: bool
) -> None:
    facts = facts_of_text(ARTICLES[language])
    assert is_scattered(Document.of(text, language), facts) is scattered
