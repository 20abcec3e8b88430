import pytest

from service.facts.chinese_names import han_names, is_transliteration, longer_names


@pytest.mark.parametrize(
    ("text", "guesses", "name"),
    [
        ("据说，博索纳罗没有回应", False, "博索纳罗"),
        ("演员杰森·斯坦森来到这里", False, "斯坦森"),
        ("他去过挪威", False, "挪威"),
        ("记者张勇报道了此事", True, "张勇"),
    ],
)
def test_names_in_chinese(text: str, guesses: bool, name: str) -> None:
    assert name in han_names(text, guesses)


def test_guessed_names_are_left_out() -> None:
    assert han_names("The bridge is open.", guesses=True) == []


def test_the_characters_of_transliterations() -> None:
    assert is_transliteration("博索纳罗")
    assert not is_transliteration("大西洋")
    assert "利文斯顿" in longer_names("利文斯", "球队利文斯顿获胜")
