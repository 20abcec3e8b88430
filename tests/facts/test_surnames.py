import pytest

from service.facts.surnames import is_full_name, latin_spellings, telling_surname


@pytest.mark.parametrize("words", [["zhang", "wei"], ["haisong", "wang"], ["ouyang", "li"]])
def test_full_names_in_pinyin(words: list[str]) -> None:
    assert is_full_name(words)


@pytest.mark.parametrize("words", [["zhang"], ["boris", "li"], ["dan", "bao"], ["li", "na", "hua"]])
def test_words_that_make_up_something_else(words: list[str]) -> None:
    assert not is_full_name(words)


def test_spellings_of_a_name_in_latin_letters() -> None:
    assert {"chenguangming", "guangmingchen", "chen", "chan", "tan"} <= {*latin_spellings("陈光明")}


@pytest.mark.parametrize(
    ("full", "surname"),
    [
        ("Mark Zuckerberg", "Zuckerberg"),
        ("Emma Watson-Kerr", None),  # more than one word
        ("Tim Cook", None),  # a word
        ("Wang Chuanfu", None),  # the family name stands first
        ("Madonna", None),
    ],
)
def test_a_surname_that_identifies_a_person(full: str, surname: str | None) -> None:
    assert telling_surname(full) == surname
