"""The rates of the checks: true digests, those of other articles, and what support costs."""

import sys
from pathlib import Path

import pytest

from service.tasks import DigestLanguage
from tests.support.trams import ARTICLES, DIGESTS, OTHERS

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.check_rates import Judged, measure, nearest, times

OWLS = {
    "en": "Owls returned to the forest after volunteers hung wooden boxes in beech trees."
    " Biologists counted the chicks and ringed every one of them.",
    "zh": "志愿者在山毛榉树上挂起木箱，猫头鹰重新回到森林。生物学家清点雏鸟，为它们戴上脚环。",
}


@pytest.mark.parametrize("language", DIGESTS)
def test_true_digests_pass_and_those_of_others_are_refused(language: DigestLanguage) -> None:
    group = [
        Judged(ARTICLES[language], DIGESTS[language]),
        Judged(OWLS[language], OTHERS[language]),
    ]
    assert nearest(group[0], group) is group[1]
    rates = measure(group, language)
    assert (rates.count, rates.true, rates.hard, rates.random) == (2, 0, 1, 1)


@pytest.mark.parametrize("language", DIGESTS)
def test_the_first_digest_of_an_article_and_the_next_are_timed(language: DigestLanguage) -> None:
    group = [
        Judged(ARTICLES[language] * 40, DIGESTS[language]),
        Judged(OWLS[language] * 40, OTHERS[language]),
    ]
    found = times(group, language)
    assert len(found) > 1
    assert all(first > 0 and following >= 0 for first, following in found)
