import pytest

from service.ingest.plausibility import is_frequent, plausibility

PROSE = [
    "市议会周二通过了港口扩建计划，工程预计后年完工。",
    "市議會週二通過了港口擴建計劃，工程預計後年完工。",
    "시의회는 화요일에 항구 확장 계획을 통과시켰다.",
    "Городской совет одобрил расширение порта.",
]


@pytest.mark.parametrize("text", PROSE)
@pytest.mark.parametrize("wrong", ["cp1252", "cp1251", "big5hkscs", "cp949", "gb18030"])
def test_prose_is_more_plausible_than_its_bytes_in_another_encoding(text: str, wrong: str) -> None:
    for own in ("big5hkscs", "gb2312", "cp949", "cp1251"):
        try:
            misread = text.encode(own).decode(wrong)
        except UnicodeError:
            continue
        if misread != text:
            assert plausibility(text) > plausibility(misread) + 0.5


def test_nothing_beyond_ascii_says_nothing() -> None:
    assert plausibility("") == plausibility("plain words") == 0


def test_frequent_characters_are_known() -> None:
    assert is_frequent("的")
    assert is_frequent("이")
    assert not is_frequent("揣")
    assert not is_frequent("e")
