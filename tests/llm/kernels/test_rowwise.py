"""Row-wise kernels give what torch gives, and a row does not depend on its neighbours."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.functional import silu

from service.llm.kernels import rowwise
from tests.support import kernel_builds as builds

pytestmark = pytest.mark.usefixtures("kernels")


def normal(*shape: int, seed: int = 3) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """Root mean square norm in float64."""
    return nn.functional.rms_norm(x.double(), weight.shape, weight.double(), epsilon)


@given(
    st.integers(1, 6),
    st.integers(1, 90),
    st.integers(1, 9),
    st.integers(0, 99),
    st.lists(st.integers(0, 89), max_size=3),
)
def test_argmax_is_the_first_of_equals(
    rows: int, width: int, different: int, seed: int, missing: list[int]
) -> None:
    """As in torch, for which NaN is the largest."""
    rng = torch.Generator().manual_seed(seed)
    x = torch.randint(0, different, (rows, width), generator=rng).float()
    x[x == 0] = -math.inf
    for index in missing:
        x[index % rows, index % width] = math.nan
    for part in (x, x[:, : width // 2 + 1]):
        numbers = part.nan_to_num(math.inf, neginf=-math.inf)
        expected = [row.index(max(row)) for row in numbers.tolist()]
        assert rowwise.argmax(part).tolist() == expected


@given(st.integers(0, 6), st.integers(1, 300), st.floats(0, 60), st.floats(-900, 900))
def test_log_sum_exp_is_that_of_torch(rows: int, width: int, size: float, middle: float) -> None:
    x = normal(rows, width) * size + middle
    x[:, 1::7] = -math.inf
    expected = x.double().logsumexp(-1)
    got = rowwise.log_sum_exp(x)
    torch.testing.assert_close(got, expected.float(), rtol=1e-6, atol=2e-6)
    alone = [rowwise.log_sum_exp(row[None]) for row in x]
    assert torch.equal(got, torch.cat([torch.empty(0), *alone]))


def test_log_sum_exp_of_a_row_with_nan_is_nan() -> None:
    x = normal(2, 40)
    x[1, 3] = math.nan
    assert rowwise.log_sum_exp(x).isnan().tolist() == [False, True]


@given(st.integers(0, 6), st.integers(1, 130), st.floats(-20, 20), st.sampled_from([1e-6, 1e-5]))
def test_norm_is_that_of_torch(rows: int, width: int, size: float, epsilon: float) -> None:
    x, weight = normal(rows, 2, width) * math.exp(size), normal(width, seed=4)
    got = rowwise.rms_norm(x, weight, epsilon)
    torch.testing.assert_close(got, norm(x, weight, epsilon).float())
    transposed = normal(width, rows).T
    got = rowwise.rms_norm(transposed, weight, epsilon)
    torch.testing.assert_close(got, norm(transposed, weight, epsilon).float())
    heads = normal(2, rows, 5 * width)[..., width:].unflatten(-1, (4, width))
    for strided in (heads, heads.transpose(0, 1)):  # of one projection, and of no one stride
        got = rowwise.rms_norm(strided, weight, epsilon)
        torch.testing.assert_close(got, norm(strided, weight, epsilon).float())


@pytest.mark.parametrize("size", [1e-12, 1.0, 1e12])
@pytest.mark.parametrize("width", [16, 128, 336])
def test_gated_norm_is_that_of_torch(width: int, size: float) -> None:
    """Gates lie apart from one another, as they come out of one projection with others."""
    x, weight = normal(7, width) * size, normal(width, seed=4)
    gate = normal(7, width + 32, seed=5)[:, 32:] * 9
    expected = norm(x, weight, 1e-6) * silu(gate.double())
    together = rowwise.gated_norm(x, gate, weight, 1e-6)
    torch.testing.assert_close(together, expected.float())
    alone = rowwise.gated_norm(x[3:4], gate[3:4], weight, 1e-6)
    assert torch.equal(alone, together[3:4])


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_row_that_is_not_finite_stays_alone(bad: float) -> None:
    x = normal(4, 67)
    x[1, 35] = bad
    normed = rowwise.rms_norm(x, torch.ones(67), 1e-6)
    assert not normed[1, 35].isfinite()
    finite = [0, 2, 3]
    assert torch.equal(normed[finite], rowwise.rms_norm(x[finite], torch.ones(67), 1e-6))


@pytest.mark.parametrize("rows", [1, 2, 150])
def test_a_row_does_not_know_its_neighbours(rows: int) -> None:
    """Nor how many threads there are: 150 rows are enough for two."""
    x, weight, gate = normal(rows, 144), normal(144, seed=4), normal(rows, 144, seed=5)
    with builds.threads(2):
        together = (rowwise.rms_norm(x, weight, 1e-6), rowwise.gated_norm(x, gate, weight, 1e-6))
    alone = [
        (rowwise.rms_norm(row, weight, 1e-6), rowwise.gated_norm(row, row_gate, weight, 1e-6))
        for row, row_gate in zip(torch.split(x, 1), torch.split(gate, 1), strict=True)
    ]
    for all_rows, single in zip(together, zip(*alone, strict=True), strict=True):
        assert torch.equal(all_rows, torch.cat(single))
