import pytest

from service.text.abbreviations import ends_sentence, starts_sentence


@pytest.mark.parametrize(
    ("word", "following"),
    [("Ald", "Moore"), ("No", "5"), ("J.P", "Morgan"), ("Wash", "Oregon"), ("Bldg", "Nine"),
     ("z.B", "Weber"), ("Inc", "承建"), ("av", "J"), ("Sra", "Gil"), ("проф", "Павлов")],
)  # fmt: skip
def test_a_sentence_goes_on_behind_an_abbreviation(word: str, following: str) -> None:
    assert not ends_sentence(word, following)


@pytest.mark.parametrize(
    ("word", "following"),
    [("bridge", "Police"), ("ill", "Police"), ("No", "Police"), ("Inc", "The"), ("TV", "Police"),
     ("模型", "它"), ("J.P", "However")],
)  # fmt: skip
def test_a_sentence_ends_behind_a_word(word: str, following: str) -> None:
    assert ends_sentence(word, following)


def test_small_words_start_sentences_and_names_do_not() -> None:
    assert starts_sentence("However")
    assert not starts_sentence("Oregon")
    assert not starts_sentence("北京")
