"""No block of the KV cache is lost, or handed out twice."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from service.llm.block_manager import BLOCK_SIZE, BlockManager, SlotRange, num_blocks

SIZES = st.integers(0, 9 * BLOCK_SIZE)


class Blocks(RuleBasedStateMachine):
    """A manager beside a list that says of every block whether it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self.spans: list[SlotRange] = []
        self.taken: list[bool] = []
        self.manager = BlockManager(0)

    @initialize(size=st.integers(0, 40))
    def start(self, size: int) -> None:
        self.manager = BlockManager(size)
        self.taken = [False] * size

    def places(self, span: SlotRange) -> range:
        assert span.slot % BLOCK_SIZE == 0 and span.tokens % BLOCK_SIZE == 0
        return range(span.slot // BLOCK_SIZE, (span.slot + span.tokens) // BLOCK_SIZE)

    def occupy(self, span: SlotRange, tokens: int) -> None:
        assert span.tokens == max(1, num_blocks(tokens)) * BLOCK_SIZE
        for index in self.places(span):
            assert not self.taken[index], "handed out twice"
            self.taken[index] = True
        self.spans.append(span)

    def first_fit(self, tokens: int, among: list[bool]) -> int | None:
        """The first block of the first gap that is long enough: gaps side by side are one."""
        wanted, run = max(1, num_blocks(tokens)), 0
        for index, taken in enumerate(among):
            run = 0 if taken else run + 1
            if run == wanted:
                return index + 1 - wanted
        return None

    @rule(tokens=SIZES)
    def allocate(self, tokens: int) -> None:
        index = self.first_fit(tokens, self.taken)
        span = self.manager.allocate(tokens)
        assert (span and span.slot) == (None if index is None else index * BLOCK_SIZE)
        if span is not None:
            self.occupy(span, tokens)

    @rule(sizes=st.lists(SIZES, max_size=6))
    def allocate_all(self, sizes: list[int]) -> None:
        """All of them, or what was free before is free still."""
        after = self.taken.copy()
        for tokens in sizes:
            index = self.first_fit(tokens, after)
            if index is None:
                assert self.manager.allocate_all(sizes) is None
                return
            after[index : index + max(1, num_blocks(tokens))] = [True] * max(1, num_blocks(tokens))
        spans = self.manager.allocate_all(sizes)
        assert spans is not None
        for span, tokens in zip(spans, sizes, strict=True):
            self.occupy(span, tokens)
        assert self.taken == after

    @precondition(lambda self: self.spans)
    @rule(chosen=st.data())
    def free(self, chosen: st.DataObject) -> None:
        span = self.spans.pop(chosen.draw(st.integers(0, len(self.spans) - 1)))
        self.manager.free(span)
        for index in self.places(span):
            self.taken[index] = False

    @rule(slot=st.integers(-2, 42), length=st.integers(1, 9))
    def free_what_is_free(self, slot: int, length: int) -> None:
        """A span of which any block is free, or none of the manager's, changes nothing."""
        places = range(slot, slot + length)
        if all(0 <= index < len(self.taken) and self.taken[index] for index in places):
            return
        with pytest.raises(ValueError, match="free already"):
            self.manager.free(SlotRange(slot * BLOCK_SIZE, length * BLOCK_SIZE))

    @invariant()
    def nothing_is_lost(self) -> None:
        assert self.manager.num_free == self.taken.count(False)

    def teardown(self) -> None:
        """However it was parted, it is one piece again in the end."""
        for span in self.spans:
            self.manager.free(span)
        size = len(self.taken)
        assert self.manager.num_free == size
        assert size == 0 or self.manager.allocate(size * BLOCK_SIZE) == SlotRange(
            0, size * BLOCK_SIZE
        )


test_blocks = Blocks.TestCase


def test_an_empty_room_has_no_place() -> None:
    assert BlockManager(0).allocate(1) is None
    assert BlockManager(0).allocate_all([]) == []


def test_nothing_asked_for_is_still_a_block() -> None:
    """Spans of two owners never start at the same slot."""
    manager = BlockManager(2)
    assert manager.allocate(0) == SlotRange(0, BLOCK_SIZE)
    assert manager.allocate(0) == SlotRange(BLOCK_SIZE, BLOCK_SIZE)


def test_a_gap_is_filled_first_and_the_rest_goes_behind() -> None:
    manager = BlockManager(6)
    spans = manager.allocate_all([2 * BLOCK_SIZE, 2 * BLOCK_SIZE, BLOCK_SIZE])
    assert spans is not None
    manager.free(spans[1])
    assert manager.allocate(3 * BLOCK_SIZE) is None, "three blocks are free, but not side by side"
    assert manager.allocate(2 * BLOCK_SIZE - 1) == spans[1]
    assert manager.allocate(1) == SlotRange(5 * BLOCK_SIZE, BLOCK_SIZE)
