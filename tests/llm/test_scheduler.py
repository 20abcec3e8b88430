"""Scheduler without a model: admission, shared passes, and the place of every state.

A made-up model runs the batches: it marks each recurrent state with what has passed through it.
"""

from collections.abc import Sequence as Tokens
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from service.errors import BadInput, NoRoom
from service.llm.kv_cache import RecurrentState
from service.llm.scheduler import MIN_CHUNK_TOKENS, PREFILL_STATES, ForwardBatch, Limits, Scheduler
from service.llm.sequence import PrefillChunk
from service.llm.token_cost import TokenCost
from service.llm.token_request import (
    FinishedRequest,
    Generate,
    Generated,
    Loglikelihood,
    Sampled,
    SamplingParams,
    Scored,
    TokenRequest,
)

STOP = 5
LIMITS = Limits(kv_tokens=4_000, rows=6, chunk_tokens=64)


class Marks:
    """Runs batches: the state of a row is the list of tokens that it has seen."""

    def __init__(self, limits: Limits, recurrent: bool) -> None:
        self.state = RecurrentState(limits.rows + PREFILL_STATES)
        self.scheduler = Scheduler(limits, (STOP,), self.state, recurrent)
        self.recurrent = recurrent
        self.marks = self.state.allocated(
            self.state.recurrent, 0, torch.zeros(1, dtype=torch.float64), 1
        )

    def step(self) -> tuple[list[ForwardBatch], list[FinishedRequest]]:
        batches, finished = [], []
        for batch in self.scheduler.schedule():
            if self.recurrent:
                self.pass_through_states(batch)
            batches.append(batch)
            finished += self.scheduler.finish(
                batch, [self.sampled(each) for each in batch.samplings]
            )
        return batches, finished

    def pass_through_states(self, batch: ForwardBatch) -> None:
        texts = [chunk.ids for chunk in batch.chunks] + [[s.next_token] for s in batch.sequences]
        rows = range(batch.state_slots.start, batch.state_slots.stop)
        assert len(rows) == len(texts), "a pass changes the states of its rows alone"
        for row, tokens in zip(rows, texts, strict=True):
            before = 0.0 if batch.fresh else float(self.marks[row, 0])
            self.marks[row, 0] = mark(tokens, before)
        for row, sequence in zip(rows, batch.sequences, strict=False):
            forced = sequence.prefix.request.branches[sequence.branch]
            said: Tokens[int] = sequence.ids
            if isinstance(forced, Loglikelihood):
                tokens = forced.continuations[sequence.continuation]
                said = tokens[: len(tokens) - len(sequence.forced)]
            text = (*sequence.prefix.request.prompt(sequence.branch), *said)
            assert float(self.marks[row, 0]) == mark(text), "somebody else's state"

    @staticmethod
    def sampled(sampling: SamplingParams) -> Sampled:
        if sampling.targets:
            return Sampled(0, [-float(token) for token in sampling.targets])
        token = 10 + len(sampling.generated)
        return Sampled(token, [-float(token)] if sampling.scored else [])


def mark(tokens: Tokens[int], before: float = 0.0) -> float:
    """A number that tells texts apart."""
    for token in tokens:
        before = (before * 31 + token + 1) % 1_000_003
    return before


def request(name: str, length: int = 10, *branches: Generate | Loglikelihood) -> TokenRequest:
    return TokenRequest(name, tuple(range(length)), branches or (Generate((1, 2), 4),))


SUFFIXES = st.lists(st.integers(0, 9), min_size=1, max_size=9).map(tuple)
BRANCHES = st.one_of(
    st.builds(Generate, SUFFIXES, st.integers(1, 9), shares_prefix=st.booleans()),
    st.builds(
        Loglikelihood,
        SUFFIXES,
        st.lists(SUFFIXES, min_size=1, max_size=4).map(tuple),
        shares_prefix=st.booleans(),
    ),
)
REQUESTS = st.lists(
    st.tuples(st.integers(0, 150), st.lists(BRANCHES, min_size=1, max_size=4)),
    min_size=1,
    max_size=7,
)


@given(
    requests=REQUESTS,
    recurrent=st.booleans(),
    shrinks=st.integers(0, 5),
    restart=st.none() | st.integers(0, 9),
)
def test_every_request_gets_its_outcomes_and_every_row_its_state(
    requests: list[tuple[int, list[Generate | Loglikelihood]]],
    recurrent: bool,
    shrinks: int,
    restart: int | None,
) -> None:
    model = Marks(LIMITS, recurrent)
    waiting = [request(str(n), length, *each) for n, (length, each) in enumerate(requests)]
    finished: dict[str, FinishedRequest] = {}
    for _ in range(shrinks):
        model.scheduler.shrink()
    for step in range(2_000):
        while waiting:
            try:
                model.scheduler.admit(waiting[0])
            except NoRoom:
                break
            waiting.pop(0)
        if step == restart:
            model.scheduler.restart()
        finished |= {each.id: each for each in model.step()[1]}
        if len(finished) == len(requests):
            break
    for each in finished.values():
        for branch, outcome in zip(each.request.branches, each.outcomes or (), strict=True):
            if isinstance(branch, Generate):
                assert outcome == Generated([10 + n for n in range(branch.max_tokens)], False)
            else:
                assert outcome == Scored([-float(sum(each)) for each in branch.continuations])
    assert model.scheduler.free_tokens == 4_000 and not model.scheduler.running
    assert len(model.scheduler._free_states) == PREFILL_STATES


def prefilled(batch: ForwardBatch) -> list[int]:
    return [len(chunk.ids) for chunk in batch.chunks]


def test_prefill_and_decode_share_a_pass() -> None:
    model = Marks(LIMITS, recurrent=False)
    model.scheduler.admit(request("first"))
    for _ in range(2):
        model.step()
    model.scheduler.admit(request("second", 20))
    (batch,), _ = model.step()
    assert prefilled(batch) == [20] and len(batch.sequences) == 1
    assert [isinstance(row, PrefillChunk) for row in batch.rows] == [False]


def test_an_answer_gets_its_next_word_however_deep_a_text_beside_it_is() -> None:
    """A pass costs the same at the start of a long text and at its end, and decodes every row."""
    cost = TokenCost(per_token=0.01)
    model = Marks(replace(LIMITS, cost=cost), recurrent=False)
    model.scheduler.admit(request("short", 10, Generate((1,), 60)))
    for _ in range(2):
        model.step()
    model.scheduler.admit(request("long", 1_500, Generate(tuple(range(90)), 4)))
    costs, sizes = [], []
    for _ in range(59):
        ((batch,), _) = model.step()
        assert [sequence.prefix.request.id for sequence in batch.sequences] == ["short"]
        costs.append(sum(len(chunk.ids) * cost.at(chunk.start) for chunk in batch.chunks))
        sizes += prefilled(batch)
    assert all(LIMITS.chunk_tokens / 2 < one <= LIMITS.chunk_tokens for one in costs)
    assert sizes[0] == 62 and sizes[-1] == 7, "as many as 62 tokens without others before them"


def test_a_suffix_after_a_long_text_is_read_in_parts() -> None:
    model = Marks(replace(LIMITS, cost=TokenCost(per_token=0.01)), recurrent=False)
    model.scheduler.admit(request("long", 900, Generate(tuple(range(15)), 4)))
    read, finished = [], []
    while not finished:
        batches, finished = model.step()
        read += [chunk for batch in batches for chunk in batch.chunks if chunk.branch is not None]
    assert [(chunk.start, len(chunk.ids)) for chunk in read] == [(900, 6), (906, 6), (912, 3)]
    assert finished[0].outcomes == (Generated([10, 11, 12, 13], False),)


def test_texts_with_a_recurrent_state_are_prefilled_apart() -> None:
    model = Marks(LIMITS, recurrent=True)
    for name in ("first", "second"):
        model.scheduler.admit(request(name))
    batches, _ = model.step()
    assert [prefilled(batch) for batch in batches] == [[10], [10]]
    batches, _ = model.step()
    assert [prefilled(batch) for batch in batches] == [[2], [2], []]
    assert len(batches[-1].sequences) == 2


def test_without_memory_everything_is_a_pass_of_its_own() -> None:
    model = Marks(LIMITS, recurrent=False)
    model.scheduler.admit(request("first", 10, *[Generate((n,), 3 + n) for n in range(4)]))
    for _ in range(2):
        model.step()
    assert model.scheduler.shrink()  # from four sequences to two
    model.scheduler.admit(request("second", 50))
    batches, _ = model.step()
    assert [prefilled(batch) for batch in batches] == [[MIN_CHUNK_TOKENS], [], []]
    fed = [sequence.branch for batch in batches for sequence in batch.sequences]
    assert sorted(fed) == [0, 1, 2, 3], "each is fed once, also where some end on the way"
    while model.scheduler.shrink():
        pass
    batches, _ = model.step()
    assert all(len(batch.sequences) <= 1 for batch in batches)


def test_a_stop_token_ends_an_answer_unless_it_is_to_be_ignored() -> None:
    model = Marks(LIMITS, recurrent=False)
    model.sampled = lambda row: Sampled(STOP)  # type: ignore[method-assign]
    branches = Generate((1,), 3), Generate((2,), 3, ignore_eos=True)
    model.scheduler.admit(request("one", 10, *branches))
    finished: list[FinishedRequest] = []
    while not finished:
        finished = model.step()[1]
    assert finished[0].outcomes == (Generated([], True), Generated([STOP] * 3, False))


def test_branches_that_are_answered_make_room_for_others() -> None:
    model = Marks(LIMITS, recurrent=False)
    short, long = [Generate((n,), 1) for n in range(4)], Generate((9,), 9)
    model.scheduler.admit(request("first", 10, *short, long))
    with pytest.raises(NoRoom, match="as many answers"):
        model.scheduler.admit(request("second", 10, *short))
    model.step()
    model.step()
    model.scheduler.admit(request("second", 10, *short))


def test_a_branch_that_gives_a_prior_takes_no_row_at_admission() -> None:
    model = Marks(LIMITS, recurrent=False)
    prior = Loglikelihood((9,), ((1,), (2,)), shares_prefix=False)
    model.scheduler.admit(request("first", 10, *[Generate((n,), 9) for n in range(3)], prior))
    model.scheduler.admit(request("second", 10, *[Generate((n,), 9) for n in range(3)], prior))
    with pytest.raises(NoRoom, match="as many answers"):
        model.scheduler.admit(request("third", 10, Generate((1,), 9), prior))


def test_a_request_too_large_takes_nothing() -> None:
    scheduler = Marks(Limits(kv_tokens=64, rows=6, chunk_tokens=64), recurrent=False).scheduler
    with pytest.raises(NoRoom, match="92 tokens"):
        scheduler.admit(request("long", 80, Generate((1, 2), 10)))
    with pytest.raises(BadInput, match="more rows"):
        scheduler.admit(request("wide", 1, Loglikelihood((1,), ((1, 2),) * 7)))
    assert scheduler.free_tokens == 64
    scheduler.admit(request("one"))
    with pytest.raises(BadInput, match="at work"):
        scheduler.admit(request("one"))
    scheduler.cancel("one")
    scheduler.cancel("one")
    assert scheduler.free_tokens == 64
