"""Both kinds of cache against a softmax that is written out in float64."""

import math
import platform
import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from service.llm.attention import AttentionParams, attend
from service.llm.attention_metadata import AttentionMetadata, KVSpan, QuerySegment
from service.llm.block_manager import BLOCK_SIZE, BlockManager
from service.llm.kernels.build import COMPILERS, LEVELS
from service.llm.kv_cache import LayerCache, NativeLayerCache, TorchLayerCache
from tests.support import kernel_builds

pytestmark = pytest.mark.usefixtures("one_thread")

KERNELS = [name for name, level in LEVELS.items() if level.machine == platform.machine()]
KINDS = ["torch", *KERNELS]
TYPES = [torch.float32, torch.bfloat16]


@pytest.fixture(scope="session")
def libraries() -> dict[str, Any]:
    """The kernels of every level that this processor runs."""
    return {level: kernel_builds.make(level).library for level in kernel_builds.NATIVE}


@dataclass
class Stored:
    """A cache in plain tensors: the keys and values at each slot."""

    keys: torch.Tensor
    values: torch.Tensor
    dtype: torch.dtype = torch.float32


@dataclass
class Caches:
    """Makes caches of one kind."""

    kind: str
    library: Any

    def make(
        self,
        blocks: int,
        heads: int,
        dim: int,
        dtype: torch.dtype,
        value_dim: int | None = None,
    ) -> LayerCache:
        """With values of `value_dim` numbers, or as many as keys."""
        dims = dim, value_dim or dim
        if self.kind == "torch":
            return TorchLayerCache(blocks, heads, *dims, dtype, torch.device("cpu"))
        cache = NativeLayerCache(self.library, blocks, heads, *dims, dtype)
        # Unwritten slots hold noise, which must not be attended.
        cache.keys.fill_(math.nan)
        cache.values.fill_(math.nan)
        return cache


@pytest.fixture(params=KINDS)
def caches(libraries: dict[str, Any], request: pytest.FixtureRequest) -> Caches:
    if request.param != "torch" and request.param not in libraries:
        pytest.skip(f"this processor has no {request.param}")
    return Caches(request.param, libraries.get(request.param))


def reference(
    stored: Stored, query: torch.Tensor, metadata: AttentionMetadata, params: AttentionParams
) -> torch.Tensor:
    """softmax(scale * query . keys) x values, one token and one head at a time.

    Queries and weights are rounded as what is stored.
    """
    tokens, heads, _ = query.shape
    group = heads // stored.keys.shape[1]
    out = torch.zeros(tokens, heads, stored.values.shape[-1], dtype=torch.float64)
    query = query.to(stored.dtype).double()
    for token in range(tokens):
        now, slots = int(metadata.positions[token]), []
        for slot, length, position in metadata.spans[token].tolist():
            for offset in range(length):
                at = position + offset
                if at <= now and (not params.window or now - at < params.window):
                    slots.append(slot + offset)
        keys, values = stored.keys[slots].double(), stored.values[slots].double()
        for head in range(heads):
            scores = keys[:, head // group] @ query[token, head] * params.scale
            if params.softcap:
                scores = params.softcap * torch.tanh(scores / params.softcap)
            weights = scores.softmax(0).to(stored.dtype).double()
            out[token, head] = weights @ values[:, head // group]
    return out


@dataclass
class Scene:
    """A cache in which a passage, its suffixes and their answers are stored, and what looks."""

    heads: int = 2
    group: int = 2
    depth: int = 16
    value_depth: int = 0
    """0: values are as wide as keys."""
    passage: int = 70
    suffixes: tuple[int, ...] = (5, 20)
    """One suffix each; the pass holds the last `fresh` tokens of each suffix's text."""
    fresh: int = 3
    dtype: torch.dtype = torch.float32
    seed: int = 1

    def metadata(self) -> tuple[int, AttentionMetadata]:
        """Blocks of the cache, and a pass in which every suffix looks at the passage and itself."""
        rng = random.Random(self.seed)
        sizes = [self.passage, *self.suffixes]
        size = sum(-(-tokens // BLOCK_SIZE) for tokens in sizes) + 9
        blocks = BlockManager(size)
        order = list(range(len(sizes)))
        rng.shuffle(order)
        spans = {}
        for index in order:  # gaps between them, and in any order
            span = blocks.allocate(sizes[index])
            assert span is not None
            spans[index] = span
            if rng.random() < 0.5:
                blocks.allocate(BLOCK_SIZE)
        shared = (spans[0].slot, self.passage, 0)
        segments = []
        for index, length in enumerate(self.suffixes, 1):
            count, slot = min(self.fresh, length), spans[index].slot
            own = (slot, length, self.passage)
            first = length - count
            segments.append(QuerySegment(slot + first, self.passage + first, count, (shared, own)))
        return size, AttentionMetadata.of(segments)

    def numbers(self, *shape: int) -> torch.Tensor:
        rng = torch.Generator().manual_seed(self.seed)
        return torch.randn(*shape, generator=rng)

    def stored(self, size: int) -> Stored:
        numbers = self.numbers(2, size * BLOCK_SIZE, self.heads, self.depth).to(self.dtype).float()
        values = numbers[1] if not self.value_depth else numbers[1].repeat(1, 1, 32)
        return Stored(numbers[0], values[..., : self.value_depth or self.depth], self.dtype)

    def query(self, tokens: int) -> torch.Tensor:
        return self.numbers(tokens, self.heads * self.group, self.depth) * 2


def fill(cache: LayerCache, stored: Stored) -> None:
    cache.write(stored.keys, stored.values, slots_from(0, len(stored.keys)))


def slots_from(first: int, count: int) -> AttentionMetadata:
    """A pass that only writes."""
    return AttentionMetadata.of([QuerySegment(first, 0, count, ())])


def one_token(slot: int, *spans: KVSpan) -> QuerySegment:
    """The last token of its own span, which is the last."""
    return QuerySegment(slot, spans[-1][2] + spans[-1][1] - 1, 1, spans)


def look(
    caches: Caches, scene: Scene, params: AttentionParams | None = None
) -> tuple[torch.Tensor, torch.Tensor, torch.dtype]:
    """The attention over the cache, and the expected one, for a type of storage."""
    size, metadata = scene.metadata()
    params = params or AttentionParams(scene.depth**-0.5)
    stored, query = scene.stored(size), scene.query(len(metadata.positions))
    cache = caches.make(size, scene.heads, scene.depth, scene.dtype, scene.value_depth)
    fill(cache, stored)
    return (
        attend(query, cache, metadata, params),
        reference(stored, query, metadata, params),
        scene.dtype,
    )


def close(got: torch.Tensor, expected: torch.Tensor, dtype: torch.dtype = torch.float32) -> None:
    """In bfloat16 a weight may now and then be rounded to the other side: by a 256th of itself."""
    if dtype == torch.bfloat16:
        assert (got - expected).abs().median() <= 2e-5
    some = 2e-5 if dtype == torch.float32 else 2e-2
    torch.testing.assert_close(got.double(), expected, rtol=some, atol=some)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("group", [1, 2, 4, 8])
@pytest.mark.parametrize("depth", [8, 16, 24, 64, 128, 256])
def test_any_shape_of_head(caches: Caches, depth: int, group: int, dtype: torch.dtype) -> None:
    close(*look(caches, Scene(heads=2, group=group, depth=depth, dtype=dtype)))


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize(("depth", "values"), [(24, 16), (16, 24), (192, 128), (8, 200), (32, 7)])
def test_keys_and_values_of_different_width(
    caches: Caches, depth: int, values: int, dtype: torch.dtype
) -> None:
    """Multi-head latent attention has them (DeepSeek: 192 and 128)."""
    close(*look(caches, Scene(depth=depth, value_depth=values, dtype=dtype)))


@pytest.mark.parametrize("group", [3, 5, 7, 32, 33, 71])
def test_groups_that_fill_no_tile(caches: Caches, group: int) -> None:
    """71: Falcon's, which share one head of keys."""
    close(*look(caches, Scene(heads=1, group=group, fresh=9)))


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("fresh", [1, 31, 32, 33, 300])
def test_any_number_of_tokens(caches: Caches, fresh: int, dtype: torch.dtype) -> None:
    close(*look(caches, Scene(suffixes=(1, 300), fresh=fresh, group=1, heads=1, dtype=dtype)))


@pytest.mark.parametrize("passage", [1, 15, 16, 17, 31, 32, 33, 47, 48, 64, 333])
def test_any_length_of_a_span(caches: Caches, passage: int) -> None:
    close(*look(caches, Scene(passage=passage, suffixes=(1, 16, 17, 33), fresh=40)))


@pytest.mark.parametrize("cap", [0.0, 0.5, 50.0])
@pytest.mark.parametrize("window", [0, 1, 2, 15, 16, 24, 32, 33, 80, 4096])
def test_windows_and_caps(caches: Caches, window: int, cap: float) -> None:
    scene = Scene(suffixes=(1, 16, 40), fresh=40, depth=24)
    close(*look(caches, scene, AttentionParams(0.3, window, cap)))


@given(
    passage=st.integers(1, 150),
    suffixes=st.lists(st.integers(1, 60), min_size=1, max_size=5).map(tuple),
    fresh=st.integers(1, 60),
    window=st.integers(0, 200),
    cap=st.sampled_from([0.0, 3.0]),
    dtype=st.sampled_from(TYPES),
    seed=st.integers(0, 99),
)
def test_any_scene(
    libraries: dict[str, Any],
    passage: int,
    suffixes: tuple[int, ...],
    fresh: int,
    window: int,
    cap: float,
    dtype: torch.dtype,
    seed: int,
) -> None:
    scene = Scene(passage=passage, suffixes=suffixes, fresh=fresh, dtype=dtype, seed=seed)
    for kind in ("torch", *libraries):
        close(*look(Caches(kind, libraries.get(kind)), scene, AttentionParams(0.25, window, cap)))


def test_three_levels_are_one_softmax(caches: Caches) -> None:
    """A passage, its suffix, and an answer that is scored after it."""
    stored = Scene().stored(9)
    passage, suffix = (32, 40, 0), (0, 7, 40)
    metadata = AttentionMetadata.of(
        [
            one_token(97, passage, suffix, (96, 2, 47)),
            one_token(112, passage, suffix, (112, 1, 47)),
            one_token(143, passage, (80, 3, 40), (128, 16, 43)),
        ]
    )
    cache = caches.make(9, 2, 16, torch.float32)
    fill(cache, stored)
    query = Scene().query(3)
    close(
        attend(query, cache, metadata, AttentionParams(0.25)),
        reference(stored, query, metadata, AttentionParams(0.25)),
    )


def test_a_token_looks_at_nothing_that_was_written_behind_it(caches: Caches) -> None:
    """A pass of a whole suffix: each token sees the suffix up to itself."""
    got, expected, _ = look(caches, Scene(suffixes=(50,), fresh=50))
    close(got, expected)
    shorter, *_ = look(caches, Scene(suffixes=(50,), fresh=1))
    assert not torch.allclose(got[0], shorter[0])


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_strided_inputs(caches: Caches, dtype: torch.dtype) -> None:
    """As models hand them over: transposed, sliced out of one projection, every second number."""
    scene = Scene(dtype=dtype)
    size, metadata = scene.metadata()
    stored, query = scene.stored(size), scene.query(len(metadata.positions))
    both = torch.stack((stored.keys, stored.values), -1)
    heads_first = query.transpose(0, 1).contiguous().transpose(0, 1)
    one_projection = torch.cat((query, query), 1)[:, : query.shape[1]]
    apart = query.transpose(1, 2).contiguous().transpose(1, 2)
    cache = caches.make(size, scene.heads, scene.depth, dtype)
    cache.write(both[..., 0], both[..., 1], slots_from(0, size * BLOCK_SIZE))
    expected = reference(stored, query, metadata, AttentionParams(0.25))
    for strided in (query, heads_first, one_projection, apart):
        close(attend(strided, cache, metadata, AttentionParams(0.25)), expected, dtype)


def test_a_model_in_bfloat16(caches: Caches) -> None:
    """Keys, values and queries come in bfloat16, and the answer goes back in it."""
    scene = Scene(dtype=torch.bfloat16)
    size, metadata = scene.metadata()
    stored, query = scene.stored(size), scene.query(len(metadata.positions)).bfloat16()
    cache = caches.make(size, scene.heads, scene.depth, torch.bfloat16)
    cache.write(stored.keys.bfloat16(), stored.values.bfloat16(), slots_from(0, size * BLOCK_SIZE))
    got = attend(query, cache, metadata, AttentionParams(0.25))
    assert got.dtype == torch.bfloat16
    expected = reference(stored, query, metadata, AttentionParams(0.25))
    torch.testing.assert_close(got.double(), expected, rtol=2e-2, atol=2e-2)


def test_numbers_are_rounded_to_bfloat16_as_torch_rounds(caches: Caches) -> None:
    """Ties to even, the smallest, the largest: one key only, so its value comes out. A processor
    may take what is below the smallest normal number for zero while it multiplies."""
    bits = torch.arange(0, 2**32, 2**32 // 4096 + 7, dtype=torch.int64)[:4096]
    ties = torch.arange(0x3F7F7FF0, 0x3F828020, 0x7FF8 // 2, dtype=torch.int64)
    numbers = torch.cat([bits, ties]).to(torch.int32).view(torch.float32)
    numbers = numbers[numbers.isfinite()]
    numbers = numbers[: len(numbers) // 16 * 16].view(-1, 1, 16)
    cache = caches.make(len(numbers), 1, 16, torch.bfloat16)
    slots = range(0, len(numbers) * BLOCK_SIZE, BLOCK_SIZE)
    metadata = AttentionMetadata.of([one_token(slot, (slot, 1, 0)) for slot in slots])
    cache.write(torch.zeros_like(numbers), numbers, metadata)
    got = attend(torch.zeros_like(numbers), cache, metadata, AttentionParams(1.0))
    expected = numbers.bfloat16().float()
    normal = expected.abs() >= torch.finfo(torch.float32).tiny
    assert torch.equal(got[normal], expected[normal])
    assert ((got == expected) | (got == 0))[~normal].all()


def test_the_kernels_store_no_other_type(libraries: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="float16"):
        NativeLayerCache(next(iter(libraries.values())), 4, 2, 16, 16, torch.float16)


def test_large_scores_neither_overflow_nor_vanish(caches: Caches) -> None:
    """Logits of hundreds: everything goes to the best key, wherever it is."""
    stored = Scene(depth=16).stored(8)
    stored.keys *= 40
    for position in (3, 40, 99):
        query = stored.keys[position].repeat_interleave(2, 0)[None].contiguous()
        metadata = AttentionMetadata.of([one_token(99, (0, 100, 0))])
        cache = caches.make(8, 2, 16, torch.float32)
        fill(cache, stored)
        close(
            attend(query, cache, metadata, AttentionParams(1.0)),
            reference(stored, query, metadata, AttentionParams(1.0)),
        )


def test_an_overwritten_slot_forgets_its_keys(caches: Caches) -> None:
    """A span that was given back and handed out again holds nothing of its last owner."""
    old, new = Scene(seed=1).stored(4), Scene(seed=2).stored(4)
    metadata = AttentionMetadata.of([one_token(36, (16, 21, 0))])
    query = Scene().query(1)
    cache = caches.make(4, 2, 16, torch.float32)
    for stored in (old, new):
        fill(cache, stored)
        close(
            attend(query, cache, metadata, AttentionParams(0.25)),
            reference(stored, query, metadata, AttentionParams(0.25)),
        )


@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_keys_of_a_former_owner_are_not_attended(caches: Caches, dtype: torch.dtype) -> None:
    """Not even where it is NaN, and shares a machine word with the last token of a span."""
    stored = Scene(dtype=dtype).stored(3)
    noise = Stored(*(torch.full_like(one, math.nan) for one in (stored.keys, stored.values)))
    query = Scene().query(1)
    for together in (True, False):
        cache = caches.make(3, 2, 16, dtype)
        fill(cache, noise)
        for length in range(1, 20):
            if together:
                part = slots_from(16, length)
                cache.write(stored.keys[16 : 16 + length], stored.values[16 : 16 + length], part)
            else:
                slot = 15 + length
                last = slice(slot, slot + 1)
                cache.write(stored.keys[last], stored.values[last], slots_from(slot, 1))
            metadata = AttentionMetadata.of([one_token(15 + length, (16, length, 0))])
            expected = reference(stored, query, metadata, AttentionParams(0.25))
            close(attend(query, cache, metadata, AttentionParams(0.25)), expected, dtype)


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize(("window", "cap"), [(0, 0.0), (24, 0.0), (0, 4.0)])
@pytest.mark.parametrize("depth", [16, 96])
@pytest.mark.parametrize("kind", KERNELS)
def test_neighbours_change_no_bit(
    libraries: dict[str, Any], kind: str, depth: int, window: int, cap: float, dtype: torch.dtype
) -> None:
    """Each token alone, in any company, in any order, by one thread or two.

    A depth of 96 is whole tiles, and one of 16 is none.
    """
    if kind not in libraries:
        pytest.skip(f"this processor has no {kind}")
    scene = Scene(
        passage=77, suffixes=(1, 13, 16, 40, 65), fresh=40, dtype=dtype, group=3, depth=depth
    )
    size, metadata = scene.metadata()
    query = scene.query(len(metadata.positions))
    cache = NativeLayerCache(libraries[kind], size, scene.heads, scene.depth, scene.depth, dtype)
    fill(cache, scene.stored(size))
    params = AttentionParams(0.3, window, cap)
    together = attend(query, cache, metadata, params)
    rng = random.Random(4)
    everyone = list(range(len(query)))
    companies = [[token] for token in everyone]
    companies += [rng.sample(everyone, count) for count in (2, 7, 30, len(everyone))]
    for company in companies:
        got = attend(query[company].contiguous(), cache, only(metadata, company), params)
        assert torch.equal(got, together[company])
    torch.set_num_threads(2)
    try:
        assert torch.equal(attend(query, cache, metadata, params), together)
    finally:
        torch.set_num_threads(1)


def only(metadata: AttentionMetadata, company: list[int]) -> AttentionMetadata:
    """The part of a pass that these tokens are, in this order."""
    parts = (metadata.slots, metadata.positions, metadata.spans)
    return AttentionMetadata.of(
        [
            QuerySegment(int(slot), int(position), 1, tuple(map(tuple, spans.tolist())))
            for slot, position, spans in zip(*(part[company] for part in parts), strict=True)
        ]
    )


def test_a_compiler_is_there() -> None:
    """Else the kernels would go untested without a word."""
    assert any(map(shutil.which, COMPILERS))


@pytest.mark.parametrize("level", KERNELS)
def test_a_level_runs_where_linux_names_its_feature(level: str) -> None:
    names = {"avx512": "avx512vl", "avx512vnni": "avx512_vnni", "avx512bf16": "avx512_bf16"}
    names |= {"amx": "amx_bf16", "avxvnni": "avx_vnni", "dotprod": "asimddp", "neon": "asimd"}
    is_there = f" {names.get(level, level)} " in Path("/proc/cpuinfo").read_text()
    assert (level in kernel_builds.NATIVE) == is_there
