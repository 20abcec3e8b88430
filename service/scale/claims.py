"""The articles that workers have: the chunks of a dead worker are tried again, each alone.

An article leaves its chunk when its row is there, so that a chunk that is lost is what was left of
it. It may have been an article that killed the worker, so a lost chunk gets a worker that has
nothing else. When that one dies too, each half of the chunk is tried, down to a single article,
which is given up at its MOST_LOSSESth loss. A worker that is merely killed costs what was left of
its chunks once more. While other work is left a single worker is kept free for such trials; after
it all of them are.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from service.folder.items import Item

MOST_LOSSES = 3
MOST_HELD = 2
"""Chunks that a worker has at a time, so that it has the next one when it is through with one."""


@dataclass(slots=True, eq=False)
class Chunk:
    """Articles that are handed to a worker together, without those that are settled. `losses`: how
    often a worker died that had them; half of a chunk has one."""

    items: list[Item]
    losses: int = 0

    def lost(self) -> "Sequence[Chunk]":
        """The chunks that are tried after a worker's death; none when this one is given up."""
        losses, half = self.losses + 1, len(self.items) // 2
        if losses == 1:
            return [Chunk(self.items, losses)]
        if half:
            return [Chunk(self.items[:half], 1), Chunk(self.items[half:], 1)]
        return [Chunk(self.items, losses)] if losses < MOST_LOSSES else []


class Claims:
    """Chunks are added in the order of the input; their articles are settled or lost by the worker
    that took them. A worker is known by its number."""

    def __init__(self) -> None:
        self._fresh: deque[Chunk] = deque()
        self._suspects: deque[Chunk] = deque()
        self._held: dict[int, list[Chunk]] = {}
        self._trier: int | None = None
        self.is_last = False
        """Set when no more chunks are added."""

    def __len__(self) -> int:
        """The number of chunks that are not settled."""
        return len(self._fresh) + len(self._suspects) + sum(map(len, self._held.values()))

    @property
    def fresh(self) -> int:
        """The number of chunks that no worker has had."""
        return len(self._fresh)

    def add(self, chunk: Chunk) -> None:
        self._fresh.append(chunk)

    def take(self, worker: int) -> Chunk | None:
        """The next chunk for a worker; None while it has enough, or there is nothing for it."""
        held = self._held.setdefault(worker, [])
        if len(held) >= MOST_HELD or any(chunk.losses for chunk in held):
            return None
        if self._is_trier(worker):
            # A worker that still has other articles is let finish them first.
            return None if held else self._claim(worker, self._suspects)
        return self._claim(worker, self._fresh) if self._fresh else None

    def settle(self, worker: int, chunk: Chunk, id: str) -> Item:
        """The article of a chunk whose row is there; the worker is rid of it."""
        place = next(place for place, item in enumerate(chunk.items) if item.id == id)
        item = chunk.items.pop(place)
        if not chunk.items:
            self._held[worker].remove(chunk)
        return item

    def lose(self, worker: int) -> list[Item]:
        """Take back what a dead worker had; returns the articles that are given up."""
        if self._trier == worker:
            self._trier = None
        given_up: list[Item] = []
        for chunk in self._held.pop(worker, []):
            left = chunk.lost()
            self._suspects.extend(left)
            given_up += () if left else chunk.items
        return given_up

    def _is_trier(self, worker: int) -> bool:
        if not self._suspects:
            self._trier = None
            return False
        if self.is_last and not self._fresh:
            return True
        if self._trier is None:
            self._trier = worker
        return self._trier == worker

    def _claim(self, worker: int, chunks: deque[Chunk]) -> Chunk:
        chunk = chunks.popleft()
        self._held[worker].append(chunk)
        return chunk
