from service.result import DigestSentence, Source
from service.stories.brief import brief_source, with_brief
from service.stories.news_story import Group
from tests.support.told_stories import digest, groups


def test_a_brief_is_made_of_the_digests_in_the_language_of_most_articles() -> None:
    quake = groups()[0]
    source = brief_source(quake)
    assert source is not None
    assert source.members == (0, 2)
    first, second = source.article.text.split("\n")
    assert first == quake.members[0].digests["en"].text
    assert second == quake.members[2].digests["en"].text


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
