"""Token requests, the outcomes that plain transformers gives them, and traffic of them."""

import dataclasses
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
import torch
from hypothesis import strategies as st

from service.errors import NoRoom
from service.llm.generator import BatchGenerator
from service.llm.scheduler import PREFILL_STATES, Limits
from service.llm.token_request import (
    Branch,
    Generate,
    Generated,
    Loglikelihood,
    Outcome,
    TokenRequest,
)
from tests.support.references import LONGEST, STOPS, Family

LENGTHS = [1, 2, 15, 16, 17, 23, 24, 25, 40, 63, 64, 65, 90, 130]
"""Around a block (16), a window (24) and a chunk of linear attention (64), and far apart."""
WIDE = Limits(kv_tokens=16_000, rows=40, chunk_tokens=64)


def words(rng: random.Random, count: int) -> tuple[int, ...]:
    return tuple(rng.randrange(10, 600) for _ in range(count))


def make_requests(count: int) -> list[TokenRequest]:
    """The same requests every time: passages of all lengths, each with one to three branches."""
    rng = random.Random(11)
    requests = []
    for number in range(count):
        branches: list[Branch] = []
        for _ in range(1 + number % 3):
            suffix = words(rng, rng.choice([1, 5, 16, 20]))
            if rng.random() < 0.3:
                answers = tuple(words(rng, length) for length in ((2, 1, 4), (7,))[number % 2])
                branches.append(Loglikelihood(suffix, answers))
            else:
                branches.append(Generate(suffix, rng.randrange(1, LONGEST + 1)))
        length = LENGTHS[(number * 5) % len(LENGTHS)]
        requests.append(TokenRequest(f"request {number}", words(rng, length), tuple(branches)))
    return requests


REQUESTS = make_requests(10)


def expected(model: Family, request: TokenRequest, stops: Sequence[int] = STOPS) -> list[Outcome]:
    return [
        model.outcome(request.prefix if branch.shares_prefix else (), branch, stops)
        for branch in request.branches
    ]


def agree(got: Sequence[Outcome] | None, reference: list[Outcome]) -> None:
    """Words are the same words; log-probabilities differ by rounding alone."""
    assert got is not None and len(got) == len(reference)
    for one, other in zip(got, reference, strict=True):
        if isinstance(other, Generated):
            assert one == other
        else:
            assert not isinstance(one, Generated)
            assert one.log_probs == pytest.approx(other.log_probs, abs=2e-3, rel=1e-4)


def make_generator(
    model: Family, limits: Limits = WIDE, native: bool = True, stops: Sequence[int] = STOPS
) -> BatchGenerator:
    return BatchGenerator(model.forked, stops, limits, dtype=torch.float32, native=native)


def bound(requests: list[TokenRequest], limits: Limits) -> int:
    """Steps within which all of these end: each step reads a chunk, or all that is left, or writes
    a word of an answer."""
    reads = sum(len(request.prefix) for request in requests) // limits.chunk_tokens + 2 * len(
        requests
    )
    branches = [branch for request in requests for branch in request.branches]
    suffixes = sum(len(branch.suffix) for branch in branches) // limits.chunk_tokens + len(branches)
    writes = sum(
        branch.max_tokens if isinstance(branch, Generate) else max(map(len, branch.continuations))
        for branch in branches
    )
    return reads + suffixes + writes


def run(
    batch: BatchGenerator, requests: list[TokenRequest], most: int
) -> dict[str, tuple[Outcome, ...] | None]:
    """Admits in order, each as soon as there is room; every request ends within `most` steps."""
    outcomes: dict[str, tuple[Outcome, ...] | None] = {}
    todo = list(requests)
    for _ in range(most):
        while todo:
            try:
                batch.admit(todo[0])
            except NoRoom:
                break
            del todo[0]
        for one in batch.step():
            assert one.id not in outcomes, "ended twice"
            outcomes[one.id] = one.outcomes
        if len(outcomes) == len(requests):
            return outcomes
    raise AssertionError(f"{len(requests) - len(outcomes)} requests did not end")


def is_empty(batch: BatchGenerator, limits: Limits) -> None:
    assert batch.num_running == 0
    assert batch.free_tokens == -(-limits.kv_tokens // 16) * 16
    assert sorted(batch.scheduler._free_states) == list(
        range(limits.rows, limits.rows + PREFILL_STATES)
    )
    assert batch.step() == []


@dataclass
class Visit:
    """A request of REQUESTS, when it comes, and when and how it leaves: `leaves` steps later."""

    request: int
    arrives: int
    limit: int
    leaves: int | None
    asks: bool
    """It says that it is abandoned; else the batch is told to cancel it."""


VISITS = st.lists(
    st.builds(
        Visit,
        st.integers(0, len(REQUESTS) - 1),
        st.integers(0, 25),
        st.integers(1, LONGEST),
        st.none() | st.integers(0, 30),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)
ROOMS = st.builds(
    Limits, st.sampled_from([272, 400, 1_000, 4_000]), st.integers(3, 12), st.integers(1, 150)
)


@dataclass
class Traffic:
    """Visits on their way through a batch."""

    batch: BatchGenerator
    outcomes: dict[str, tuple[Outcome, ...] | None] = field(default_factory=dict)
    came: dict[str, int] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    now: int = 0

    def request(self, name: str, visit: Visit) -> TokenRequest:
        def cut(branch: Branch) -> Branch:
            if isinstance(branch, Generate):
                return dataclasses.replace(branch, max_tokens=min(branch.max_tokens, visit.limit))
            return branch

        def abandoned() -> bool:
            return visit.asks and self.is_left(name, visit)

        one = REQUESTS[visit.request]
        return TokenRequest(name, one.prefix, tuple(map(cut, one.branches)), abandoned)

    def is_left(self, name: str, visit: Visit) -> bool:
        return visit.leaves is not None and self.now >= self.came[name] + visit.leaves

    def run(self, visits: list[Visit], most: int) -> dict[str, TokenRequest]:
        requests = {f"{n}": self.request(f"{n}", visit) for n, visit in enumerate(visits)}
        todo = sorted(requests, key=lambda name: visits[int(name)].arrives)
        while todo or len(self.outcomes) + len(self.gone) < len(requests):
            assert self.now < most, "somebody starves"
            self.admit(todo, visits, requests)
            self.cancel(visits)
            for one in self.batch.step():
                assert one.id not in self.outcomes and one.id not in self.gone
                assert one.request is requests[one.id]
                self.outcomes[one.id] = one.outcomes
            self.now += 1
        return requests

    def admit(
        self, todo: list[str], visits: list[Visit], requests: dict[str, TokenRequest]
    ) -> None:
        while todo and visits[int(todo[0])].arrives <= self.now:
            free = self.batch.free_tokens
            try:
                self.batch.admit(requests[todo[0]])
            except NoRoom:
                assert self.batch.free_tokens == free, "what is refused takes nothing"
                return
            self.came[todo.pop(0)] = self.now

    def cancel(self, visits: list[Visit]) -> None:
        for name in self.came:
            visit = visits[int(name)]
            open_ = name not in self.outcomes and name not in self.gone
            if open_ and not visit.asks and self.is_left(name, visit):
                self.batch.cancel(name)
                self.batch.cancel(name)  # once more is nothing
                self.gone.add(name)
