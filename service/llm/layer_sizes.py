"""Sizes of a model's layers, by its configuration. Where layers differ, the widest counts."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class LayerSizes:
    """The heads of attention, the numbers of each, and the width of the feed-forward layer."""

    query_heads: int
    kv_heads: int
    head_dim: int
    intermediate: int

    @classmethod
    def of(cls, config: Any) -> "LayerSizes":
        """The sizes in a text configuration. A model may have no attention: then one head."""
        query_heads = widest(config, "num_attention_heads") or 1
        head_dim = widest(config, "head_dim", "global_head_dim", "v_head_dim")
        return cls(
            query_heads,
            widest(config, "num_key_value_heads") or query_heads,
            head_dim or config.hidden_size // query_heads,
            widest(config, "intermediate_size") or 4 * config.hidden_size,
        )


def widest(config: Any, *names: str) -> int:
    """The largest number in any of these fields, alone or in a list; 0 where there is none."""
    values = [vars(config).get(name) for name in names]
    numbers = [
        number for value in values for number in (value if isinstance(value, list) else [value])
    ]
    return max((number for number in numbers if isinstance(number, int)), default=0)
