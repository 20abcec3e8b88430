import pytest

from service.facts.surnames import is_full_name, latin_spellings


@pytest.mark.parametrize("words", [["zhang", "wei"], ["haisong", "wang"], ["ouyang", "li"]])
def test_full_names_in_pinyin(words: list[str]) -> None:
    assert is_full_name(words)


@pytest.mark.parametrize("words", [["zhang"], ["boris", "li"], ["dan", "bao"], ["li", "na", "hua"]])
def test_words_that_make_up_something_else(words: list[str]) -> None:
    assert not is_full_name(words)


def test_spellings_of_a_name_in_latin_letters() -> None:
    assert {"chenguangming", "guangmingchen", "chen", "chan", "tan"} <= {*latin_spellings("陈光明")}
