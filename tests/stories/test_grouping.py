import random
from typing import Any

from service.result import Facts
from service.stories.grouping import StoryIndex, group
from tests.support.story_facts import facts_of_text

QUAKE_EN = """Strong quake off Chile

An earthquake of magnitude 7.1 struck northern Chile on Tuesday. The navy lifted its tsunami warning
for Iquique after three hours. Copper mines in the Atacama halted work; 34 people were hurt."""
QUAKE_ZH = """智利北部发生7.1级地震

智利北部周二发生7.1级地震，34人受伤。海军三个小时后解除伊基克的海啸预警，阿塔卡马的铜矿停产。"""
RACE_EN = """Kenyan wins in Berlin

A runner from Kenya won the Berlin marathon in heat of 27 degrees. About 55,000 runners from 160
countries took part, and organisers handed out 300,000 more cups of water than planned."""
RACE_ZH = """柏林马拉松高温开跑

一名肯尼亚选手赢得柏林马拉松，气温达到27摄氏度。约5.5万名跑者来自160个国家，组委会多发放了30万杯水。"""


def test_articles_of_one_story_meet_across_the_languages() -> None:
    facts = [facts_of_text(text) for text in (QUAKE_EN, RACE_ZH, QUAKE_ZH, RACE_EN)]
    assert group(facts) == [[0, 2], [1, 3]]


def test_a_story_of_many_articles_stays_one() -> None:
    """In a folder of one story no fact is rare."""
    assert group([facts_of_text(QUAKE_EN), facts_of_text(QUAKE_ZH)] * 40) == [list(range(80))]


def test_a_long_story_keeps_a_few_profiles() -> None:
    index = StoryIndex()
    for text in [QUAKE_EN, QUAKE_ZH] * 10:
        index.add(facts_of_text(text))
    assert set(index._profiles) == {0, 1, 2, 3, 16, 17, 18, 19}


def test_a_loose_story_takes_what_a_close_one_does_not() -> None:
    """An article is held against how much the articles of the story have in common themselves."""

    def named(names: str) -> Facts:
        return Facts(names={f"Name{one}": 1 for one in names})

    close = [named("ABCDEF"), named("ABCDEF"), named("ABCDEF")]
    loose = [named("ABCDEF"), named("ABCGHI"), named("ABCJKL")]
    distant = named("ABxyzuvw")
    assert group([*close, distant]) == [[0, 1, 2], [3]]
    assert group([*loose, distant]) == [[0, 1, 2, 3]]


def test_a_new_article_joins_its_story() -> None:
    index = StoryIndex()
    assert [index.add(facts_of_text(text)) for text in (QUAKE_EN, RACE_EN)] == [0, 1]
    assert index.add(facts_of_text(QUAKE_ZH)) == 0
    assert index.stories == [[0, 2], [1]]


def test_stories_of_one_page_are_never_one() -> None:
    index = StoryIndex()
    assert index.add(facts_of_text(QUAKE_EN), page="a") == 0
    assert index.add(facts_of_text(QUAKE_ZH), page="a") == 1
    assert index.add(facts_of_text(QUAKE_ZH), page="b") == 1


def test_articles_without_facts_are_stories_of_their_own() -> None:
    assert group([Facts(), Facts()]) == [[0], [1]]


def test_the_work_for_an_article_does_not_grow_with_their_number() -> None:
    """A fact that all articles share leads to a bounded number of them."""
    rng = random.Random(7)
    index = StoryIndex()
    for number in range(600):
        own = {f"w{rng.randrange(10**9)}": 1 for _ in range(5)}
        index.add(Facts(names={"Same Name": 1}, terms=own | {f"only{number}": 1}))
    assert max(map(len, index._with_key.values())) <= 100


def test_the_articles_looked_at_are_bounded_however_many_facts_are_shared() -> None:
    looked_at: list[int] = []

    class Counted(dict[int, list[int]]):
        def get(self, key: int, default: Any = None) -> Any:
            found = super().get(key, default)
            looked_at.append(len(found))
            return found

    index = StoryIndex()
    facts = Facts(terms={f"w{number}": 1 for number in range(30)})
    for _ in range(60):
        index.add(facts)
    index._with_key = Counted(index._with_key)
    assert index.add(facts) == 0
    assert 400 < sum(looked_at) < 500
