"""Who looks at what in one forward pass: every token's place, and the stored spans that it sees."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, TypeVar

import torch

Made = TypeVar("Made")

Seen = tuple[int, int, int]
"""A span of stored tokens to look at: its slot, its length, its first token's place in the text."""
NOTHING: Seen = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some tokens of one text, one after the other, in a pass.

    The first of them is stored at `slot` and stands at `position`. They look at `spans`: those that
    others share first, their own last. A token sees what stands no later than itself.
    """

    slot: int
    position: int
    tokens: int
    spans: tuple[Seen, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """The shape of one forward pass of `tokens` tokens, in 64-bit whole numbers.

    `slots`, `positions`: (tokens,), where each token's keys and values go, and its place in its
    text. `spans`: (tokens, levels, 3), what each looks at, as Seen, and NOTHING where it looks at
    fewer than others. `order`: (tokens,), all of them, with those that share spans together.
    `longest`: what each looks at is filled up to so many tokens, on the device that `spans` is on
    and without a question to it; 0: to what is needed, found out on the host.
    """

    slots: torch.Tensor
    positions: torch.Tensor
    spans: torch.Tensor
    order: torch.Tensor
    longest: int = 0
    _made: dict[Hashable, Any] = field(default_factory=dict, init=False, compare=False)

    @classmethod
    def of(cls, stretches: Sequence[Stretch]) -> "Layout":
        """The tokens of `stretches`, at least one, in this order."""
        counts = [one.tokens for one in stretches]
        levels = max(len(one.spans) for one in stretches)
        spans = [one.spans + (NOTHING,) * (levels - len(one.spans)) for one in stretches]
        ranges = [range(end - n, end) for n, end in zip(counts, accumulate(counts), strict=True)]
        together = sorted(range(len(stretches)), key=spans.__getitem__)
        return cls(
            _whole(range(one.slot, one.slot + one.tokens) for one in stretches),
            _whole(range(one.position, one.position + one.tokens) for one in stretches),
            torch.tensor(spans, dtype=torch.int64)
            .view(len(counts), levels, 3)
            .repeat_interleave(torch.tensor(counts), 0),
            _whole(ranges[place] for place in together),
        )

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` makes of it for a kind of pool: by the first layer that asks, for all."""
        if key not in self._made:
            self._made[key] = make()
        made: Made = self._made[key]
        return made


def _whole(ranges: Any) -> torch.Tensor:
    return torch.tensor([number for one in ranges for number in one], dtype=torch.int64)
