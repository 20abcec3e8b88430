import pytest

from service.text.terms import MAX_TERM, terms


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("The bridges of the town", "en", ["bridge", "town"]),
        ("The mayor's policies, 2.5 times", "en", ["mayor", "policy", "2.5", "time"]),
        ("水库蓄水", "zh-Hans", ["水库", "库蓄", "蓄水"]),
        ("新的AI模型", "zh-Hans", ["ai", "模型"]),
    ],
)
def test_terms(text: str, language: str, expected: list[str]) -> None:
    assert terms(text, language) == expected


def test_both_scripts_give_the_same_terms() -> None:
    assert terms("開發下一代資料庫", "zh-Hant") == terms("开发下一代资料库", "zh-Hans")


@pytest.mark.parametrize("text", ["", " ", "。，！", "\x00", "\ud800", "😀", "x" * (MAX_TERM + 1)])
def test_nothing_to_say(text: str) -> None:
    assert terms(text, "en") == terms(text, "zh") == []
