import pytest

from service.extractive import valence_shifters


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("it isn't a good plan", "good", True),
        ("not now, a good plan", "good", False),
        ("it is not only good", "good", False),
        ("不明智", "明智", True),
        ("不仅明智", "明智", False),
    ],
)
def test_words_that_negate(text: str, word: str, expected: bool) -> None:
    language = "en" if text.isascii() else "zh"
    before = valence_shifters.before(text, text.index(word))
    negates = bool(valence_shifters.NEGATION[language].search(before))
    assert (negates and not valence_shifters.NO_NEGATION[language].search(before)) is expected


@pytest.mark.parametrize(
    ("text", "expected"), [("Tell us more", True), ("The US sells more", False), ("We sell", True)]
)
def test_a_country_is_not_a_sign_of_an_opinion(text: str, expected: bool) -> None:
    assert bool(valence_shifters.OPINION["en"].search(text)) is expected
