import pytest

from service.result import DigestSentence, Source
from service.stories.brief import brief_source, with_brief
from service.stories.news_story import Group, Told
from service.tasks import DigestLanguage
from tests.support.told_stories import digest, groups


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        (
            "en",
            ["A quake struck Chile on Tuesday.", "The navy warned of a tsunami."],
            ["A quake struck northern Chile on Tuesday.", "Copper mines halted work."],
        ),
        (
            "zh",
            ["智利周二发生地震。", "海军发布海啸警报。"],
            ["智利北部周二发生地震。", "阿塔卡马沙漠的铜矿停产。"],
        ),
    ],
)
def test_the_articles_of_a_brief_take_turns_and_do_not_repeat_one_another(
    language: DigestLanguage, one: list[str], other: list[str]
) -> None:
    source = brief_source(_told(language, one, other))
    assert source is not None
    assert source.article.text.split("\n") == [one[0], one[1], other[1]]
    assert source.members == (0, 0, 1)


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
    source = brief_source(_told(language, first, second))
    assert source is not None
    navy = (" " if language == "en" else "").join(first[:2])
    assert source.article.text.split("\n") == [navy, second[0], first[2]]
    assert source.members == (0, 1, 0)


def test_each_sentence_of_a_brief_names_its_articles() -> None:
    source = brief_source(_told("en", ["A quake struck Chile."], ["Mines stopped."]))
    assert source is not None
    second = source.article.text.index("\n") + 1
    sources = [Source(start=second, end=second + 9), Source(start=0, end=9)]
    sentence = DigestSentence(text="", support=1, sources=sources)
    assert source.articles_at(sentence) == [1, 0]


def _told(language: DigestLanguage, *digests: list[str]) -> Group:
    """A story of articles with such digests."""
    quake = groups()[0]
    members = []
    for texts in digests:
        sentences = [DigestSentence(text=text, support=1, sources=[]) for text in texts]
        made = {"text": "".join(texts), "kind": "extractive", "sentences": sentences}
        result = quake.members[0].result
        digest = result.digests["en"].model_copy(update=made)
        members.append(Told(result.model_copy(update={"digests": {language: digest}}), 0))
    return Group(quake.story, members)


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
