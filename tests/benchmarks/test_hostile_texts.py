"""A sample of the texts that are meant to be slow, at a fifth of the benchmark's length."""

import pytest

from benchmarks.hostile_texts import MOST_SECONDS, Kind, is_slow, kinds, seconds
from service.extractive.extractive_engine import ExtractiveEngine
from service.resources import Resources
from service.settings import Settings

SAMPLE = {
    "money en", "money zh", "eras", "numbers zh", "names en", "latin in chinese",
    "opening quotes en",
    "opening brackets zh", "bullets zh", "rows", "controls", "zero width", "one word en",
    "one word zh", "html divs", "html table", "html open tag",
}  # fmt: skip
CHARACTERS = 40_000


@pytest.fixture(scope="module")
def engine() -> tuple[ExtractiveEngine, Resources]:
    resources = Resources.load(Settings())
    return ExtractiveEngine(resources), resources


def test_there_are_many_kinds_in_both_languages() -> None:
    names = [kind.name for kind in kinds()]
    assert len(set(names)) == len(names) >= 130
    assert set(names) >= SAMPLE


@pytest.mark.parametrize("kind", list(kinds()), ids=lambda kind: kind.name)
def test_a_kind_fills_any_length(kind: Kind) -> None:
    assert len(kind.text(500)) == 500 + len(kind.before) + len(kind.after)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [k for k in kinds() if k.name in SAMPLE], ids=lambda k: k.name)
def test_no_text_takes_long(kind: Kind, engine: tuple[ExtractiveEngine, Resources]) -> None:
    assert seconds(kind.text(CHARACTERS), kind.markup, *engine) < MOST_SECONDS


def test_growth_counts_above_half_a_second_only() -> None:
    assert is_slow(MOST_SECONDS + 1, 2)
    assert is_slow(1.0, 0.1)
    assert not is_slow(0.4, 0.01)
    assert not is_slow(2.0, 0.5)
