from collections.abc import Iterator

from service.extractive.chinese_phrases import Chinese

TRAMS_ZH = "市议会讨论电车计划。电车计划将耗资12亿元，开放权重的模型。开放权重受到欢迎。"


def of(found: Iterator[tuple[str, bool]]) -> dict[str, bool]:
    return dict(found)


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
