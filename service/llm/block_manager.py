"""Block manager: allocates and frees blocks of the KV cache, as contiguous ranges of slots."""

from bisect import bisect_left
from dataclasses import dataclass

BLOCK_SIZE = 16
"""Tokens in a block; the kernels are compiled with the same number (kernels/pool.h)."""


def num_blocks(tokens: int) -> int:
    """Blocks that hold `tokens` tokens."""
    return -(-tokens // BLOCK_SIZE)


@dataclass(frozen=True, slots=True)
class SlotRange:
    """`tokens` slots of the KV cache from `slot` on, in order."""

    slot: int
    tokens: int


class BlockManager:
    """Keeps the free blocks as sorted (start, length) ranges, joined where they touch.

    First fit is enough: ranges live about equally long (an article's answers), so the gaps between
    them are soon joined again.
    """

    def __init__(self, size: int) -> None:
        """`size` in blocks."""
        self.size = size
        self._free: list[tuple[int, int]] = [(0, size)] if size else []

    @property
    def num_free(self) -> int:
        """Free blocks, contiguous or not."""
        return sum(length for _, length in self._free)

    def allocate(self, tokens: int) -> SlotRange | None:
        """A range for `tokens` tokens, at least one block; None where none is long enough."""
        needed = max(1, num_blocks(tokens))
        for index, (start, length) in enumerate(self._free):
            if length >= needed:
                rest = (start + needed, length - needed)
                self._free[index : index + 1] = [rest] if rest[1] else []
                return SlotRange(start * BLOCK_SIZE, needed * BLOCK_SIZE)
        return None

    def allocate_all(self, sizes: list[int]) -> list[SlotRange] | None:
        """A range for each of `sizes` tokens; None, with nothing allocated, where one fails."""
        spans: list[SlotRange] = []
        for tokens in sizes:
            span = self.allocate(tokens)
            if span is None:
                self.free_all(spans)
                return None
            spans.append(span)
        return spans

    def free_all(self, spans: list[SlotRange]) -> None:
        for span in spans:
            self.free(span)

    def free(self, span: SlotRange) -> None:
        """Free a range. Raises ValueError when any of it is free already."""
        start, length = span.slot // BLOCK_SIZE, span.tokens // BLOCK_SIZE
        index = bisect_left(self._free, (start, 0))
        before = self._free[index - 1] if index else (0, 0)
        after = self._free[index] if index < len(self._free) else (self.size, 0)
        if before[0] + before[1] > start or start + length > after[0]:
            raise ValueError(f"{span} is free already")
        first, last = index, index
        if index and before[0] + before[1] == start:
            first, start, length = index - 1, before[0], length + before[1]
        if index < len(self._free) and start + length == after[0]:
            last, length = index + 1, length + after[1]
        self._free[first:last] = [(start, length)]
