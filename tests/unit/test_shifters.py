import time

import pytest

from service.embedded import shifters

PATTERNS = {
    f"{name} {language}": pattern
    for name, table in vars(shifters).items()
    if isinstance(table, dict) and not name.startswith("_")
    for language, pattern in table.items()
}


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize(
    "text",
    [
        "not " * 40_000,
        "a" * 160_000,
        "should " * 30_000,
        "虽然" * 80_000,
        "我们不" * 50_000,
        " " * 160_000,
    ],
)
def test_a_hostile_text_costs_what_its_length_costs(name: str, text: str) -> None:
    begun = time.monotonic()
    PATTERNS[name].search(shifters.before(text, len(text)))
    PATTERNS[name].search(text[:2_000])
    assert time.monotonic() - begun < 0.5


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
def test_what_negates(text: str, word: str, expected: bool) -> None:
    language = "en" if text.isascii() else "zh"
    before = shifters.before(text, text.index(word))
    negates = bool(shifters.NEGATION[language].search(before))
    assert (negates and not shifters.NO_NEGATION[language].search(before)) is expected


@pytest.mark.parametrize(
    ("text", "expected"), [("Tell us more", True), ("The US sells more", False), ("We sell", True)]
)
def test_a_country_is_no_sign_of_an_opinion(text: str, expected: bool) -> None:
    assert bool(shifters.OPINION["en"].search(text)) is expected
