import pytest

from service.facts.vocabulary_en import is_common


@pytest.mark.parametrize(
    ("word", "common"),
    [
        ("House", True), ("courts", True), ("Theatre", True), ("Harbour", True),
        ("Bolsonaro", False), ("Monash", False), ("Kavanaugh", False),
    ],
)  # fmt: skip
def test_a_name_of_common_words_is_translated_by_meaning(word: str, common: bool) -> None:
    assert is_common(word) is common
