"""The plain path gives what the forked one gives, only slower, and keeps its three verbs."""

import dataclasses
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import GenerationConfig

from service.errors import NoRoom
from service.llm.capability import prepare
from service.llm.generator import BatchGenerator
from service.llm.loader import Loaded, load
from service.llm.plain import PlainBatch
from service.llm.sampler import token_sampler
from service.llm.scheduler import Limits
from service.llm.sequence import (
    Branch,
    FinishedRequest,
    Generate,
    Loglikelihood,
    Outcome,
    Scored,
    TokenRequest,
)
from tests.llm import tiny

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


def answers(batch: BatchGenerator | PlainBatch, requests: Sequence[TokenRequest]) -> dict[str, Any]:
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
    agree(answers(PlainBatch(plain, ROWS), REQUESTS), answers(batch, REQUESTS))


def test_a_full_batch_takes_no_more(plain: Loaded) -> None:
    batch = PlainBatch(plain, 3)
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
        answers(PlainBatch(plain, 2), REQUESTS[2:3]),
        answers(PlainBatch(plain, ROWS), REQUESTS[2:3]),
    )


@pytest.mark.parametrize("most", [1, 2])
def test_where_memory_is_short_the_batch_is_halved(plain: Loaded, most: int) -> None:
    expected = answers(PlainBatch(plain, ROWS), REQUESTS)
    full = torch.OutOfMemoryError("full")
    hook = breaking(plain, lambda ids: len(ids) > most, full)
    try:
        found = answers(PlainBatch(plain, ROWS), REQUESTS)
    finally:
        hook.remove()
    agree(found, expected)


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("full"), ValueError("kernel")])
def test_what_a_job_alone_raises_is_raised_and_nothing_stays(
    plain: Loaded, error: Exception
) -> None:
    batch = PlainBatch(plain, ROWS)
    hook = breaking(plain, lambda ids: True, error)
    try:
        batch.admit(REQUESTS[1])
        with pytest.raises(type(error)):
            batch.step()
    finally:
        hook.remove()
    assert not batch.shrink()
    assert batch.step() == []
    agree(answers(batch, REQUESTS[1:2]), answers(PlainBatch(plain, ROWS), REQUESTS[1:2]))


def after(passes: int, loaded: Loaded, act: Callable[[], None]) -> Any:
    """Call `act` in the middle of that pass of the model."""
    seen: list[int] = []

    def count(*_: Any) -> None:
        seen.append(1)
        if len(seen) == passes:
            act()

    return loaded.model.register_forward_hook(count)


@pytest.mark.parametrize("how", ["cancelled", "abandoned"])
def test_who_goes_in_the_middle_leaves_the_others_what_they_get(plain: Loaded, how: str) -> None:
    gone: list[int] = []
    going = dataclasses.replace(REQUESTS[4], abandoned=lambda: bool(gone))
    batch = PlainBatch(plain, ROWS)
    expected = answers(PlainBatch(plain, ROWS), [REQUESTS[3]])
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


def test_who_was_abandoned_before_costs_nothing(plain: Loaded) -> None:
    passes: list[int] = []
    hook = plain.model.register_forward_hook(lambda *_: passes.append(1))
    batch = PlainBatch(plain, ROWS)
    batch.admit(dataclasses.replace(REQUESTS[2], abandoned=lambda: True))
    try:
        (ended,) = batch.step()
    finally:
        hook.remove()
    assert ended == FinishedRequest(ended.request, None) and not passes
