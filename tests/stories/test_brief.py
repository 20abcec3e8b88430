import pytest

from service.result import DigestSentence, Source
from service.stories.brief import brief_source, with_brief
from service.stories.news_story import Group, Told
from service.tasks import DigestLanguage
from tests.support.told_stories import digest, groups


def test_the_articles_of_most_digests_take_turns_in_a_brief() -> None:
    quake = groups()[0]
    source = brief_source(quake)
    assert source is not None
    lines = source.article.text.split("\n")
    assert set(source.members) == {0, 2}
    assert source.members[:2] == (0, 2)
    for index, line in zip(source.members, lines, strict=True):
        assert line in quake.members[index].digests["en"].text


@pytest.mark.parametrize(
    ("language", "first", "second"),
    [
        (
            "en",
            ["The navy had warned Iquique.", "It lifted the warning later.", "Mines stopped."],
            ["A quake struck Chile."],
        ),
        ("zh", ["海軍發佈了海嘯警報。", "它後來解除了警報。", "銅礦停產。"], ["智利发生地震。"]),
    ],
)
def test_a_sentence_that_leans_on_another_stays_with_it(
    language: DigestLanguage, first: list[str], second: list[str]
) -> None:
    quake = groups()[0]
    members = [_with_digest(quake.members[0], language, told) for told in (first, second)]
    source = brief_source(Group(quake.story, members))
    assert source is not None
    navy = (" " if language == "en" else "").join(first[:2])
    assert source.article.text.split("\n") == [navy, second[0], first[2]]
    assert source.members == (0, 1, 0)


def _with_digest(told: Told, language: DigestLanguage, texts: list[str]) -> Told:
    sentences = [DigestSentence(text=text, support=1, sources=[]) for text in texts]
    made = {"text": "".join(texts), "kind": "extractive", "sentences": sentences}
    digest = told.result.digests["en"].model_copy(update=made)
    return Told(told.result.model_copy(update={"digests": {language: digest}}), 0)


def test_each_sentence_of_a_brief_names_its_articles() -> None:
    source = brief_source(groups()[0])
    assert source is not None
    second = source.article.text.index("\n") + 1
    sources = [Source(start=second, end=second + 9), Source(start=0, end=9)]
    sentence = DigestSentence(text="", support=1, sources=sources)
    assert source.articles_at(sentence) == [2, 0]


def test_the_brief_of_a_story_has_both_languages() -> None:
    briefs = groups()[0].story.briefs
    assert briefs["en"].kind == "extractive"
    assert briefs["en"].text.startswith("An earthquake of magnitude 7.1 struck")
    assert briefs["en"].sentences[0].articles == [0]
    # The engine translates nothing, so the Chinese article speaks for itself.
    assert briefs["zh"].text.startswith("智利北部周二发生7.1级地震")
    assert {tuple(sentence.articles) for sentence in briefs["zh"].sentences} == {(1,)}


def test_a_story_of_one_article_has_no_brief() -> None:
    race = groups()[1]
    assert brief_source(race) is None
    assert race.story.briefs == {}


def test_key_facts_stay_where_no_article_is_in_the_language() -> None:
    quake = groups()[0]
    english = [member for member in quake.members if member.result.language == "en"]
    group = Group(quake.story, english)
    source = brief_source(group)
    assert source is not None
    briefed = with_brief(group, source, digest(source.article.text))
    assert briefed.story.briefs["zh"].kind == "keyfacts"
