import numpy as np
import pytest

from service.result import Facts
from service.stories.likeness import Profile, likeness, rarity

QUAKE = Facts(terms={"earthquake": 2, "tsunami": 1, "copper": 1, "mine": 1})
QUAKE_ZH = Facts(terms={"地震": 2, "海啸": 1, "铜矿": 1, "停产": 1})
RACE = Facts(terms={"marathon": 2, "runner": 1, "heat": 1})
RACE_ZH = Facts(terms={"马拉松": 2, "跑者": 1, "高温": 1})


@pytest.mark.parametrize("facts", [QUAKE, QUAKE_ZH])
def test_facts_are_wholly_like_themselves(facts: Facts) -> None:
    assert likeness(Profile.of(facts), [Profile.of(facts)]) == pytest.approx([1])


@pytest.mark.parametrize(("one", "other"), [(QUAKE, RACE), (QUAKE_ZH, RACE_ZH), (QUAKE, RACE_ZH)])
def test_facts_without_a_common_key_are_not_alike(one: Facts, other: Facts) -> None:
    assert likeness(Profile.of(one), [Profile.of(other)]) == [0]


def test_likeness_crosses_the_languages_and_is_symmetric() -> None:
    one, other = Profile.of(QUAKE), Profile.of(QUAKE_ZH)
    assert likeness(one, [other]) > 0.4
    assert likeness(one, [other]) == likeness(other, [one])


def test_each_of_many_is_as_like_as_it_is_alone() -> None:
    one = Profile.of(QUAKE)
    others = [Profile.of(facts) for facts in (RACE, QUAKE_ZH, Facts(), QUAKE, RACE_ZH)]
    alone = [float(likeness(one, [other])[0]) for other in others]
    assert likeness(one, others).tolist() == alone
    assert alone[0] == alone[2] == alone[4] == 0 < alone[1] < alone[3]


def test_a_fact_weighs_no_more_than_the_key_by_which_it_is_met() -> None:
    """矿 is *mine*, and may be met by it: the more articles have that gloss, the less it tells."""

    def met(common: float) -> float:
        profile, shared = (
            Profile.of(Facts(terms={"铜矿": 1})),
            Profile.of(Facts(terms={"copper": 1})),
        )
        gloss = int(shared.own[0])
        own = np.array([5.0])
        return float(
            likeness(profile, [shared], lambda keys, _: np.where(keys == gloss, common, own))[0]
        )

    assert met(1.0) < met(3.0)


def test_no_facts_are_like_nothing() -> None:
    assert likeness(Profile.of(Facts()), [Profile.of(QUAKE)]) == [0]
    assert likeness(Profile.of(Facts()), [Profile.of(Facts())]) == [0]


def test_a_key_is_the_less_rare_the_more_articles_have_it() -> None:
    assert rarity(0.001) > rarity(0.1) > 0
    assert rarity(0.001, seen=1, articles=10) > rarity(0.001, seen=9, articles=10)


def test_a_key_of_one_article_weighs_the_same_in_a_large_folder() -> None:
    assert rarity(0.0005, seen=1, articles=10_000) == rarity(0.0005, seen=1, articles=100_000)
