from service.result import Facts
from service.stories.news_story import tell
from tests.support.told_stories import QUAKE_EN, QUAKE_ZH, digest, groups, resources, results


def test_articles_of_one_story_come_together_the_longest_story_first() -> None:
    sources = [[each.source for each in group.story.articles] for group in groups()]
    assert sources == [["en-1", "zh", "en-2"], ["race"]]
    quake, race = (group.story for group in groups())
    assert quake.title == "Strong quake off Chile"
    assert race.title == "柏林马拉松高温开跑"
    assert [article.language for article in quake.articles] == ["en", "zh-Hans", "en"]


def test_a_fact_names_the_articles_that_state_it() -> None:
    (magnitude,) = [fact for fact in groups()[0].story.facts if fact.values == [7.1]]
    assert [mention.article for mention in magnitude.mentions] == [0, 1, 2]
    assert not magnitude.contradicts


def test_facts_that_contradict_each_other_point_to_each_other() -> None:
    facts = groups()[0].story.facts
    index = {fact.values[0]: number for number, fact in enumerate(facts)}
    assert facts[index[21]].contradicts == [index[31]]
    assert facts[index[31]].contradicts == [index[21]]
    mention = facts[index[31]].mentions[0]
    assert mention.start is not None
    assert "31人死亡" in QUAKE_ZH[mention.start : mention.end]


def test_a_story_of_one_article_compares_nothing() -> None:
    assert groups()[1].story.facts == []


def test_the_stories_of_a_page_stay_apart() -> None:
    from service.result import Story

    whole = digest(QUAKE_EN, "page")
    story = Story(
        title=None, kept=1, digests={}, stance=whole.stance, checks=whole.checks, facts=whole.facts
    )
    page = whole.model_copy(update={"stories": [story, story]})
    told = tell([page, digest(QUAKE_ZH, "zh")], resources().glossary)
    assert [[(a.id, a.part) for a in group.story.articles] for group in told] == [
        [("page", 0), ("zh", 0)],
        [("page", 1)],
    ]


def test_results_of_earlier_versions_without_facts_are_stories_of_their_own() -> None:
    old = [result.model_copy(update={"facts": Facts()}) for result in results()]
    assert len(tell(old, resources().glossary)) == len(old)


def test_a_target_is_one_in_every_spelling() -> None:
    english = digest("Meta is wrong. The plan of Meta is a bad one, critics of Meta say.", "1")
    stance = english.stance
    assert not isinstance(stance, list)
    spelled = english.model_copy(update={"stance": stance.model_copy(update={"target": "脸书"})})
    named = english.model_copy(
        update={"id": "2", "stance": stance.model_copy(update={"target": "Facebook"})}
    )
    (group,) = tell([spelled, named], resources().glossary)
    assert len({stance.target for stance in group.story.stances}) == 1
