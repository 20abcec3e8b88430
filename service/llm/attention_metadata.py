"""Attention metadata: the slot, position and attended spans of each token in a forward pass."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, TypeVar

import torch

T = TypeVar("T")

KVSpan = tuple[int, int, int]
"""Stored tokens to attend to: the first token's slot, their number, the first token's position."""
EMPTY_SPAN: KVSpan = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class QuerySegment:
    """Consecutive tokens of one text in a forward pass.

    `slot`, `position`: of the first token. `spans`: the spans that they attend to, shared ones
    first, their own last. Attention is causal by position.
    """

    slot: int
    position: int
    tokens: int
    spans: tuple[KVSpan, ...]


@dataclass(frozen=True, slots=True)
class AttentionMetadata:
    """The shape of one forward pass of `tokens` tokens, in 64-bit integers.

    `slots`, `positions`: (tokens,), each token's slot in the KV cache, and its position.
    `spans`: (tokens, levels, 3), the KVSpans that each attends to, padded with EMPTY_SPAN.
    `order`: (tokens,), a permutation that puts tokens with the same spans together.
    `padded_length`: pad each token's keys to this length without a device sync; 0: compute the
    needed length on the host.
    """

    slots: torch.Tensor
    positions: torch.Tensor
    spans: torch.Tensor
    order: torch.Tensor
    padded_length: int = 0
    _derived: dict[Hashable, Any] = field(default_factory=dict, init=False, compare=False)

    @classmethod
    def of(cls, segments: Sequence[QuerySegment]) -> "AttentionMetadata":
        """The metadata of the tokens of `segments`, at least one, in this order."""
        counts = [segment.tokens for segment in segments]
        levels = max(len(segment.spans) for segment in segments)
        spans = [
            segment.spans + (EMPTY_SPAN,) * (levels - len(segment.spans)) for segment in segments
        ]
        ranges = [range(end - n, end) for n, end in zip(counts, accumulate(counts), strict=True)]
        together = sorted(range(len(segments)), key=spans.__getitem__)
        return cls(
            _joined([range(each.slot, each.slot + each.tokens) for each in segments]),
            _joined([range(each.position, each.position + each.tokens) for each in segments]),
            torch.tensor(spans, dtype=torch.int64)
            .view(len(counts), levels, 3)
            .repeat_interleave(torch.tensor(counts), 0),
            _joined([ranges[index] for index in together]),
        )

    def part(self, tokens: torch.Tensor) -> "AttentionMetadata":
        """The metadata of some tokens only, by their ascending indices."""
        return self.derive("part", lambda: self._part(tokens))

    def _part(self, tokens: torch.Tensor) -> "AttentionMetadata":
        index = torch.full_like(self.order, -1)
        index[tokens] = torch.arange(len(tokens))
        order = index[self.order]
        return AttentionMetadata(
            self.slots[tokens], self.positions[tokens], self.spans[tokens], order[order >= 0]
        )

    def slots_on(self, device: torch.device) -> torch.Tensor:
        return self.derive(("slots", device), lambda: self.slots.to(device))

    def derive(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The result of `compute`, computed once per pass and shared by all layers under `key`."""
        if key not in self._derived:
            self._derived[key] = compute()
        value: T = self._derived[key]
        return value


def _joined(ranges: list[range]) -> torch.Tensor:
    return torch.tensor([number for each in ranges for number in each], dtype=torch.int64)
