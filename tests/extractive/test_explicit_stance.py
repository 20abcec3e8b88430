import pytest

from service.extractive.explicit_stance import explicit_sides
from service.resources.lexicon import EnglishOrChinese, Lexicon

LEXICON = Lexicon.load()


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("I support the tram.", 1),
        ("We must stop the tram!", -1),
        ("I do not support the tram.", -1),
        ("I do not oppose the tram.", 0),
        ("I oppose the ban on the tram.", 1),
        ("We support ending the tram.", -1),
        ("The tram is a disaster.", -1),
        ("The tram is not a disaster.", 1),
        ("#StopTheTram now", -1),
        ("The mayor opposes the tram.", 0),
        ("Who could oppose the tram?", 0),
        ("If we support the tram, we pay.", 0),
        ("The tram opens in May.", 0),
        ("The tram is a rule that allows bad drivers.", 0),
    ],
)
def test_english(text: str, side: int) -> None:
    assert explicit_sides([text], "the tram", "en", LEXICON) == [side]


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("坚决支持春节放鞭炮！", 1),
        ("反对放鞭炮。", -1),
        ("反对不放鞭炮。", 1),
        ("支持禁止放鞭炮。", -1),
        ("不支持放鞭炮。", -1),
        ("不反对放鞭炮。", 0),
        ("今年不放鞭炮。", -1),
        ("不放鞭炮、不贴春联，够环保。", 0),
        ("正如春节不放鞭炮，是个缺憾。", 0),
        ("专家反对放鞭炮。", 0),
        ("为什么反对放鞭炮？", 0),
        ("放鞭炮的人很多。", 0),
    ],
)
def test_chinese(text: str, side: int) -> None:
    assert explicit_sides([text], "春节放鞭炮", "zh", LEXICON) == [side]


def test_a_ban_is_not_its_object() -> None:
    assert explicit_sides(["坚决支持禁摩限电。"], "深圳禁摩限电", "zh", LEXICON) == [1]
    assert explicit_sides(["坚决支持摩限电。"], "深圳禁摩限电", "zh", LEXICON) == [0]


def test_an_act_alone_is_toward_the_hashtag() -> None:
    assert explicit_sides(["#春节放鞭炮#", "坚决反对！"], "春节放鞭炮", "zh", LEXICON) == [0, -1]
    assert explicit_sides(["#春节不放鞭炮#", "坚决支持！"], "春节放鞭炮", "zh", LEXICON) == [0, -1]


def test_part_of_a_name_stands_for_a_person() -> None:
    assert explicit_sides(["I voted for Rivers."], "Ann Rivers", "en", LEXICON) == [1]
    assert explicit_sides(["I voted for rivers."], "clean rivers", "en", LEXICON) == [0]


@pytest.mark.parametrize(
    ("texts", "target", "language"),
    [
        (["I oppose the tram.", "But the tunnel needs it."], "the tram", "en"),
        (["很反对放鞭炮。", "但是我还是觉得可以适当放一点。"], "春节放鞭炮", "zh"),
    ],
)
def test_a_side_that_the_writer_goes_on_to_limit_is_none(
    texts: list[str], target: str, language: EnglishOrChinese
) -> None:
    assert explicit_sides(texts, target, language, LEXICON) == [0, 0]
