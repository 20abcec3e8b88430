"""Running sequences: forks, ends, and the recurrent state that moves with a sequence."""

import pytest
import torch

from service.llm.block_manager import SlotRange
from service.llm.kv_cache import RecurrentState
from service.llm.running import RunningSequences
from service.llm.sequence import SharedPrefix
from service.llm.token_request import (
    Generate,
    Generated,
    Loglikelihood,
    Sampled,
    Scored,
    TokenRequest,
)

STOP = 5
BRANCHES = (
    Generate((4, 5), 2),
    Loglikelihood((6,), ((7, 8, 9), (7,), (8, 9))),
    Generate((4,), 3, ignore_eos=True),
    Loglikelihood((6,), ((7, 8, 9),)),
)


@pytest.fixture
def prefix() -> SharedPrefix:
    spans = [[SlotRange(16 * n, 16)] for n in (1, 2, 3, 6)]
    spans[1] += [SlotRange(64, 16), SlotRange(80, 16)]
    return SharedPrefix(TokenRequest("one", (1, 2, 3), BRANCHES), SlotRange(0, 16), spans)


def running(recurrent: bool = False) -> tuple[RunningSequences, torch.Tensor]:
    """No sequences yet, and the recurrent states, each of which is its slot's number."""
    state = RecurrentState(8)
    states = state.allocated(state.recurrent, 0, torch.zeros(1), 1)
    states[:, 0] = torch.arange(8.0)
    return RunningSequences((STOP,), state, recurrent), states


def test_an_answer_grows_until_its_limit_or_a_stop_token(prefix: SharedPrefix) -> None:
    rows, _ = running()
    assert rows.fork(prefix.branch_chunk(0), [Sampled(10)], 0) == []
    (sequence,) = rows.sequences
    assert (sequence.next_token, sequence.num_stored) == (10, 2)
    assert not rows.advance(sequence, Sampled(11)), "two tokens are its limit"
    assert prefix.outcomes[0] == Generated([10, 11], complete=False) and sequence.num_stored == 3
    assert rows.fork(prefix.branch_chunk(0), [Sampled(STOP)], 0) == [rows.sequences[-1]]
    assert prefix.outcomes[0] == Generated([], complete=True)
    rows.fork(prefix.branch_chunk(2), [Sampled(STOP)], 0)
    assert rows.advance(rows.sequences[-1], Sampled(STOP)), "told to ignore the end"


def test_a_continuation_of_several_tokens_is_a_sequence(prefix: SharedPrefix) -> None:
    rows, states = running(recurrent=True)
    assert rows.fork(prefix.branch_chunk(1), [Sampled(0, [-1.0, -2.0, -3.0])], 0) == []
    first, second = rows.sequences
    assert (first.forced, second.forced) == ((8, 9), (9,)) and 1 not in prefix.outcomes
    assert states[:3, 0].tolist() == [0, 0, 2], "the second row gets a copy of the state"
    assert rows.advance(first, Sampled(0, [-0.5]))
    assert not rows.advance(second, Sampled(0, [-0.25]))
    assert not rows.advance(first, Sampled(0, [-0.5]))
    assert prefix.outcomes[1] == Scored([-2.0, -2.0, -3.25])


def test_a_single_continuation_needs_no_sequence(prefix: SharedPrefix) -> None:
    rows, _ = running()
    assert (
        rows.fork(prefix.branch_chunk(3), [Sampled(0, [each]) for each in (-1.0, -0.5, -0.25)], 0)
        == []
    )
    assert not rows and prefix.outcomes[3] == Scored([-1.75])


def test_the_last_sequence_fills_a_gap_with_its_state(prefix: SharedPrefix) -> None:
    rows, states = running(recurrent=True)
    for token in (10, 11, 12):
        rows.fork(prefix.branch_chunk(0), [Sampled(token)], 0)
    first, _, last = rows.sequences
    rows.remove([first])
    assert rows.sequences[0] is last and states[0, 0] == 2
    rows.remove_request(prefix)
    assert not rows


def test_parts_cover_all_rows_from_the_last(prefix: SharedPrefix) -> None:
    rows, _ = running()
    for _ in range(5):
        rows.fork(prefix.branch_chunk(0), [Sampled(10)], 0)
    assert list(rows.parts(2)) == [slice(3, 5), slice(1, 3), slice(0, 1)]
