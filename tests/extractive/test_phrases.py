import pytest

from service.extractive.phrases import phrases_elsewhere


@pytest.mark.parametrize(
    ("text", "language", "phrases"),
    [
        ("東京でトラム計画が始まる。今日は", "ja", ["東京", "トラム", "計画"]),
        ("Der Rat von Alt Linden lobt. Heute kam Ada Byrne zum Rat", "de",
         ["Rat", "Alt Linden", "Ada Byrne", "Rat"]),
    ],
)  # fmt: skip
def test_elsewhere_the_writing_sets_phrases_off(
    text: str, language: str, phrases: list[str]
) -> None:
    assert list(phrases_elsewhere(text, language)) == phrases
