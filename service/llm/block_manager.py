"""Which slots of the store are free? Room is handed out in whole blocks, as one unbroken span."""

from bisect import bisect_left
from dataclasses import dataclass

BLOCK = 16
"""Tokens in a block."""


def blocks(tokens: int) -> int:
    return -(-tokens // BLOCK)


@dataclass(frozen=True, slots=True)
class Span:
    """`tokens` slots of the store from `slot` on, in order."""

    slot: int
    tokens: int


class Room:
    """The free blocks of a store, as sorted (start, length) ranges without gaps between them.

    First fit. Spans live about as long as one another (an article's answers), so what is left
    between them is soon joined again.
    """

    def __init__(self, size: int) -> None:
        """`size` in blocks."""
        self.size = size
        self._free: list[tuple[int, int]] = [(0, size)] if size else []

    @property
    def free(self) -> int:
        """Free blocks, in one piece or not."""
        return sum(length for _, length in self._free)

    def take(self, tokens: int) -> Span | None:
        """Room for `tokens` tokens, at least one block; None where no range is long enough."""
        wanted = max(1, blocks(tokens))
        for place, (start, length) in enumerate(self._free):
            if length >= wanted:
                rest = (start + wanted, length - wanted)
                self._free[place : place + 1] = [rest] if rest[1] else []
                return Span(start * BLOCK, wanted * BLOCK)
        return None

    def take_all(self, sizes: list[int]) -> list[Span] | None:
        """One span for each of `sizes` tokens, or none at all."""
        taken: list[Span] = []
        for tokens in sizes:
            span = self.take(tokens)
            if span is None:
                for one in taken:
                    self.give_back(one)
                return None
            taken.append(span)
        return taken

    def give_back(self, span: Span) -> None:
        """Free a span again. Raises ValueError when any of it is free already."""
        start, length = span.slot // BLOCK, span.tokens // BLOCK
        place = bisect_left(self._free, (start, 0))
        before = self._free[place - 1] if place else (0, 0)
        after = self._free[place] if place < len(self._free) else (self.size, 0)
        if before[0] + before[1] > start or start + length > after[0]:
            raise ValueError(f"{span} is free already")
        first, last = place, place
        if place and before[0] + before[1] == start:
            first, start, length = place - 1, before[0], length + before[1]
        if place < len(self._free) and start + length == after[0]:
            last, length = place + 1, length + after[1]
        self._free[first:last] = [(start, length)]
