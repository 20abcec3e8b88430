from collections.abc import Iterator

import pytest

from service.extractive.phrases import LONGEST, Chinese, English, phrases_elsewhere

TRAMS = (
    "The tram plan of Ashford will cost 12 million. The mayor wants the tram plan, and opponents"
    " want a vote on Question 3. The council's budget is tight."
)
TRAMS_ZH = "市议会讨论电车计划。电车计划将耗资12亿元，开放权重的模型。开放权重受到欢迎。"


def of(found: Iterator[tuple[str, bool]]) -> dict[str, bool]:
    return dict(found)


def test_english_phrases_end_in_a_noun_and_hold_no_word_of_grammar() -> None:
    found = of(English(TRAMS).phrases(TRAMS))
    assert found["tram"] is False
    assert found["tram plan"] is True
    assert found["Question 3"] is True
    assert "budget" in found
    assert "council" in found  # without its possessive
    assert not {"The tram", "cost", "million", "vote", "tight", "3"} & found.keys()


def test_places_are_those_of_the_phrases() -> None:
    for start, phrase in English(TRAMS).placed(TRAMS):
        assert TRAMS.startswith(phrase, start)


def test_a_phrase_of_english_is_bounded() -> None:
    long = "the " + "x" * LONGEST + "y"
    assert of(English(long).phrases(long)) == {}
    row = "the old, the oak, the barn, the door, the hinge, the old oak barn door hinge"
    assert max(len(phrase.split()) for phrase in of(English(row).phrases(row))) == 4


def test_chinese_phrases_are_runs_of_nouns() -> None:
    found = of(Chinese().phrases(TRAMS_ZH))
    assert found["电车计划"] is False
    assert found["开放权重"] is True  # a phrase only where it is repeated
    assert not {"讨论", "亿元", "欢迎"} & found.keys()


def test_traditional_text_gives_traditional_phrases() -> None:
    found = of(Chinese().phrases("市議會討論電車計劃。"))
    assert "電車計劃" in found


def test_only_clauses_that_hold_a_word_are_read() -> None:
    found = of(Chinese().phrases("市议会讨论电车计划，镇长反对大桥工程。", around="大桥"))
    assert "大桥工程" in found
    assert "电车计划" not in found


def test_a_repeated_row_of_words_is_a_phrase_whatever_its_parts_are() -> None:
    whole = "洗腎中心增加。洗腎中心不足，診所很少。"
    assert "洗腎中心" in list(Chinese().repeats(whole, whole))
    once = "洗腎中心增加。"
    assert list(Chinese().repeats(once, once)) == []


@pytest.mark.parametrize(
    ("text", "language", "phrases"),
    [
        ("東京でトラム計画が始まる。今日は", "ja", ["東京", "トラム", "計画"]),
        ("Der Rat von Alt Linden lobt. Heute kam Ada Byrne zum Rat", "de",
         ["Rat", "Alt Linden", "Ada Byrne", "Rat"]),
    ],
)  # fmt: skip
def test_elsewhere_the_writing_sets_phrases_off(
    text: str, language: str, phrases: list[str]
) -> None:
    assert list(phrases_elsewhere(text, language)) == phrases
