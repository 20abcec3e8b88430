"""Block manager: allocates and frees blocks of the KV cache, as unbroken spans of slots."""

from bisect import bisect_left
from dataclasses import dataclass

BLOCK_SIZE = 16
"""Tokens in a block; the kernels are compiled with the same number (kernels/pool.h)."""


def num_blocks(tokens: int) -> int:
    """Blocks that hold `tokens` tokens."""
    return -(-tokens // BLOCK_SIZE)


@dataclass(frozen=True, slots=True)
class Span:
    """`tokens` slots of the KV cache from `slot` on, in order."""

    slot: int
    tokens: int


class BlockManager:
    """Keeps the free blocks as sorted (start, length) ranges without gaps between them.

    First fit. Spans live about as long as one another (an article's answers), so what is left
    between them is soon joined again.
    """

    def __init__(self, size: int) -> None:
        """`size` in blocks."""
        self.size = size
        self._free: list[tuple[int, int]] = [(0, size)] if size else []

    @property
    def num_free(self) -> int:
        """Free blocks, in one piece or not."""
        return sum(length for _, length in self._free)

    def allocate(self, tokens: int) -> Span | None:
        """A span for `tokens` tokens, at least one block; None where no range is long enough."""
        wanted = max(1, num_blocks(tokens))
        for index, (start, length) in enumerate(self._free):
            if length >= wanted:
                rest = (start + wanted, length - wanted)
                self._free[index : index + 1] = [rest] if rest[1] else []
                return Span(start * BLOCK_SIZE, wanted * BLOCK_SIZE)
        return None

    def allocate_all(self, sizes: list[int]) -> list[Span] | None:
        """A span for each of `sizes` tokens, or none at all."""
        spans: list[Span] = []
        for tokens in sizes:
            span = self.allocate(tokens)
            if span is None:
                self.free_all(spans)
                return None
            spans.append(span)
        return spans

    def free_all(self, spans: list[Span]) -> None:
        for span in spans:
            self.free(span)

    def free(self, span: Span) -> None:
        """Take a span back. Raises ValueError when any of it is free already."""
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
