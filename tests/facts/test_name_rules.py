"""The rules that find names without a list: brackets, capitals, Latin words in Chinese."""

import pytest

from service.facts.name_rules import capitalised, is_chinese, latin_in_chinese, pairs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("据报道，特斯拉（Tesla）宣布降价。", [("Tesla", "特斯拉")]),
        ("特斯拉（Tesla）宣布降价。", [("Tesla", "特斯拉")]),
        ("昨天上涨5%特斯拉（Tesla）宣布降价。", []),
        ("科学家楊立昆（Yann LeCun）發言。", [("Yann LeCun", "楊立昆")]),
        ("Yann LeCun (楊立昆) spoke at the fair.", [("Yann LeCun", "楊立昆")]),
        ("公司发布Qwen（阿里巴巴）的新版本，价格不变，用户很多。", []),
    ],
)
def test_spellings_side_by_side_are_one_name(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(pair[0], pair[1]) for pair in pairs(text)] == expected


def test_names_of_english_are_in_capitals() -> None:
    text = "The council of Ashford met Mary Smith on Tuesday. It was a long meeting."
    found = {text[span.start : span.end] for span in capitalised(text)}
    assert {"Ashford", "Mary Smith"} <= found
    assert not {"The", "It", "Tuesday"} & found


def test_latin_words_in_chinese_are_names() -> None:
    text = "市议会与OpenAI签约，费用为5 km的道路。"
    assert [text[span.start : span.end] for span in latin_in_chinese(text)] == ["OpenAI"]
    assert is_chinese(text) and not is_chinese("The council signed with OpenAI.")
