from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from service.errors import BadSetting
from service.llm import capacity
from service.llm.capability import prepare
from service.llm.capacity import (
    INTERACTIVE_READ_TOKENS,
    KV_SHARE,
    MIN_PASSAGE,
    READ_TOKENS,
    RESERVE,
    make_generator,
    passage_limit,
)
from service.llm.fallback import FallbackGenerator
from service.llm.generator import BatchGenerator
from service.llm.loader import Loaded, load
from service.llm.token_request import Generate, TokenRequest
from tests.support import tiny


@pytest.fixture(scope="module")
def model(folders: dict[str, Path]) -> Loaded:
    return load(tiny.settings(folders["qwen3"]))


@pytest.mark.parametrize(
    ("context", "asked", "limit"),
    [(None, 9_000, 9_000), (4_096, 9_000, 4_096 - 100 - RESERVE), (4_096, 1_000, 1_000)],
)
def test_a_passage_leaves_room_in_the_context(
    model: Loaded, context: int | None, asked: int, limit: int
) -> None:
    settings = tiny.settings("any", passage_tokens=asked)
    assert passage_limit(settings, replace(model, context=context), 100) == limit


def test_the_shortest_context_holds_the_shortest_passage(model: Loaded) -> None:
    settings = tiny.settings("any", passage_tokens=9_000)
    least = 100 + RESERVE + MIN_PASSAGE
    assert passage_limit(settings, replace(model, context=least), 100) == MIN_PASSAGE
    with pytest.raises(BadSetting, match=f"context of {least - 1} tokens is too small"):
        passage_limit(settings, replace(model, context=least - 1), 100)


@pytest.fixture(scope="module")
def token_bytes(model: Loaded) -> int:
    """The bytes of a token in the KV cache; a model is prepared once."""
    found = prepare(model.model, torch.float32)
    assert found
    return found


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch, token_bytes: int) -> Callable[[int], None]:
    """Sets the memory, in tokens of the KV cache."""

    def of(tokens: int) -> None:
        needed = int(tokens * token_bytes / KV_SHARE)
        monkeypatch.setattr(capacity, "free_bytes", lambda device: needed)

    monkeypatch.setattr(capacity, "prepare", lambda *_: token_bytes)
    return of


@pytest.mark.parametrize(
    ("tokens", "passage", "stored"),
    [(2 * (RESERVE + 200), 200, 2 * (RESERVE + 200)), (100_000, 900, 4 * (900 + RESERVE))],
)
def test_passages_are_shorter_where_memory_does_not_hold_two(
    model: Loaded, room: Callable[[int], None], tokens: int, passage: int, stored: int
) -> None:
    room(tokens)
    made = make_generator(tiny.settings("any", batch_rows=4), model, 900, interactive=False)
    assert made.passage_tokens == passage
    assert isinstance(made.generator, BatchGenerator)
    assert stored - 64 <= made.generator.free_tokens <= stored


def test_too_little_memory_is_said(model: Loaded, room: Callable[[int], None]) -> None:
    room(2 * (RESERVE + MIN_PASSAGE) - 2)
    with pytest.raises(BadSetting, match=r"the free memory holds \d+ tokens"):
        make_generator(tiny.settings("any"), model, 900, interactive=False)


@pytest.mark.parametrize("interactive", [True, False])
def test_passes_are_bounded_by_their_cost_where_people_wait(
    model: Loaded, room: Callable[[int], None], interactive: bool
) -> None:
    room(100_000)
    generator = make_generator(tiny.settings("any"), model, 900, interactive).generator
    assert isinstance(generator, BatchGenerator)
    usual = INTERACTIVE_READ_TOKENS if interactive else READ_TOKENS
    generator.admit(TokenRequest("long", (7,) * 2 * usual["cpu"], (Generate((8,), 1),)))
    sizes = []
    while not generator.step():
        sizes.append(generator.stats.prefill_tokens)
    assert sizes[0] == usual["cpu"]
    assert (sizes[1] < 2 * sizes[0]) == interactive, "deep in the text a pass has fewer tokens"


def test_a_model_that_can_not_share_a_prefix_is_read_plainly(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capacity, "prepare", lambda *_: None)
    unprepared = load(tiny.settings(folders["qwen3"]))
    made = make_generator(tiny.settings("any"), unprepared, 900, interactive=False)
    assert isinstance(made.generator, FallbackGenerator)
    assert made.passage_tokens == 900


def test_the_cache_of_int8_weights_is_in_halves(model: Loaded) -> None:
    assert capacity._kv_dtype(model) is torch.float32
    assert capacity._kv_dtype(replace(model, dtype="int8")) is torch.bfloat16
