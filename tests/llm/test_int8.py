"""int8 linear layers: the arithmetic of Q8_0, independent rows, errors that stay small."""

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings
from torch import Tensor, nn

from service.llm.int8 import (
    GROUP,
    Int8Linear,
    Merged,
    MergedPart,
    StoredEmbedding,
    packed_bytes,
    quantize_weights,
)
from service.llm.kernels.build import library
from service.llm.kernels.linear import Activation, layout, quantize

pytestmark = pytest.mark.skipif(library() is None, reason="there is no C compiler here")

WIDTH, CHANNELS = 320, 200
ROWS = 600


def normal(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3))


def layer(bias: bool = True) -> nn.Linear:
    linear = nn.Linear(WIDTH, CHANNELS, bias=bias).requires_grad_(False)
    linear.weight.copy_(normal(CHANNELS, WIDTH) / WIDTH**0.5)
    if linear.bias is not None:
        linear.bias.copy_(normal(CHANNELS))
    return linear


SMALL = Int8Linear.of(layer())
INPUT = normal(ROWS, WIDTH) * normal(ROWS, 1).exp()
ALONE = torch.cat([SMALL(row) for row in INPUT.split(1)])


@settings(deadline=None, max_examples=25)
@given(st.integers(1, ROWS), st.integers(0, ROWS - 1))
def test_a_row_alone_is_the_row_in_any_batch_to_the_bit(count: int, first: int) -> None:
    rows = INPUT.roll(-first, 0)[:count]
    assert torch.equal(SMALL(rows), ALONE.roll(-first, 0)[:count])


def in_groups(x: Tensor) -> tuple[Tensor, Tensor]:
    """Q8_0 as ggml describes it, in plain torch: whole numbers in -127...127, a scale for 32."""
    blocks = nn.functional.pad(x, (0, -x.shape[-1] % GROUP)).unflatten(-1, (-1, GROUP))
    scale = blocks.abs().amax(-1, keepdim=True) / 127
    return (blocks / scale.clamp(min=1e-30)).round(), scale


TILED = library() is not None and layout().tile > 1
in_8_bits = pytest.mark.skipif(TILED, reason="rows are bfloat16 here, by tiles")


@pytest.mark.skipif(not TILED, reason="rows are in 8 bits here, without tiles")
def test_a_layer_by_tiles_computes_the_product_of_rounded_rows_and_weights() -> None:
    """Held against plain torch in float64, which shares nothing with the kernel."""
    linear = layer(bias=True)
    scales = in_groups(linear.weight)[1]
    scales = scales.half().float()
    weights = nn.functional.pad(linear.weight, (0, -WIDTH % GROUP)).unflatten(-1, (-1, GROUP))
    weights = ((weights / scales).round() * scales).flatten(1)[:, :WIDTH].bfloat16().double()
    rows = INPUT.bfloat16().double()
    expected = rows @ weights.T + linear.bias.double()
    found = Int8Linear.of(linear)(INPUT)
    assert ((found - expected).abs() <= 1e-5 * (rows.abs() @ weights.abs().T + 1)).all()


@in_8_bits
def test_a_layer_computes_the_product_of_q8_0() -> None:
    """Held against plain torch in float64, which shares nothing with the kernel."""
    linear = layer(bias=True)
    weights, weight_scales = in_groups(linear.weight)
    weight_scales = weight_scales.half()
    weights = nn.functional.pad(linear.weight, (0, -WIDTH % GROUP)).unflatten(-1, (-1, GROUP))
    weights = (weights / weight_scales.float()).round()
    rows, row_scales = in_groups(INPUT)
    sums = torch.einsum("rgk,cgk->rcg", rows.double(), weights.double())
    scales = row_scales[..., 0].double()[:, None] * weight_scales[..., 0].double()[None]
    expected = (sums * scales).sum(-1) + linear.bias.double()
    found = Int8Linear.of(linear)(INPUT)
    size = (sums * scales).abs().sum(-1).amax(1, keepdim=True)
    assert ((found - expected).abs() <= 1e-5 * size).all()


def test_weights_are_quantised_within_half_a_step() -> None:
    weight = normal(9, 100) * normal(9, 1).exp()
    values, scales = quantize_weights(weight.bfloat16())
    assert values.shape == (9, 128) and scales.shape == (9, 4)
    assert values.dtype == torch.int8 and scales.dtype == torch.float16
    back = values.unflatten(1, (4, GROUP)).float() * scales.float()[..., None]
    off = (back.flatten(1)[:, :100] - weight.bfloat16().float()).abs()
    # Half a step, and what the scale lost when it was rounded to 11 bits.
    step = scales.float().repeat_interleave(GROUP, 1)[:, :100]
    assert (off <= 0.57 * step).all()
    assert not values[:, 100:].any()


def test_weights_may_come_in_parts() -> None:
    linear = layer()
    whole = Int8Linear.of(linear)
    parts = Int8Linear(WIDTH, CHANNELS)
    parts.bias = linear.bias
    for start, stop in ((0, 70), (70, CHANNELS)):
        parts.take(linear.weight[start:stop], start)
    assert torch.equal(parts(INPUT), whole(INPUT))
    assert parts.weight is None


def test_a_packed_layer_takes_a_byte_a_weight_and_its_scales() -> None:
    packed = Int8Linear.of(nn.Linear(1024, 3072, bias=False))._packed
    assert packed is not None
    assert packed.panels.nbytes == packed_bytes(3072, 1024) == 3072 * 1024 * 34 // 32


@pytest.mark.parametrize("activation", [Activation.SILU, Activation.GELU_TANH])
@pytest.mark.parametrize("channels", [64, 320])
def test_gates_beside_their_projections(channels: int, activation: Activation) -> None:
    small = Int8Linear(WIDTH, channels)
    small.take(normal(channels, WIDTH))
    gated = small.gated(activation)
    assert gated is not None
    gate, up = small(INPUT[:31]).chunk(2, 1)
    known = {"silu": torch.nn.functional.silu(gate)}
    known["gelu_tanh"] = torch.nn.functional.gelu(gate, approximate="tanh")
    found = gated.multiply(quantize(INPUT[:31]))
    expected = known[activation.name.lower()] * up
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    assert torch.equal(gated.multiply(quantize(INPUT[30:31])), found[30:])


@pytest.mark.parametrize(("channels", "bias"), [(128, True), (200, False)])
def test_gates_that_no_kernel_takes(channels: int, bias: bool) -> None:
    assert Int8Linear.of(nn.Linear(64, channels, bias=bias)).gated(Activation.SILU) is None


@pytest.mark.parametrize("outliers", [0, 4], ids=["even", "outliers"])
def test_the_error_is_small_even_with_channels_a_hundred_times_larger(outliers: int) -> None:
    """Qwen's activations have a few such channels; they drown no more than their own groups."""
    linear = layer(bias=False)
    x = normal(256, WIDTH)
    x[:, :outliers] *= 100
    expected = linear(x)
    rounded = [(whole * scale).flatten(1) for whole, scale in map(in_groups, (x, linear.weight))]
    q8_0 = rounded[0] @ rounded[1].T
    error, peer = ((y - expected).norm(dim=1) for y in (Int8Linear.of(linear)(x), q8_0))
    assert error.median() < 1.05 * peer.median()
    assert error.max() < 0.02 * expected.norm(dim=1).max()


def test_an_outlier_in_one_row_costs_the_others_nothing() -> None:
    x = INPUT.clone()
    x[5] *= 1e6
    found = SMALL(x)
    assert torch.equal(found[:5], ALONE[:5]) and torch.equal(found[6:], ALONE[6:])


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_a_row_that_is_not_finite_stays_alone(bad: float) -> None:
    x = INPUT[:40].clone()
    x[7, 3] = bad
    found = SMALL(x)
    assert not found[7].isfinite().any()
    kept = torch.arange(40) != 7
    assert torch.equal(found[kept], ALONE[:40][kept])


def test_rows_of_zeros_and_of_very_small_and_large_numbers() -> None:
    bias = SMALL.bias
    assert bias is not None
    sizes = torch.tensor([0, 1e-38, 1e-44, 2.0**99], dtype=torch.float64)
    x = (INPUT[:1].double() * sizes[:, None]).float()
    found = SMALL(x)
    for row in found[:3]:
        torch.testing.assert_close(row, bias.data, rtol=0, atol=1e-30)
    torch.testing.assert_close(found[3] / 2.0**99, ALONE[0] - bias, rtol=1e-4, atol=1e-4)


def test_shapes_are_those_of_a_linear_layer() -> None:
    assert SMALL(INPUT[:6].view(2, 3, WIDTH)).shape == (2, 3, CHANNELS)
    assert SMALL(INPUT[:0]).shape == (0, CHANNELS)
    assert SMALL(INPUT[0]).shape == (CHANNELS,)


def test_weights_of_another_shape_are_refused() -> None:
    for shape in ((CHANNELS, WIDTH - 1), (CHANNELS + 1, WIDTH)):
        with pytest.raises(ValueError, match="do not fit"):
            Int8Linear(WIDTH, CHANNELS).take(torch.zeros(shape))
    with pytest.raises(ValueError, match="do not fit"):
        MergedPart(Merged(WIDTH, [8, 8]), 0).take(torch.zeros(16, WIDTH))


def test_merged_layers_are_computed_once_and_keep_nothing() -> None:
    linears = [layer(), layer(bias=False)]
    merged = Merged(WIDTH, [CHANNELS, CHANNELS])
    parts = [MergedPart(merged, 0, bias=True), MergedPart(merged, 1)]
    for part, linear in zip(parts, linears, strict=True):
        part.take(linear.weight)
    parts[0].bias = nn.Parameter(linears[0].bias.data)
    for part in parts:
        part.hand_over_bias()
    alone = [Int8Linear.of(linear) for linear in linears]
    for x in (INPUT[:3], INPUT[3:4]):
        first = parts[0](x)
        kept = merged._output
        assert kept is not None and first.data_ptr() == kept.data_ptr()
        assert torch.equal(first, alone[0](x)) and torch.equal(parts[1](x), alone[1](x))
        assert merged._input is None and merged._output is None
    # A pass that broke off between the two leaves nothing behind that another would take.
    x = INPUT[:3].clone()
    parts[0](x)
    x += 1
    assert torch.equal(parts[0](x), alone[0](x)) and torch.equal(parts[1](x), alone[1](x))


class ScaledEmbedding(nn.Embedding):
    """As Gemma's: a scale that bfloat16 does not hold."""

    scale = 25.298

    def forward(self, ids: Tensor) -> Tensor:
        return super().forward(ids) * self.scale


@pytest.mark.parametrize("kind", [nn.Embedding, ScaledEmbedding])
def test_a_table_in_16_bits_gives_the_values_of_float32(kind: type[nn.Embedding]) -> None:
    table = normal(50, 16).bfloat16()
    exact, narrow = kind(50, 16), kind(50, 16)
    exact.weight = nn.Parameter(table.float())
    narrow.weight = nn.Parameter(table, requires_grad=False)
    stored = StoredEmbedding(narrow)
    assert stored.weight.dtype == torch.bfloat16
    for ids in (torch.tensor([[3, 0, 49], [3, 3, 7]]), torch.empty(1, 0, dtype=torch.int64)):
        assert torch.equal(stored(ids), exact(ids))
