"""Fallback: the outcomes of the forked path, and the methods of its generator."""

import dataclasses
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import GenerationConfig

from service.errors import NoRoom
from service.llm.capability import prepare
from service.llm.fallback import FallbackGenerator, batches, token_budget
from service.llm.generator import BatchGenerator
from service.llm.loader import Loaded, load
from service.llm.sampler import token_sampler
from service.llm.scheduler import Limits
from service.llm.token_request import (
    Branch,
    FinishedRequest,
    Generate,
    Loglikelihood,
    Outcome,
    Scored,
    TokenRequest,
)
from tests.support import families, tiny

ROWS = 8


def words(rng: random.Random, count: int) -> tuple[int, ...]:
    return tuple(rng.randrange(10, 590) for _ in range(count))


def make_requests() -> list[TokenRequest]:
    """Passages around a block (16) and a chunk (64), each written on, drawn from and weighed."""
    rng = random.Random(5)
    requests = []
    for number, length in enumerate((1, 17, 40, 66, 90)):
        passage, suffix = words(rng, length), words(rng, 7)
        drawn = token_sampler(GenerationConfig(do_sample=True, top_k=5), 1.1, 0, passage)
        branches: list[Branch] = [
            Generate(suffix, 5 + 4 * number),
            Generate(words(rng, 3), 12, drawn),
            Loglikelihood(suffix, tuple(words(rng, count) for count in (2, 1, 3))),
        ]
        requests.append(
            TokenRequest(f"request {number}", passage, tuple(branches[: 1 + number % 3]))
        )
    return requests


REQUESTS = make_requests()


@pytest.fixture(scope="module", params=["qwen3", "qwen3_5"])
def plain(folders: dict[str, Path], request: pytest.FixtureRequest) -> Loaded:
    return load(tiny.settings(folders[request.param]))


def answers(
    batch: BatchGenerator | FallbackGenerator, requests: Sequence[TokenRequest]
) -> dict[str, Any]:
    todo, found = list(requests), dict[str, Any]()
    for _ in range(1000):
        while todo:
            try:
                batch.admit(todo[0])
            except NoRoom:
                break
            del todo[0]
        found |= {one.id: one.outcomes for one in batch.step()}
        if len(found) == len(requests):
            return found
    raise AssertionError("not finished")


def agree(found: dict[str, Sequence[Outcome]], expected: dict[str, Sequence[Outcome]]) -> None:
    """Weights are the same up to a constant, which the plain path does not know."""
    assert found.keys() == expected.keys()
    for name, outcomes in expected.items():
        for one, other in zip(found[name], outcomes, strict=True):
            if isinstance(one, Scored) and isinstance(other, Scored):
                shares = [torch.tensor(each.log_probs).softmax(0) for each in (one, other)]
                torch.testing.assert_close(*shares, atol=1e-3, rtol=1e-2)
            else:
                assert one == other


def breaking(loaded: Loaded, when: Callable[[torch.Tensor], bool], error: Exception) -> Any:
    def check(_: Any, __: Any, given: dict[str, Any]) -> None:
        if when(given["input_ids"]):
            raise error

    return loaded.model.register_forward_pre_hook(check, with_kwargs=True)


def test_both_paths_give_the_same(folders: dict[str, Path], plain: Loaded) -> None:
    forked = load(tiny.settings(folders[plain.name]))
    assert prepare(forked.model, torch.float32)
    limits = Limits(kv_tokens=4000, rows=16, chunk_tokens=64)
    batch = BatchGenerator(forked.model, forked.stops, limits, dtype=torch.float32)
    agree(answers(FallbackGenerator(plain, ROWS), REQUESTS), answers(batch, REQUESTS))


def test_a_full_batch_takes_no_more(plain: Loaded) -> None:
    batch = FallbackGenerator(plain, 3)
    batch.admit(REQUESTS[2])
    with pytest.raises(NoRoom):
        batch.admit(REQUESTS[0])
    batch.cancel(REQUESTS[2].id)
    batch.cancel("unknown")
    batch.admit(REQUESTS[0])
    assert [one.id for one in batch.step()] == [REQUESTS[0].id]
    assert batch.step() == []


def test_more_answers_than_rows_are_written_when_none_waits(plain: Loaded) -> None:
    agree(
        answers(FallbackGenerator(plain, 2), REQUESTS[2:3]),
        answers(FallbackGenerator(plain, ROWS), REQUESTS[2:3]),
    )


@pytest.mark.parametrize("most", [1, 2])
def test_short_of_memory_it_starts_again_with_fewer(plain: Loaded, most: int) -> None:
    expected = answers(FallbackGenerator(plain, ROWS), REQUESTS)
    batch, found = FallbackGenerator(plain, ROWS), dict[str, Any]()
    for request in REQUESTS[:3]:
        batch.admit(request)
    hook = breaking(plain, lambda ids: len(ids) > most, torch.OutOfMemoryError("full"))
    try:
        while not found:
            try:
                found = {one.id: one.outcomes for one in batch.step()}
            except torch.OutOfMemoryError:
                assert batch.shrink()
                batch.restart()
    finally:
        hook.remove()
    agree(found, {name: expected[name] for name in found})
    while batch.shrink():
        pass
    assert len(found) == 3


def test_an_error_of_the_model_is_raised_and_its_request_can_be_cancelled(plain: Loaded) -> None:
    batch = FallbackGenerator(plain, ROWS)
    batch.admit(REQUESTS[1])
    hook = breaking(plain, lambda ids: True, ValueError("kernel"))
    try:
        with pytest.raises(ValueError, match="kernel"):
            batch.step()
    finally:
        hook.remove()
    batch.cancel_all()
    assert batch.step() == []
    agree(answers(batch, REQUESTS[1:2]), answers(FallbackGenerator(plain, ROWS), REQUESTS[1:2]))


def after(passes: int, loaded: Loaded, act: Callable[[], None]) -> Any:
    """Call `act` in the middle of that pass of the model."""
    seen: list[int] = []

    def count(*_: Any) -> None:
        seen.append(1)
        if len(seen) == passes:
            act()

    return loaded.model.register_forward_hook(count)


@pytest.mark.parametrize("how", ["cancelled", "abandoned"])
def test_a_cancelled_request_does_not_change_the_others(plain: Loaded, how: str) -> None:
    gone: list[int] = []
    going = dataclasses.replace(REQUESTS[4], abandoned=lambda: bool(gone))
    batch = FallbackGenerator(plain, ROWS)
    expected = answers(FallbackGenerator(plain, ROWS), [REQUESTS[3]])
    batch.admit(going)
    batch.admit(REQUESTS[3])

    def leave() -> None:
        if how == "cancelled":
            batch.cancel(going.id)
        else:
            gone.append(1)

    hook = after(3, plain, leave)
    try:
        ended = {one.id: one.outcomes for one in batch.step()}
    finally:
        hook.remove()
    if how == "abandoned":
        assert ended.pop(going.id) is None
    agree({name: outcomes for name, outcomes in ended.items() if outcomes}, expected)
    assert batch.step() == []


def test_a_request_abandoned_before_its_turn_costs_nothing(plain: Loaded) -> None:
    passes: list[int] = []
    batch = FallbackGenerator(plain, ROWS)
    hook = plain.model.register_forward_hook(lambda *_: passes.append(1))
    batch.admit(dataclasses.replace(REQUESTS[2], abandoned=lambda: True))
    try:
        (ended,) = batch.step()
    finally:
        hook.remove()
    assert ended == FinishedRequest(ended.request, None) and not passes


SINGLE = ((11,), (12,), (13,))
MIXED = ((11, 40, 41), (11, 40, 42), (300,))


@pytest.mark.parametrize("rows", [1, ROWS])
def test_scores_are_log_probabilities_of_whole_answers(loaded: Loaded, rows: int) -> None:
    """Against the plainest way to compute them: one row and one token at a time."""
    rng = random.Random(2)
    asked = [(20, SINGLE), (20, MIXED), (66, MIXED), (3, SINGLE), (41, MIXED)]
    requests = [
        TokenRequest(str(number), words(rng, size), (Loglikelihood(words(rng, 2), answers),))
        for number, (size, answers) in enumerate(asked)
    ]
    for name, outcomes in answers(FallbackGenerator(loaded, rows), requests).items():
        request = requests[int(name)]
        branch = request.branches[0]
        assert isinstance(branch, Loglikelihood)
        expected = [alone(loaded, request.prompt(0), tokens) for tokens in branch.continuations]
        assert outcomes[0].log_probs == pytest.approx(expected, rel=1e-3, abs=1e-3)


def alone(loaded: Loaded, ids: Sequence[int], tokens: Sequence[int]) -> float:
    total = 0.0
    for token in tokens:
        with torch.inference_mode():
            logits = loaded.model(input_ids=torch.tensor([ids])).logits[0, -1]
        total += float(logits.log_softmax(-1)[token])
        ids = (*ids, token)
    return total


@pytest.mark.parametrize("family", ["gemma3n", "gemma4_shared_kv", "qwen3_moe"])
def test_a_batch_is_bounded_by_memory(family: str) -> None:
    """Also where layers differ in their widths, and name them in lists."""
    assert 100_000 < token_budget(families.make_model(family)) < 1 << 40


@pytest.mark.parametrize(
    ("costs", "budget", "most", "expected"),
    [
        ([], 10, 4, []),
        ([5], 10, 4, [[0]]),
        ([5, 5], 10, 4, [[0, 1]]),
        ([5, 5, 5], 10, 4, [[0, 1], [2]]),
        ([1, 9, 1], 10, 4, [[1], [0, 2]]),  # the long row would pad the short ones
        ([99, 1], 10, 4, [[0], [1]]),  # over the budget: alone
        ([1] * 5, 100, 2, [[0, 1], [2, 3], [4]]),
    ],
)
def test_rows_go_together_while_memory_holds_them(
    costs: list[int], budget: int, most: int, expected: list[list[int]]
) -> None:
    assert batches(costs, budget, most) == expected


@given(st.lists(st.integers(1, 100)), st.integers(1, 300), st.integers(1, 8))
def test_every_row_is_in_one_batch_within_its_bounds(
    costs: list[int], budget: int, most: int
) -> None:
    made = batches(costs, budget, most)
    assert sorted(row for batch in made for row in batch) == list(range(len(costs)))
    for batch in made:
        assert len(batch) <= most
        assert len(batch) == 1 or len(batch) * max(costs[row] for row in batch) <= budget
