"""CUDA graphs: recorded steps give the logits of eager ones, and failures lose nothing.

A recorder that needs no GPU stands in for CUDA's: it notes the operators that a step calls, on the
very tensors that it calls them on, and replays only those. So a step that depends on anything else
(a number in Python, a length, an address that moves) says wrong words, and one that asks the
device for a number can't be recorded, as with a CUDA graph. What it can't see are copies between
a GPU and its host.
"""

import dataclasses
import inspect
import math
import random
import re
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes

from service.article import Document
from service.llm import cuda_graphs
from service.llm.attention import AttentionParams, attend
from service.llm.attention_metadata import AttentionMetadata, QuerySegment
from service.llm.capability import recordable
from service.llm.cuda_graphs import (
    MIN_TOKENS,
    Compute,
    Recorder,
    Replay,
    Shape,
    recorder_on,
)
from service.llm.dense_attention import MAX_GATHERED
from service.llm.generator import BatchGenerator
from service.llm.kv_cache import TorchLayerCache
from service.llm.llm_engine import LLMEngine
from service.llm.scheduler import Limits
from service.llm.token_request import FinishedRequest, Generate, Generated, TokenRequest
from service.tasks import Answer, DigestTask, Finished, Request
from tests.support import tiny
from tests.support.references import Family, family
from tests.support.traffic import (
    REQUESTS,
    VISITS,
    WIDE,
    Traffic,
    Visit,
    agree,
    bound,
    expected,
    is_empty,
    make_generator,
    run,
    words,
)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]

FAMILIES = [*tiny.FAMILIES, *tiny.OTHERS]
NARROW = Limits(kv_tokens=8_000, rows=10, chunk_tokens=64)
"""More would be more shapes to record."""
ROOMS = st.builds(Limits, st.sampled_from([400, 4_000]), st.integers(3, 8), st.integers(1, 150))


@pytest.fixture(autouse=True, scope="module")
def without_kernels() -> Iterator[None]:
    """Undo the patches of other tests, because patched functions are not torch operators."""
    with pytest.MonkeyPatch.context() as patch:
        for module in [one for name, one in sys.modules.items() if "modeling_" in name]:
            for name in [name for name, one in vars(module).items() if hasattr(one, "in_c")]:
                while hasattr(getattr(module, name), "in_c"):
                    made = inspect.getclosurevars(getattr(module, name))
                    patch.setattr(module, name, made.nonlocals["original"])
        yield


class Undone(TorchDispatchMode):
    """Whatever is written to meanwhile is afterwards what it was."""

    def __init__(self) -> None:
        super().__init__()
        self._before: dict[int, tuple[torch.UntypedStorage, torch.UntypedStorage]] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> object:
        for one, formal in zip(args, func._schema.arguments, strict=False):
            if formal.alias_info is not None and formal.alias_info.is_write:
                storage = one.untyped_storage()
                if storage.data_ptr() not in self._before:
                    with _disable_current_modes():
                        self._before[storage.data_ptr()] = storage, storage.clone()
        return func(*args, **(kwargs or {}))

    def __exit__(self, *raised: Any) -> None:
        super().__exit__(*raised)
        for storage, before in self._before.values():
            storage.copy_(before)


class Again:
    """Records nothing and does the whole computation anew: for what a recording can't change."""

    def __init__(self) -> None:
        self.shapes: list[Shape] = []

    def warm_up(self, compute: Compute) -> None:
        compute()

    def record(self, compute: Compute) -> Replay:
        self.shapes.append(cast("partial[None]", compute).args[0])
        return compute


class Traced:
    """Records torch's operators; `recorded` counts the recordings that were made."""

    def __init__(self) -> None:
        self.recorded = 0

    def warm_up(self, compute: Compute) -> None:
        compute()

    def record(self, compute: Compute) -> Replay:
        with Undone():  # other than CUDA, this runs what it records
            traced: Replay = make_fx(compute)()
        self.recorded += 1
        return traced


def recording(model: Family, recorder: Recorder, limits: Limits = NARROW) -> BatchGenerator:
    batch = make_generator(model, limits, native=False)
    batch.record_steps(recorder)
    return batch


# Answers


@pytest.mark.parametrize("name", FAMILIES)
def test_recorded_steps_give_the_answer_of_each_prompt_alone(name: str) -> None:
    model, recorder = family(name), Traced()
    batch = recording(model, recorder)
    reads: list[int] = []

    def note(_: object, __: object, given: dict[str, torch.Tensor]) -> None:
        if given["input_ids"].shape[1] > 1 and batch.num_running:
            reads.append(batch.num_running)

    hook = model.forked.register_forward_pre_hook(note, with_kwargs=True)
    outcomes = run(batch, REQUESTS[:6], bound(REQUESTS[:6], NARROW))
    hook.remove()
    for request in REQUESTS[:6]:
        agree(outcomes[request.id], expected(model, request))
    is_empty(batch, NARROW)
    assert recorder.recorded >= 2
    # A pass that reads writes a token of every row on the way, but for a model with states.
    eager = 0 if name == "qwen3_5" else len(reads)
    assert batch.replayed_steps == batch.stats.steps - recorder.recorded - eager > 10


@pytest.mark.parametrize("name", ["qwen3", "qwen3_5", "gemma3"])
@settings(max_examples=2)
@given(visits=VISITS, limits=ROOMS)
def test_any_order_of_coming_and_going(name: str, visits: list[Visit], limits: Limits) -> None:
    """Padding rows use slots that a request takes one step later."""
    model = family(name)
    traffic = Traffic(recording(model, Traced(), limits))
    requests = traffic.run(
        visits, bound([REQUESTS[visit.request] for visit in visits], limits) + 38
    )
    for key, outcomes in traffic.outcomes.items():
        if outcomes is not None:
            agree(outcomes, expected(model, requests[key]))
    is_empty(traffic.batch, limits)


def test_a_row_far_longer_than_the_rest_makes_a_step_eager() -> None:
    """All the others would be filled up to its length."""
    model, recorder = family("qwen3"), Again()
    rng = random.Random(3)
    long = TokenRequest("long", words(rng, 2_000), (Generate((11,), 20),))
    many = TokenRequest("many", words(rng, 20), tuple(Generate((10 + n,), 5) for n in range(38)))
    batch = recording(model, recorder, WIDE)
    batch.admit(long)
    while not batch.num_running:
        batch.step()
    outcomes = run(batch, [many], 10)
    agree(outcomes["many"], expected(model, many))
    ended: list[FinishedRequest] = []
    while not ended:
        ended = batch.step()
    agree(ended[0].outcomes, expected(model, long))
    assert all(shape.rows * shape.tokens <= MAX_GATHERED for shape in recorder.shapes)
    assert batch.replayed_steps < batch.stats.steps - len(recorder.shapes)


# Layout


@given(st.integers(1, 64), st.integers(1, 9_000), st.integers(0, 40))
def test_a_shape_holds_its_step(rows: int, tokens: int, spare: int) -> None:
    most = rows + spare
    shape = Shape.around(rows, tokens, most)
    assert rows <= shape.rows <= min(most, 2 * rows)
    assert tokens <= shape.tokens <= max(MIN_TOKENS, 1.5 * tokens)


def test_there_are_few_shapes() -> None:
    every = {Shape.around(rows, 1, 64).rows for rows in range(1, 65)}
    lengths = {Shape.around(1, tokens, 64).tokens for tokens in range(1, 9_000)}
    assert every == {1, 2, 4, 8, 16, 32, 64} and len(lengths) == 12


SPANS = st.lists(st.integers(0, 40), min_size=1, max_size=2)


@pytest.mark.parametrize("longest", [256, MAX_GATHERED // 2])
@pytest.mark.parametrize(("window", "cap"), [(0, 0.0), (24, 0.0), (0, 4.0)])
@settings(max_examples=15)
@given(rows=st.lists(SPANS, min_size=1, max_size=5), seed=st.integers(0, 99))
def test_padded_spans_hold_the_needed_tokens(
    longest: int, window: int, cap: float, rows: list[list[int]], seed: int
) -> None:
    """Spans of all lengths, also of none, at any slots; unused slots hold noise."""
    rng = random.Random(seed)
    segments, seen = [], set()
    for lengths in rows:
        spans, place = [], 0
        for length in (*lengths, rng.randrange(1, 40)):
            spans.append((rng.randrange(400), length, place))
            seen |= set(range(spans[-1][0], spans[-1][0] + length))
            place += length
        segments.append(QuerySegment(0, place - 1, 1, tuple(spans)))
    cache = TorchLayerCache(28, 2, 8, 8, torch.float32, torch.device("cpu"))
    torch.manual_seed(seed)
    for stored in (cache.keys, cache.values):
        stored.copy_(torch.randn_like(stored))
        stored[:, [slot for slot in range(28 * 16) if slot not in seen]] = math.nan
    needed = AttentionMetadata.of(segments)
    levels = (needed.slots, needed.positions, needed.spans, needed.order)
    query, params = torch.randn(len(rows), 4, 8), AttentionParams(0.3, window, cap)
    found = attend(query, cache, AttentionMetadata(*levels, padded_length=longest), params)
    torch.testing.assert_close(found, attend(query, cache, needed, params), rtol=1e-5, atol=1e-5)


def test_a_padding_row_writes_to_the_scratch_block_alone() -> None:
    model, limits = family("qwen3"), Limits(kv_tokens=160, rows=8, chunk_tokens=64)
    batch = recording(model, Again(), limits)
    request = TokenRequest(
        "three", words(random.Random(2), 20), tuple(Generate((11 + n,), 9) for n in range(3))
    )
    outcomes = run(batch, [request], 20)["three"] or ()
    assert batch.replayed_steps
    cache = batch.kv_cache.layers[0]
    assert isinstance(cache, TorchLayerCache)
    written = cache.keys.abs().sum((0, 2)).nonzero().flatten().tolist()
    said = [one for one in outcomes if isinstance(one, Generated)]
    fed = [1 + len(one.ids) - (not one.complete) for one in said]  # the last word is not
    own = [*range(20), *(32 + 16 * n + token for n in range(3) for token in range(fed[n]))]
    assert written == [*own, 160] and batch.kv_cache.scrap_slot == 160


def test_the_shape_that_was_not_used_for_longest_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cuda_graphs, "MAX_SHAPES", 2)
    model, recorder = family("qwen3"), Again()
    batch = recording(model, recorder)
    for count in (1, 2, 1, 4, 1, 2):
        branches = tuple(Generate((11 + n,), 3) for n in range(count))
        request = dataclasses.replace(REQUESTS[2], branches=branches)
        agree(run(batch, [request], 20)[request.id], expected(model, request))
    assert [shape.rows for shape in recorder.shapes] == [1, 2, 4, 2]
    assert len(batch.runner.graphs._replays) == 2


# Steps that can't be recorded


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.message for one in caplog.records if one.name.startswith("service")]


@pytest.mark.parametrize("name", ["qwen3", "qwen3_5"])
def test_a_model_that_asks_the_device_for_a_number_is_run_eagerly(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """That it can't be recorded is found out after its first step, which counts."""
    model = family(name)
    batch = recording(model, Traced())

    def ask(_: object, __: object, output: torch.Tensor) -> None:
        assert float(output.sum()) != 0

    hook = model.forked.lm_head.register_forward_hook(ask)
    outcomes = run(batch, REQUESTS[:4], bound(REQUESTS[:4], NARROW))
    hook.remove()
    for request in REQUESTS[:4]:
        agree(outcomes[request.id], expected(model, request))
    is_empty(batch, NARROW)
    assert batch.replayed_steps == 0
    (line,) = lines(caplog)
    assert line.startswith("steps of the model are not recorded any more: RuntimeError: It appears")


class Scarce(Traced):
    """The memory of the GPU is full after `left` recordings; or before the first, warming up."""

    def __init__(self, left: int, warming: bool = False) -> None:
        super().__init__()
        self.left, self.warming = left, warming

    def warm_up(self, compute: Compute) -> None:
        if self.warming and self.recorded == self.left:
            raise torch.OutOfMemoryError("full")
        super().warm_up(compute)

    def record(self, compute: Compute) -> Replay:
        if self.recorded == self.left:
            raise torch.OutOfMemoryError("full")
        return super().record(compute)


@pytest.mark.parametrize("left", [0, 1])
@pytest.mark.parametrize("name", ["qwen3", "qwen3_5"])
def test_without_memory_for_a_recording_steps_are_eager(
    name: str, left: int, caplog: pytest.LogCaptureFixture
) -> None:
    model = family(name)
    batch = recording(model, Scarce(left))
    outcomes = run(batch, REQUESTS[:6], bound(REQUESTS[:6], NARROW))
    for request in REQUESTS[:6]:
        agree(outcomes[request.id], expected(model, request))
    is_empty(batch, NARROW)
    assert lines(caplog) == ["steps of the model are not recorded any more: OutOfMemoryError: full"]


@pytest.mark.parametrize("name", ["qwen3", "qwen3_5"])
def test_a_step_that_fails_before_it_is_recorded_fails_once(name: str) -> None:
    """As any pass that fails: the engine tries all that was in it once more, and that is eager."""
    model = family(name)
    batch = recording(model, Scarce(0, warming=True))
    batch.admit(REQUESTS[4])
    with pytest.raises(torch.OutOfMemoryError):
        for _ in range(20):
            batch.step()
    batch.cancel_all()
    is_empty(batch, NARROW)
    agree(run(batch, [REQUESTS[4]], 200)[REQUESTS[4].id], expected(model, REQUESTS[4]))


@pytest.mark.parametrize("name", ["qwen3", "qwen3_5"])
def test_computing_less_at_once_gives_recordings_back(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Also while rows grow: a step of some rows is not a step of all."""
    model = family(name)
    batch = recording(model, Traced(), WIDE)
    for request in REQUESTS[:6]:
        batch.admit(request)
    outcomes = {one.id: one.outcomes for _ in range(9) for one in batch.step()}
    replayed = batch.replayed_steps
    assert replayed and batch.num_running > 2 and batch.shrink() and batch.shrink()
    while len(outcomes) < 6:
        outcomes |= {one.id: one.outcomes for one in batch.step()}
    for request in REQUESTS[:6]:
        agree(outcomes[request.id], expected(model, request))
    is_empty(batch, WIDE)
    assert batch.replayed_steps == replayed and not batch.runner.graphs._replays
    assert lines(caplog) == ["steps of the model are not recorded any more: memory ran out"]


# Whether it is tried at all


@pytest.mark.parametrize("name", FAMILIES)
def test_models_are_asked_whether_they_can_be_recorded(name: str) -> None:
    recorder = Traced()
    assert recordable(family(name).forked, torch.float32, recorder)
    assert recorder.recorded == 2  # steps of both texts, and of the one that is longer


def test_a_recording_that_does_something_else_is_found_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Idle(Traced):
        def record(self, compute: Compute) -> Replay:
            return lambda: None

    assert not recordable(family("qwen3").forked, torch.float32, Idle())
    (line,) = lines(caplog)
    assert re.fullmatch(r"the model's steps can't be recorded \(logits are off by \d.\d\d\)", line)


@pytest.mark.parametrize("warming", [True, False])
def test_a_model_that_cannot_be_recorded_says_so_once(
    warming: bool, caplog: pytest.LogCaptureFixture
) -> None:
    assert not recordable(family("qwen3_5").forked, torch.float32, Scarce(0, warming))
    assert "OutOfMemoryError: full" in lines(caplog)[-1] and len(lines(caplog)) == 1 + warming


class Breaking(Again):
    """A recorder whose recordings can't be replayed."""

    def record(self, compute: Compute) -> Replay:
        def replay() -> object:
            raise RuntimeError("CUDA error: out of memory")

        return replay


def test_a_failed_replay_makes_steps_eager_from_then_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    model, limits = family("qwen3"), Limits(kv_tokens=320, rows=4, chunk_tokens=64)
    batch = recording(model, Breaking(), limits)
    request = TokenRequest("one", words(random.Random(2), 20), (Generate((11,), 9),))
    with pytest.raises(RuntimeError, match="out of memory"):
        run(batch, [request], 20)
    assert "not recorded any more: RuntimeError: CUDA error" in caplog.text
    batch.cancel_all()
    agree(run(batch, [request], 20)["one"], expected(model, request))
    assert batch.replayed_steps == 0


@pytest.mark.parametrize("wanted", [True, False])
def test_an_engine_records_where_it_gains_unless_it_is_told_not_to(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch, wanted: bool
) -> None:
    """In float16, which no kernel stores."""
    monkeypatch.setattr("service.llm.capacity.recorder_on", lambda _: Traced())
    settings = tiny.settings(folders["qwen3"], dtype="float16", cuda_graphs=wanted, batch_rows=4)
    engine = LLMEngine(settings)
    engine.admit(Request("one", Document.of(tiny.ENGLISH, "en"), (DigestTask("zh"),)))
    finished: list[Finished] = []
    while not finished:
        finished = engine.step()
    assert isinstance(finished[0].outcome, Answer)
    assert isinstance(engine.generator, BatchGenerator)
    assert (engine.generator.replayed_steps > 0) == wanted
    room = REGISTRY.get_sample_value("diglot_kv_tokens_limit")
    assert room == engine.generator.free_tokens, "the gauge is that of a trial"


def test_a_cpu_records_nothing() -> None:
    assert recorder_on(torch.device("cpu")) is None
