from collections.abc import Iterator

from service.extractive.english_phrases import English
from service.extractive.phrases import LONGEST

TRAMS = (
    "The tram plan of Ashford will cost 12 million. The mayor wants the tram plan, and opponents"
    " want a vote on Question 3. The council's budget is tight."
)


def of(found: Iterator[tuple[str, bool]]) -> dict[str, bool]:
    return dict(found)


def test_english_phrases_end_in_a_noun_and_hold_no_word_of_grammar() -> None:
    found = of(English(TRAMS).phrases(TRAMS))
    assert found["tram"] is False
    assert found["tram plan"] is True
    assert found["Question 3"] is True
    assert "budget" in found
    assert "council" in found  # without its possessive
    assert not {"The tram", "cost", "million", "vote", "tight", "3"} & found.keys()


def test_places_are_those_of_the_phrases() -> None:
    for start, phrase in English(TRAMS).placed(TRAMS):
        assert TRAMS.startswith(phrase, start)


def test_a_phrase_of_english_is_bounded() -> None:
    long = "the " + "x" * LONGEST + "y"
    assert of(English(long).phrases(long)) == {}
    row = "the old, the oak, the barn, the door, the hinge, the old oak barn door hinge"
    assert max(len(phrase.split()) for phrase in of(English(row).phrases(row))) == 4
