from types import SimpleNamespace
from typing import Any

import pytest

from service.llm.layer_sizes import LayerSizes, widest


def config(**fields: Any) -> SimpleNamespace:
    return SimpleNamespace(**{"hidden_size": 96, **fields})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"num_attention_heads": 6, "num_key_value_heads": 2, "intermediate_size": 256},
            LayerSizes(6, 2, 16, 256),
        ),
        ({"num_attention_heads": 6, "head_dim": 32}, LayerSizes(6, 6, 32, 384)),
        ({"num_attention_heads": 6, "head_dim": 8, "v_head_dim": 24}, LayerSizes(6, 6, 24, 384)),
        ({"num_attention_heads": 4, "global_head_dim": 32}, LayerSizes(4, 4, 32, 384)),
        ({}, LayerSizes(1, 1, 96, 384)),
        (
            {"num_attention_heads": [2, 4], "num_key_value_heads": [1, 2], "head_dim": None},
            LayerSizes(4, 2, 24, 384),
        ),
    ],
)  # fmt: skip
def test_missing_sizes_follow_from_others_and_the_widest_counts(
    fields: dict[str, Any], expected: LayerSizes
) -> None:
    assert LayerSizes.of(config(**fields)) == expected


def test_the_widest_of_fields_that_may_be_missing_lists_or_none() -> None:
    sizes = config(one=3, several=[2, 7, None], nothing=None)
    assert widest(sizes, "one", "several", "nothing", "unknown") == 7
    assert widest(sizes, "nothing", "unknown") == 0
