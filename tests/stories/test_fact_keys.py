from service.result import Facts, StatedFigure
from service.stories.fact_keys import keyed_facts, stem_share
from tests.support.story_facts import facts_of_text


def keys(facts: Facts) -> set[int]:
    return {key for unit in keyed_facts(facts) for key in unit.keys}


def figure(**given: object) -> StatedFigure:
    plain = {"text": "", "kind": "number", "values": [1], "unit": None, "start": None, "end": None}
    return StatedFigure.model_validate({**plain, **given})


def test_a_chinese_word_shares_a_key_with_its_english_meaning() -> None:
    assert keys(Facts(terms={"地震": 1})) & keys(Facts(terms={"earthquake": 1}))
    assert not keys(Facts(terms={"地震": 1})) & keys(Facts(terms={"marathon": 1}))


def test_a_name_is_one_key_in_every_spelling() -> None:
    english, chinese = facts_of_text("Mark Zuckerberg spoke."), facts_of_text("扎克伯格发言。")
    assert keys(Facts(names=english.names)) & keys(Facts(names=chinese.names))


def test_a_chinese_name_meets_its_pinyin_in_either_order() -> None:
    chinese = keys(Facts(terms={"雒骁蕊": 1}))
    assert chinese & keys(Facts(names={"Luo Xiaorui": 1}))
    assert chinese & keys(Facts(names={"Xiaorui Luo": 1}))
    assert not chinese & keys(Facts(names={"Luo Xiaoming": 1}))


def test_a_year_and_a_small_count_tell_nothing() -> None:
    year, few = figure(kind="date", unit="Y", values=[2027]), figure(values=[3])
    day = figure(kind="date", unit="M-D", values=[12, 1])
    assert not keyed_facts(Facts(figures=[year, few]))
    assert len(keyed_facts(Facts(figures=[day]))) == 1


def test_words_of_a_name_do_not_count_twice() -> None:
    assert (
        len(keyed_facts(Facts(names={"Union Pacific": 2}, terms={"union": 2, "pacific": 2}))) == 1
    )


def test_everyday_words_are_common_and_unlisted_ones_rare() -> None:
    from service.checks.stems import key

    assert stem_share(key("open")) > 10 * stem_share(key("avocado"))
    assert stem_share(key("xyzzyq")) < 0.001
    shares = {u.keys[0]: u.share for u in keyed_facts(Facts(terms={"公司": 1, "疟疾": 1}))}
    company, malaria = shares.values()
    assert company > 10 * malaria
