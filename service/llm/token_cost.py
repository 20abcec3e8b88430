"""Cost of a token in a forward pass: it grows with the tokens that it attends to.

A pass over 512 tokens takes SmolLM2 four times as long after 5,000 tokens as at the start of a
text. So steps that are to take about the same time can't have the same number of tokens.
"""

from dataclasses import dataclass
from typing import Any

from service.llm.layer_sizes import LayerSizes, widest

ATTENTION = 2.0
"""The time of an operation of attention, in that of one of a linear layer. Measured with SmolLM2 on
one core: 1.1 in float32, 1.6 to 2.2 in 8 bits."""


@dataclass(frozen=True, slots=True)
class TokenCost:
    """The work of a token, in that of a token without others before it.

    `per_token`: the cost of attending to a token; `per_near_token`: that of the layers which attend
    to the last `window` tokens only.
    """

    per_token: float = 0.0
    per_near_token: float = 0.0
    window: int = 0

    @classmethod
    def of(cls, config: Any) -> "TokenCost":
        """The cost in a model with this text configuration, from its matrices' sizes.

        Layers are taken as alike; of experts those count that a token is sent to.
        """
        kinds, sizes = _kinds(config), LayerSizes.of(config)
        experts = widest(config, "num_experts_per_tok") or 1
        inner = experts * (widest(config, "moe_intermediate_size") or sizes.intermediate)
        projected = 2 * (sizes.query_heads + sizes.kv_heads) * sizes.head_dim
        linear = config.hidden_size * (projected + 3 * inner)
        share = ATTENTION * 2 * sizes.query_heads * sizes.head_dim / linear / len(kinds)
        window = widest(config, "sliding_window")
        return cls(
            share * kinds.count("full_attention"), share * kinds.count("sliding_attention"), window
        )

    def at(self, position: int) -> float:
        """The cost of a token that follows `position` others."""
        near = min(position, self.window)
        return 1 + self.per_token * position + self.per_near_token * near

    def affordable(self, budget: float, position: int) -> int:
        """About how many tokens from `position` on cost `budget`."""
        return max(0, int(budget / self.at(position)))


FLAT = TokenCost()
"""All tokens cost the same."""


def _kinds(config: Any) -> list[str]:
    """The kind of each layer."""
    kinds = getattr(config, "layer_types", None)
    if kinds:
        return list(kinds)
    is_windowed = widest(config, "sliding_window")
    kind = "sliding_attention" if is_windowed else "full_attention"
    return [kind] * config.num_hidden_layers
