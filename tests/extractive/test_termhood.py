import pytest

from service.extractive.termhood import Mentions, kind_weight, mean_rarity, size_en, size_zh


@pytest.mark.parametrize(
    ("text", "language", "phrase", "count"),
    [
        ("The tram leaves. Two trams wait; trams stay clean.", "en", "tram", 3),
        ("The tramway is old.", "en", "tram", 0),
        ("渡轮开走了。旧渡轮停航，渡轮很旧。", "zh-Hans", "渡轮", 3),
        ("APP上线，app很慢。", "zh-Hans", "App", 2),
    ],
)
def test_mentions_are_counted_in_any_form(
    text: str, language: str, phrase: str, count: int
) -> None:
    assert Mentions(text, language).of(phrase) == count


@pytest.mark.parametrize(
    ("text", "language", "phrase", "count"),
    [
        ("人工智慧部門負責人工智慧。", "zh-Hant", "人工智慧", 1),
        ("渡轮公司说渡轮停航，渡轮很旧。", "zh-Hans", "渡轮", 3),
        ("The tram company runs trams.", "en", "tram", 2),
    ],
)
def test_those_within_a_longer_chinese_name_can_be_left_out(
    text: str, language: str, phrase: str, count: int
) -> None:
    assert Mentions(text, language).as_itself(phrase) == count


@pytest.mark.parametrize(
    ("decides", "thing", "chinese"),
    [("city council", "city bridge", False), ("市议会", "新大桥", True)],
)
def test_one_who_decides_weighs_less_than_a_thing(decides: str, thing: str, chinese: bool) -> None:
    assert kind_weight(decides, chinese) < kind_weight(thing, chinese) == 1.0


def test_a_place_weighs_less_than_a_thing_in_either_script() -> None:
    assert kind_weight("北京", True) == kind_weight("廣州", True) < 1.0


def test_common_nouns_are_less_rare() -> None:
    assert mean_rarity("医院") < mean_rarity("透析")
    assert mean_rarity("醫院") == mean_rarity("医院")


def test_longer_phrases_weigh_more() -> None:
    assert size_en("tram plan") > size_en("Tram") > size_en("tram")
    assert size_zh("电车计划", 2) > size_zh("电车", 2) == size_zh("电车计划", 1)
