"""Models whose rows depend on their neighbours are told from those whose rows do not."""

from pathlib import Path

import pytest

from service.llm.loader import load
from service.llm.row_independence import rows_are_independent
from tests.support import families, tiny

DEPENDENT = ["phi3_longrope", "phi4_mini", "minimax_m1", "llama4"]
INDEPENDENT = ["gpt_oss", "gemma3n", "gemma4_shared_kv", "deepseek_v3", "minicpm3", "phi3"]


@pytest.mark.parametrize("name", DEPENDENT + INDEPENDENT)
def test_rows_that_depend_on_their_neighbours_are_found(name: str) -> None:
    """Rotations by the longest row, states of padding, and attention that is tempered by it."""
    assert rows_are_independent(families.loaded(name)) == (name in INDEPENDENT)


@pytest.mark.parametrize("dtype", ["bfloat16", "int8"])
def test_rounding_is_not_dependence(folder: Path, dtype: str) -> None:
    assert rows_are_independent(load(tiny.settings(folder, dtype=dtype)))
