"""int8 linear layers: exact sums, rows that do not know each other, errors that stay small."""

import os
import subprocess
import sys
from typing import Any

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given, settings
from torch import nn

from service.llm.int8 import (
    ZERO_POINT,
    Int8Linear,
    OneDnn,
    Sibling,
    Siblings,
    quantize_rows,
    weight_levels,
)
from service.llm.kernels import linear as native

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


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("width", "channels"), [(1024, 96), (3072, 257), (64, 1000), (17, 5)])
@pytest.mark.parametrize("rows", [1, 7, 64, 600])
def test_sums_are_exact_where_they_are_largest(
    width: int, channels: int, rows: int, threads: int
) -> None:
    levels = weight_levels()
    assert levels is not None
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    weight = torch.full((channels, width), levels, dtype=torch.int8)
    weight[1::2] *= -1
    x = torch.full((rows, width), 255, dtype=torch.uint8)
    x[::2, : width // 3] = 1
    linear = Int8Linear(width, channels)
    linear.pack(weight, torch.ones(channels))
    found = linear.forward_quantized(x, torch.ones(rows, 1))
    torch.set_num_threads(before)
    # Sums over 2^24 are rounded once when they become float32, and that is all.
    expected = ((x.double() - ZERO_POINT) @ weight.double().T).float()
    assert torch.equal(found, expected)


own_kernel = pytest.mark.skipif(
    not native.available(64), reason="this CPU has no VNNI, or better, or there is no compiler"
)


@own_kernel
@settings(deadline=None, max_examples=80)
@given(st.integers(1, 60), st.integers(1, 40), st.integers(1, 300), st.integers(0, 9))
def test_both_kernels_give_the_same_to_the_bit(
    rows: int, fours: int, channels: int, seed: int
) -> None:
    chance = torch.Generator().manual_seed(seed)
    shape = (channels, 4 * fours)
    given = (
        torch.randint(-127, 128, shape, generator=chance, dtype=torch.int8),
        torch.rand(channels, generator=chance),
    )
    x = torch.randint(0, 256, (rows, 4 * fours), generator=chance, dtype=torch.uint8)
    scales = torch.rand(rows, 1, generator=chance)
    found = native.Panels.of(*given, ZERO_POINT).multiply(x, scales)
    assert torch.equal(found, OneDnn.of(*given).multiply(x, scales))


@own_kernel
@pytest.mark.parametrize("rows", [1, 6, 31])
@pytest.mark.parametrize("channels", [64, 320])
def test_gates_beside_what_they_gate(rows: int, channels: int) -> None:
    """What comes out does not depend on where a channel lies."""
    small = Int8Linear(WIDTH, channels)
    small.take(normal(channels, WIDTH))
    gated = small.with_gates()
    assert gated is not None
    given = quantize_rows(INPUT[:rows])
    gate, up = small.forward_quantized(*given).chunk(2, 1)
    found = gated.multiply(*given)
    torch.testing.assert_close(found, torch.nn.functional.silu(gate) * up, rtol=1e-5, atol=1e-6)
    assert torch.equal(gated.multiply(*(one[-1:] for one in given)), found[-1:])


@pytest.mark.parametrize(("channels", "bias"), [(128, True), (200, False)])
def test_gates_that_no_kernel_takes(channels: int, bias: bool) -> None:
    assert Int8Linear.of(nn.Linear(64, channels, bias=bias)).with_gates() is None


@pytest.mark.parametrize(
    "limits",
    [{"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"},
     {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE"}],
    ids=["avx2", "avx512"],
)  # fmt: skip
def test_a_cpu_without_vnni_takes_smaller_weights_and_stays_exact(
    limits: dict[str, str],
) -> None:
    """There oneDNN's kernel adds pairs of products in 16 bits, and 2 * 255 * 127 does not fit."""
    if not torch.cpu._is_avx512_supported():
        pytest.skip("this CPU has no instructions to do without")
    if "DIGLOT_TEST_INSIDE" in os.environ:
        pytest.skip("this is the limited process")
    code = "from service.llm.int8 import weight_levels; print(weight_levels())"
    environment = os.environ | limits | {"DIGLOT_TEST_INSIDE": "1"}
    limited: dict[str, Any] = {"env": environment, "capture_output": True, "text": True}
    done = subprocess.run([sys.executable, "-c", code], check=True, **limited)
    assert done.stdout.strip() == "64"
    arguments = [
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        __file__,
        "-k",
        "a_row_alone or sums or error",
    ]
    again = subprocess.run([sys.executable, *arguments], check=False, **limited)
    assert again.returncode == 0, again.stdout[-3000:]


def test_without_a_kernel_there_are_no_levels() -> None:
    def fails(levels: int, rows: int) -> bool:
        raise RuntimeError("could not create a primitive descriptor")

    assert weight_levels(fails) is None
    assert weight_levels(lambda levels, rows: levels == 64) == 64
    assert weight_levels(lambda levels, rows: rows == 1) is None


@pytest.mark.parametrize("outliers", [0, 4], ids=["even", "outliers"])
def test_the_error_is_small_even_with_channels_a_hundred_times_larger(outliers: int) -> None:
    """Qwen's activations have a few such channels, which would drown a scale for all rows.

    8 bits over a row's largest value: half a step of rounding, uniform, relative to its norm.
    """
    linear = layer(bias=False)
    x = normal(256, WIDTH)
    x[:, :outliers] *= 100
    expected = linear(x)
    error = (Int8Linear.of(linear)(x) - expected).norm(dim=1) / expected.norm(dim=1)
    assert error.median() < 0.04
    assert error.max() < 0.06


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
    x = torch.cat([torch.zeros(1, WIDTH), INPUT[:1] * 1e-38, INPUT[:1] * 1e-44, INPUT[:1] * 1e30])
    found = SMALL(x)
    for row in found[:3]:
        torch.testing.assert_close(row, bias.data, rtol=0, atol=1e-30)
    torch.testing.assert_close(found[3] / 1e30, ALONE[0] - bias, rtol=1e-4, atol=1e-4)


def test_quantised_rows_are_within_half_a_step() -> None:
    quantised, scale = quantize_rows(INPUT)
    assert quantised.dtype == torch.uint8 and scale.shape == (ROWS, 1)
    back = (quantised.float() - ZERO_POINT) * scale
    assert ((back - INPUT).abs() <= 0.5001 * scale).all()
    assert quantised.amin() >= 1


def test_shapes_are_those_of_a_linear_layer() -> None:
    assert SMALL(INPUT[:6].view(2, 3, WIDTH)).shape == (2, 3, CHANNELS)
    assert SMALL(INPUT[:0]).shape == (0, CHANNELS)
    assert SMALL(INPUT[0]).shape == (CHANNELS,)


def test_weights_of_another_shape_are_refused() -> None:
    for shape in ((CHANNELS, WIDTH - 1), (CHANNELS + 1, WIDTH)):
        with pytest.raises(ValueError, match="do not fit"):
            Int8Linear(WIDTH, CHANNELS).take(torch.zeros(shape))
    with pytest.raises(ValueError, match="do not fit"):
        Sibling(Siblings(WIDTH, [8, 8]), 0).take(torch.zeros(16, WIDTH))


def test_siblings_are_computed_once_and_keep_nothing() -> None:
    linears = [layer(), layer(bias=False)]
    siblings = Siblings(WIDTH, [CHANNELS, CHANNELS])
    parts = [Sibling(siblings, 0, bias=True), Sibling(siblings, 1)]
    for part, linear in zip(parts, linears, strict=True):
        part.take(linear.weight)
    parts[0].bias = nn.Parameter(linears[0].bias.data)
    for part in parts:
        part.hand_over_bias()
    alone = [Int8Linear.of(linear) for linear in linears]
    for x in (INPUT[:3], INPUT[3:4]):
        first = parts[0](x)
        kept = siblings._output
        assert kept is not None and first.data_ptr() == kept.data_ptr()
        assert torch.equal(first, alone[0](x)) and torch.equal(parts[1](x), alone[1](x))
        assert siblings._input is None and siblings._output is None
    # A pass that broke off between the two leaves nothing behind that another would take.
    x = INPUT[:3].clone()
    parts[0](x)
    x += 1
    assert torch.equal(parts[0](x), alone[0](x)) and torch.equal(parts[1](x), alone[1](x))
