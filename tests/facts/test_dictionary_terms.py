import pytest

from service.facts.dictionary_terms import gloss


@pytest.mark.parametrize(
    ("word", "target", "expected"),
    [
        ("贸易", "en", "trade"),
        ("东西", "en", None),
        ("hospital", "zh", "医院"),
        ("Hospitals", "zh", "医院"),
        ("thing", "zh", None),
    ],
)
def test_only_what_is_certain_has_a_gloss(word: str, target: str, expected: str | None) -> None:
    assert gloss(word, target) == expected  # type: ignore[arg-type]
