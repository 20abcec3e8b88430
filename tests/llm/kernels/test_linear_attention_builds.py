"""Gated linear attention, every build of it, against transformers' own functions in float64."""

from typing import Any

import pytest
import torch
from torch import Tensor

from service.llm.kernels import linear_attention
from tests.support.gated_delta import CHUNKED, RECURRENT, Asked, numbers, own

pytestmark = pytest.mark.usefixtures("kernels")


def made(name: str) -> Any:
    return linear_attention.MAKERS[name](own(name))


@pytest.mark.parametrize(("depth", "width"), [(2, 32), (24, 48), (128, 160), (256, 208)])
@pytest.mark.parametrize(("rows", "tokens"), [(1, 1), (3, 1), (2, 5)])
def test_the_delta_rule(rows: int, tokens: int, depth: int, width: int) -> None:
    asked = Asked(rows, tokens, 2, 2, depth, width)
    for name in (RECURRENT, CHUNKED):
        for got, expected in zip(asked.by_c(name), asked.by_transformers(name), strict=True):
            torch.testing.assert_close(got.double(), expected.double(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("tokens", [1, 5])
def test_a_row_does_not_know_its_neighbours(tokens: int) -> None:
    asked = Asked(4, tokens, 2, 2, 128, 128)
    together = asked.by_c(RECURRENT)
    for row in range(4):
        for alone, all_rows in zip(asked.row(row).by_c(RECURRENT), together, strict=True):
            assert torch.equal(alone[0], all_rows[row])


@pytest.mark.parametrize("taps", [1, 4, 5])
def test_convolutions(taps: int) -> None:
    """Of a text, and token by token."""
    weight, text = numbers(48, taps), numbers(1, 9, 48).transpose(1, 2)
    got = made("causal_conv1d_fn")(text, weight, None, activation="silu")
    expected = own("causal_conv1d_fn")(text, weight, None, activation="silu")
    torch.testing.assert_close(got, expected)
    kept, other = numbers(2, 3, 48, taps)[0].expand(2, 3, 48, taps).clone()
    for seed in range(3):
        x: Tensor = numbers(3, 1, 48, seed=seed).transpose(1, 2)
        got = made("causal_conv1d_update")(x, kept, weight, None, "silu")
        expected = own("causal_conv1d_update")(x, other, weight, None, "silu")
        torch.testing.assert_close(got, expected)
        torch.testing.assert_close(kept, other)
