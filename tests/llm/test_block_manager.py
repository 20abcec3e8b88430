"""No block of the store is lost, or handed out twice."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from service.llm.block_manager import BLOCK, Room, Span, blocks

SIZES = st.integers(0, 9 * BLOCK)


class Blocks(RuleBasedStateMachine):
    """A room beside a list that says of every block whether it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self.spans: list[Span] = []
        self.taken: list[bool] = []
        self.room = Room(0)

    @initialize(size=st.integers(0, 40))
    def start(self, size: int) -> None:
        self.room = Room(size)
        self.taken = [False] * size

    def places(self, span: Span) -> range:
        assert span.slot % BLOCK == 0 and span.tokens % BLOCK == 0
        return range(span.slot // BLOCK, (span.slot + span.tokens) // BLOCK)

    def occupy(self, span: Span, tokens: int) -> None:
        assert span.tokens == max(1, blocks(tokens)) * BLOCK
        for place in self.places(span):
            assert not self.taken[place], "handed out twice"
            self.taken[place] = True
        self.spans.append(span)

    def first_fit(self, tokens: int, among: list[bool]) -> int | None:
        """The first block of the first gap that is long enough: gaps side by side are one."""
        wanted, run = max(1, blocks(tokens)), 0
        for place, taken in enumerate(among):
            run = 0 if taken else run + 1
            if run == wanted:
                return place + 1 - wanted
        return None

    @rule(tokens=SIZES)
    def take(self, tokens: int) -> None:
        place = self.first_fit(tokens, self.taken)
        span = self.room.take(tokens)
        assert (span and span.slot) == (None if place is None else place * BLOCK)
        if span is not None:
            self.occupy(span, tokens)

    @rule(sizes=st.lists(SIZES, max_size=6))
    def take_all(self, sizes: list[int]) -> None:
        """All of them, or what was free before is free still."""
        after = self.taken.copy()
        for tokens in sizes:
            place = self.first_fit(tokens, after)
            if place is None:
                assert self.room.take_all(sizes) is None
                return
            after[place : place + max(1, blocks(tokens))] = [True] * max(1, blocks(tokens))
        spans = self.room.take_all(sizes)
        assert spans is not None
        for span, tokens in zip(spans, sizes, strict=True):
            self.occupy(span, tokens)
        assert self.taken == after

    @precondition(lambda self: self.spans)
    @rule(chosen=st.data())
    def give_back(self, chosen: st.DataObject) -> None:
        span = self.spans.pop(chosen.draw(st.integers(0, len(self.spans) - 1)))
        self.room.give_back(span)
        for place in self.places(span):
            self.taken[place] = False

    @rule(slot=st.integers(-2, 42), length=st.integers(1, 9))
    def give_back_what_is_free(self, slot: int, length: int) -> None:
        """A span of which any block is free, or none of the room's, changes nothing."""
        places = range(slot, slot + length)
        if all(0 <= place < len(self.taken) and self.taken[place] for place in places):
            return
        with pytest.raises(ValueError, match="free already"):
            self.room.give_back(Span(slot * BLOCK, length * BLOCK))

    @invariant()
    def nothing_is_lost(self) -> None:
        assert self.room.free == self.taken.count(False)

    def teardown(self) -> None:
        """However it was parted, it is one piece again in the end."""
        for span in self.spans:
            self.room.give_back(span)
        size = len(self.taken)
        assert self.room.free == size
        assert size == 0 or self.room.take(size * BLOCK) == Span(0, size * BLOCK)


test_blocks = Blocks.TestCase


def test_an_empty_room_has_no_place() -> None:
    assert Room(0).take(1) is None
    assert Room(0).take_all([]) == []


def test_nothing_asked_for_is_still_a_block() -> None:
    """Spans of two owners never start at the same slot."""
    room = Room(2)
    assert room.take(0) == Span(0, BLOCK)
    assert room.take(0) == Span(BLOCK, BLOCK)


def test_a_gap_takes_what_fits_and_the_rest_goes_behind() -> None:
    room = Room(6)
    spans = room.take_all([2 * BLOCK, 2 * BLOCK, BLOCK])
    assert spans is not None
    room.give_back(spans[1])
    assert room.take(3 * BLOCK) is None, "three blocks are free, but not side by side"
    assert room.take(2 * BLOCK - 1) == spans[1]
    assert room.take(1) == Span(5 * BLOCK, BLOCK)
