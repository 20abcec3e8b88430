"""English names of everyday words, beside others that look like them."""

from collections.abc import Callable

import pytest

from service.facts.everyday_names import (
    is_compound,
    is_counted,
    is_derived,
    is_everyday,
    is_made_of_words,
)


@pytest.mark.parametrize(
    ("tells", "yes", "no"),
    [
        (is_derived, "Avenger", "Bolsonaro"),
        (is_derived, "Metallurgical", "Vostrander"),
        (is_counted, "Article 22", "Chandrayaan 3"),
        (is_counted, "Beijing 2022", "Boeing 737"),
        (is_everyday, "Great Wall", "Great Yarmouth"),
        (is_everyday, "Forbidden City", "Wall"),
        (is_made_of_words, "SkyTeam", "LeBron"),
        (is_made_of_words, "FaceBook", "Facebook"),
        (is_compound, "Stardust", "Vostrand"),
    ],
)
def test_names_of_everyday_words_are_told_from_others(
    tells: Callable[[str], bool], yes: str, no: str
) -> None:
    assert tells(yes)
    assert not tells(no)
