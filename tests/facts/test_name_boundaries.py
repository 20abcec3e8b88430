import pytest

from service.facts.name_boundaries import (
    inside_words,
    is_word,
    opens_sentence_as_a_word,
    stands_alone,
)


@pytest.mark.parametrize(
    ("text", "form", "inside"),
    [
        ("高通胀持续", "高通", True),
        ("高通公司", "高通", False),
        ("日本來的客人", "日本", True),
        ("日本客人", "日本", False),
    ],
)
def test_a_form_inside_of_other_words(text: str, form: str, inside: bool) -> None:
    assert (text.index(form) in inside_words(text)) is inside


@pytest.mark.parametrize(
    ("text", "form", "alone"),
    [
        ("米兰的雨", "米兰", True),
        ("米兰", "米兰", True),
        ("米兰娜来了", "米兰", False),
        ("伊万卡·特朗普", "特朗普", False),
        ("朝鲜族的歌", "朝鲜", False),
    ],
)
def test_a_chinese_form_alone_and_as_a_piece_of_a_longer_one(
    text: str, form: str, alone: bool
) -> None:
    start = text.index(form)
    assert stands_alone(text, start, start + len(form)) is alone


@pytest.mark.parametrize(
    ("text", "form", "word"),
    [
        ("Trump's plan", "Trump", True),
        ("Trump, again", "Trump", True),
        ("Trumpets play", "Trump", False),
        ("a US$4 fee", "US", False),
        ("O'Brien", "O", False),
        ("Jean-Claude came", "Claude", False),
        ("用Claude写", "Claude", True),
    ],
)
def test_a_latin_form_as_a_word_of_its_own(text: str, form: str, word: bool) -> None:
    start = text.index(form)
    assert is_word(text, start, start + len(form)) is word


@pytest.mark.parametrize(
    ("text", "form", "opens"),
    [
        ("Apple pie is served.", "Apple", True),
        ("It rained. Turkey is roasted.", "Turkey", True),
        ("They like Apple.", "Apple", False),
        ("Tesla grew.", "Tesla", False),
    ],
)
def test_a_capital_at_the_start_of_a_sentence_may_be_an_everyday_word(
    text: str, form: str, opens: bool
) -> None:
    assert opens_sentence_as_a_word(text, text.index(form), form) is opens
