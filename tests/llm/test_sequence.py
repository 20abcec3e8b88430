"""Shared prefixes, their chunks and sequences: which slots and positions they attend to."""

import pytest

from service.llm.block_manager import SlotRange
from service.llm.sequence import Sequence, SharedPrefix
from service.llm.token_request import (
    Generate,
    Loglikelihood,
    TokenRequest,
)

REQUEST = TokenRequest(
    "one",
    (1, 2, 3),
    (
        Generate((4, 5), 7),
        Loglikelihood((6,), ((7, 8, 9), (7,), (8, 9))),
        Loglikelihood((1, 6), ((7,),), shares_prefix=False),
    ),
)


def at_work() -> SharedPrefix:
    spans = [
        [SlotRange(16, 16)],
        [SlotRange(32, 16), SlotRange(48, 16), SlotRange(64, 16)],
        [SlotRange(80, 16)],
    ]
    return SharedPrefix(REQUEST, SlotRange(0, 16), spans)


def test_the_prefix_is_prefilled_from_where_it_is() -> None:
    prefix = at_work()
    first = prefix.chunk(2)
    assert (tuple(first.ids), first.segment.slot, first.segment.position) == ((1, 2), 0, 0)
    assert first.segment.spans == ((0, 2, 0),) and not first.is_prompt
    prefix.num_prefilled = 2
    rest = prefix.chunk(9)
    assert (tuple(rest.ids), rest.segment.slot, rest.segment.position) == ((3,), 2, 2)
    assert rest.segment.spans == ((0, 3, 0),) and prefix.num_left == 1


def test_a_suffix_attends_to_the_prefix_and_to_itself() -> None:
    chunk = at_work().branch_chunk(0)
    assert chunk.segment.spans == ((0, 3, 0), (16, 2, 3)) and chunk.is_prompt
    alone = at_work().branch_chunk(2)
    assert alone.segment.spans == ((80, 2, 0),) and alone.segment.position == 0


def test_a_sequence_attends_to_the_token_that_is_fed_too() -> None:
    sequence = Sequence(at_work(), 0, SlotRange(16, 16), 3, ((0, 3, 0),), num_stored=2)
    assert (sequence.segment.slot, sequence.segment.position) == (18, 5)
    assert sequence.segment.spans == ((0, 3, 0), (16, 3, 3))


@pytest.mark.parametrize("index", [0, 1])
def test_tokens_wanted_after_a_suffix(index: int) -> None:
    """A token, or the log-probability of the first token of each continuation."""
    (sampling,) = at_work().branch_chunk(index).samplings
    assert sampling.targets == ((), (7, 7, 8))[index]


def test_a_single_continuation_is_read_with_its_suffix() -> None:
    request = TokenRequest("one", (1, 2, 3), (Loglikelihood((6,), ((7, 8, 9),)),))
    chunk = SharedPrefix(request, SlotRange(0, 16), [[SlotRange(16, 16)]]).branch_chunk(0)
    assert chunk.ids == (6, 7, 8)
    assert [each.targets for each in chunk.samplings] == [(7,), (8,), (9,)]


def test_a_restarted_sequence_keeps_its_blocks_and_nothing_else() -> None:
    prefix = at_work()
    spans = prefix.span, prefix.branch_spans
    prefix.num_prefilled, prefix.state_slot = 3, 8
    prefix.waiting.clear()
    prefix.restart()
    assert (prefix.num_left, prefix.num_open, prefix.state_slot) == (3, 3, None)
    assert list(prefix.waiting) == [0, 1, 2] and (prefix.span, prefix.branch_spans) == spans
