import pytest

from service.facts.build_cedict_names import cldr_names, names_of


@pytest.mark.parametrize(
    ("glosses", "names"),
    [
        ("Caracas, capital of Venezuela", ["Caracas"]),
        ("the Atlantic Ocean", ["Atlantic", "Ocean"]),
        ("surname Wang/king or monarch", []),
        ("Peking Duck", ["Peking", "Duck"]),
    ],
)
def test_the_names_of_an_entry(glosses: str, names: list[str]) -> None:
    assert list(names_of(glosses)) == names


def test_a_language_gives_its_place_too() -> None:
    pytest.importorskip("babel")
    names = set(cldr_names())
    assert ("旁遮普语", "Punjabi") in names
    assert ("旁遮普", "Punjabi") in names
