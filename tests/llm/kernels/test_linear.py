"""Products in 8 bits against exact sums, and quantised rows against torch's own steps.

Builds without tiles multiply rows in 8 bits, and all of them give the same bits. Those with tiles
multiply rows in bfloat16.
"""

import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import gelu, pad, silu

from service.llm.kernels import linear
from service.llm.kernels.linear import GROUP, Activation, PackedWeights, QuantizedRows, quantize
from tests.support import kernel_builds as builds

SMALLEST = 128 * torch.finfo(torch.float32).tiny
floats = st.floats(width=32, allow_nan=True, allow_infinity=True, allow_subnormal=True)
special = st.sampled_from(
    [0.0, -0.0, 1e-45, -1e-40, 1.5e-38, 3e38, -3e38, math.inf, -math.inf, math.nan, 0.5, 2.5]
)
seeds = st.integers(0, 1000)


def normal(*shape: int, seed: int = 3) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def grouped(x: Tensor) -> Tensor:
    """(rows, groups, 32) of (rows, groups * 32)."""
    return x.view(len(x), x.shape[1] // GROUP, GROUP)


def quantized_by_torch(x: Tensor) -> tuple[Tensor, Tensor]:
    """The values (rows, groups * 32) and scales (rows, groups) of the format's definition."""
    groups = grouped(pad(x, (0, -x.shape[1] % GROUP)))
    scales = groups.abs().amax(-1).clamp(min=SMALLEST) / 127
    values = (groups / scales[..., None]).round()
    return values.where(scales.isfinite()[..., None], 0).flatten(1), scales


def assert_quantized(x: Tensor) -> None:
    """The same as torch to the bit."""
    rows = quantize(x)
    values, scales = quantized_by_torch(x)
    assert rows.values.dtype == linear.layout().input_type
    assert torch.equal(rows.values.float(), values)
    torch.testing.assert_close(rows.scales, scales, rtol=0, atol=0, equal_nan=True)
    assert torch.equal(rows.offsets, -128 * grouped(values.int()).sum(-1))


@pytest.fixture(scope="module", params=[name for name in builds.NAMES if name not in builds.TILED])
def in_8_bits(request: pytest.FixtureRequest, make_build: Any) -> Iterator[None]:
    with builds.used(make_build(request.param)):
        yield


@pytest.fixture(scope="module", params=builds.TILED)
def tiled(request: pytest.FixtureRequest, make_build: Any) -> Iterator[None]:
    with builds.used(make_build(request.param)):
        yield


@pytest.mark.usefixtures("in_8_bits")
class TestQuantize:
    @given(st.data())
    def test_any_numbers(self, data: st.DataObject) -> None:
        rows, width = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 100))
        x = normal(rows, width, seed=data.draw(seeds))
        x *= data.draw(st.sampled_from([1.0, 1e-30, 1e-37, 1e-44, 1e30, 0.0]))
        for value in data.draw(st.lists(st.one_of(special, floats), max_size=8)):
            x[data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, width - 1))] = value
        assert_quantized(x)

    def test_halves_are_rounded_to_even(self) -> None:
        x = torch.arange(-127, 128).float() / 2
        assert_quantized(
            torch.stack([pad(part, (1, 0), value=127.0) for part in torch.split(x, 15)])
        )

    @given(
        st.integers(0, 4), st.integers(1, 90), st.integers(0, 9), st.integers(1, 3), st.booleans()
    )
    def test_rows_may_lie_anywhere_in_memory(
        self, rows: int, width: int, skipped: int, every: int, transposed: bool
    ) -> None:
        if transposed:
            assert_quantized(normal(width, rows).T)
        else:
            x = normal(rows * every, skipped + width + 5)
            assert_quantized(x[::every, skipped:][:, :width])

    def test_a_row_that_is_repeated_is_read_in_place(self) -> None:
        assert_quantized(normal(1, 33).expand(4, 33))

    def test_many_rows_by_two_threads(self) -> None:
        with builds.threads(2):
            assert_quantized(normal(300, 70))


def random_rows(count: int, groups: int, seed: int) -> QuantizedRows:
    rng = torch.Generator().manual_seed(seed)
    values = torch.randint(-127, 128, (count, groups * GROUP), generator=rng, dtype=torch.int8)
    return rows_of(values, normal(count, groups, seed=seed + 1).exp())


def rows_of(values: Tensor, scales: Tensor) -> QuantizedRows:
    offsets = -128 * grouped(values.int()).sum(-1, dtype=torch.int32)
    return QuantizedRows(values.to(linear.layout().input_type), scales, offsets, len(values))


def random_weights(channels: int, groups: int, seed: int) -> tuple[Tensor, Tensor]:
    """All of int8, -128 too, as it is possible in a GGUF file."""
    rng = torch.Generator().manual_seed(seed)
    values = torch.randint(-128, 128, (channels, groups * GROUP), generator=rng, dtype=torch.int8)
    return values, (normal(channels, groups, seed=seed + 1) / 30).half()


def expected_product(rows: QuantizedRows, values: Tensor, scales: Tensor) -> tuple[Tensor, Tensor]:
    """(rows, channels): exact sums of groups, which are scaled and added in order with one rounding
    a step; and how large what was added is."""
    x = grouped(rows.values.long())
    sums = torch.einsum("rgi,cgi->grc", x, grouped(values.long()))
    total, size = torch.zeros(sums.shape[1:]), torch.zeros(sums.shape[1:])
    for group, products in enumerate(sums.float()):
        scaled = products * scales[:, group].float()
        term = scaled.double() * rows.scales[:, group : group + 1].double()
        total = (term + total.double()).float()
        size += term.abs()
    return total, size


def assert_product(rows: QuantizedRows, values: Tensor, scales: Tensor, bias: Any = None) -> None:
    got = PackedWeights.of(values, scales).multiply(rows, bias)
    expected, size = expected_product(rows, values, scales)
    if bias is not None:
        expected, size = expected + bias, size + bias.abs()
    assert got.shape == expected.shape
    assert ((got - expected).abs() <= 1e-6 * size).all()


@pytest.mark.usefixtures("in_8_bits")
class TestProductsIn8Bits:
    @given(st.integers(1, 20), st.integers(1, 5), st.integers(1, 80), st.booleans(), seeds)
    def test_sums_are_exact_and_added_in_order(
        self, rows: int, groups: int, channels: int, biased: bool, seed: int
    ) -> None:
        """Also where the channels do not fill whole panels."""
        bias = normal(channels) if biased else None
        weights = random_weights(channels, groups, seed)
        assert_product(random_rows(rows, groups, seed), *weights, bias)

    @pytest.mark.parametrize("weight", [-128, -127, 127])
    @pytest.mark.parametrize("x", [-127, 127])
    def test_the_largest_sums_are_exact(self, x: int, weight: int) -> None:
        """1,024 inputs, so that the total is a whole number below 2^24."""
        rows = rows_of(torch.full((7, 1024), x, dtype=torch.int8), torch.ones(7, 32))
        values = torch.full((33, 1024), weight, dtype=torch.int8)
        packed = PackedWeights.of(values, torch.ones(33, 32).half())
        assert torch.equal(packed.multiply(rows), torch.full((7, 33), 1024.0 * x * weight))

    def test_more_rows_than_fit_in_the_cache_at_once(self) -> None:
        """They are taken in blocks, whose last is not whole."""
        assert_product(random_rows(110, 64, 1), *random_weights(40, 64, 2))


@pytest.mark.usefixtures("kernels")
class TestLinear:
    @pytest.mark.parametrize("threads", [1, 2])
    @given(st.integers(1, 60), st.integers(0, 59))
    def test_a_row_alone_is_the_row_in_any_batch(
        self, threads: int, count: int, first: int
    ) -> None:
        x, packed = normal(60, 75), PackedWeights.of(*random_weights(70, 3, 2))
        with builds.threads(threads):
            together = packed.multiply(quantize(x[first : first + count]))
        for row in range(first, min(60, first + count)):
            alone = packed.multiply(quantize(x[row : row + 1]))
            assert torch.equal(together[row - first], alone[0])

    @given(st.integers(1, 8), st.integers(1, 3), st.integers(1, 4), st.booleans(), seeds)
    def test_gates(self, rows: int, groups: int, panels: int, tanh: bool, seed: int) -> None:
        activation = Activation.GELU_TANH if tanh else Activation.SILU
        weights = random_weights(panels * linear.layout().panel, groups, seed)
        x = quantize(normal(rows, groups * GROUP, seed=seed))
        gate, up = PackedWeights.of(*weights).multiply(x).double().chunk(2, 1)
        expected = (gelu(gate, approximate="tanh") if tanh else silu(gate)) * up
        got = PackedWeights.gated(*weights, activation).multiply(x)
        torch.testing.assert_close(got, expected.float(), rtol=2e-6, atol=1e-6)

    def test_gates_of_half_a_panel_are_refused(self) -> None:
        weights = random_weights(linear.layout().panel // 2, 1, 1)
        with pytest.raises(ValueError, match="no whole panels"):
            PackedWeights.gated(*weights, Activation.SILU)

    @given(st.integers(1, 100), st.integers(1, 4), seeds)
    def test_packed_weights_can_be_unpacked(self, channels: int, groups: int, seed: int) -> None:
        weights = random_weights(channels, groups, seed)
        for got, expected in zip(PackedWeights.of(*weights).unpacked(), weights, strict=True):
            assert torch.equal(got, expected)

    def test_no_rows(self) -> None:
        packed = PackedWeights.of(*random_weights(40, 2, 1))
        assert packed.multiply(quantize(torch.zeros(0, 64))).shape == (0, 40)

    @pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
    def test_a_row_that_is_not_finite_stays_so_and_alone(self, bad: float) -> None:
        x, packed = normal(8, 64), PackedWeights.of(*random_weights(40, 2, 1))
        clean = packed.multiply(quantize(x))
        x[3, 40] = bad
        got = packed.multiply(quantize(x))
        assert not got[3].isfinite().any()
        others = torch.arange(8) != 3
        assert torch.equal(got[others], clean[others])


@pytest.mark.usefixtures("tiled")
class TestTiles:
    @given(st.integers(0, 40), st.integers(1, 90), st.integers(1, 3))
    def test_rows_are_rounded_to_bfloat16(self, count: int, width: int, every: int) -> None:
        """Whole tiles of them, filled up with zeros; they may lie anywhere in memory."""
        x = normal(count * every, width + 5)[::every, 2:][:, :width]
        if x.numel():
            x[0, 0] = math.inf
        rows, tile = quantize(x), linear.layout().tile
        assert len(rows) == count
        values = rows.values.view(-1, linear.groups(width), tile, GROUP).transpose(1, 2)
        assert not values.flatten(2).flatten(0, 1)[count:].any()
        assert torch.equal(
            values.flatten(2).flatten(0, 1)[:count], pad(x, (0, -width % GROUP)).bfloat16()
        )

    @pytest.mark.parametrize("share", [1.0, 1.1])
    @given(st.integers(1, 70), st.integers(1, 40), st.integers(1, 80), st.booleans(), seeds)
    def test_products_are_those_of_rounded_numbers(
        self, share: float, rows: int, groups: int, channels: int, biased: bool, seed: int
    ) -> None:
        """Within the rounding of float32 sums; scales that are a tenth off would be seen."""
        x = normal(rows, groups * GROUP, seed=seed)
        values, scales = random_weights(channels, groups, seed)
        bias = normal(channels) if biased else None
        got = PackedWeights.of(values, (scales * share).half()).multiply(quantize(x), bias)
        weights = grouped(values).float() * scales.float()[..., None]
        rounded = (each.bfloat16().double() for each in (x, weights.flatten(1)))
        left, right = rounded
        expected, size = left @ right.T, left.abs() @ right.abs().T
        if bias is not None:
            expected, size = expected + bias, size + bias.abs()
        close = ((got - expected).abs() <= 3e-6 * size).all()
        assert close == (share == 1.0)

    @pytest.mark.parametrize("weight", [-128, -127, -1, 0, 1, 127])
    def test_the_largest_weights_are_exact(self, weight: int) -> None:
        values = torch.full((33, 1024), weight, dtype=torch.int8)
        packed = PackedWeights.of(values, torch.full((33, 32), 0.25).half())
        rows = quantize(torch.full((7, 1024), -3.0))
        assert torch.equal(packed.multiply(rows), torch.full((7, 33), -768.0 * weight))

    def test_they_are_closer_than_rows_in_8_bits(self) -> None:
        """To the product of the same weights with rows as they were."""
        x, (values, scales) = normal(50, 640), random_weights(64, 20, 3)
        weights = (grouped(values).double() * scales.double()[..., None]).flatten(1)
        got = PackedWeights.of(values, scales).multiply(quantize(x))
        rows, row_scales = quantized_by_torch(x)
        in_8_bits = (grouped(rows).double() * row_scales.double()[..., None]).flatten(1)
        expected = x.double() @ weights.T
        error, peer = ((y - expected).norm() for y in (got, in_8_bits @ weights.T))
        assert error < 0.6 * peer

    def test_more_rows_than_a_block(self) -> None:
        x, packed = normal(700, 96), PackedWeights.of(*random_weights(40, 3, 2))
        together = packed.multiply(quantize(x))
        for row in (0, 350, 352, 699):
            assert torch.equal(together[row], packed.multiply(quantize(x[row : row + 1]))[0])


def results() -> list[Tensor]:
    """Results that the format promises to the bit on every processor."""
    x = torch.cat([normal(13, 300), normal(2, 300) * 1e-42, normal(2, 300) * 1e36])
    rows = quantize(x)
    weights = random_weights(96, 10, 7)
    found = [rows.values.float(), rows.scales, rows.offsets]
    found.append(PackedWeights.of(*weights).multiply(rows, normal(96)))
    for activation in (Activation.SILU, Activation.GELU_TANH):
        found.append(PackedWeights.gated(*weights, activation).multiply(rows))
    return found


@pytest.mark.parametrize("name", [name for name in builds.NAMES if name not in builds.TILED])
def test_every_processor_gives_the_same_bits(name: str, make_build: Any) -> None:
    """Those of AVX2, which other processors of the kind have too; but for tiles."""
    reference, other = make_build("avx2"), make_build(name)
    with builds.used(reference):
        expected = results()
    with builds.used(other):
        got = results()
    for one, twin in zip(got, expected, strict=True):
        assert torch.equal(one.view(torch.int32), twin.view(torch.int32))
