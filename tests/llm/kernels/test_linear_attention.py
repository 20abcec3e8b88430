"""Gated linear attention in C against transformers' own, for every way in which it is called."""

import random

import pytest
import torch

from service.llm.kernels import linear_attention
from service.llm.kernels.build import library
from tests.support.gated_delta import CHUNKED, RECURRENT, Asked, numbers, own

pytestmark = pytest.mark.skipif(library() is None, reason="there is no C compiler here")


SIZES = [(1, 16), (2, 32), (24, 48), (64, 128), (128, 128), (128, 160), (256, 208)]


@pytest.mark.parametrize(("depth", "width"), SIZES)
@pytest.mark.parametrize("group", [1, 2])
@pytest.mark.parametrize(("rows", "tokens"), [(1, 1), (5, 1), (1, 2), (1, 70), (2, 3)])
def test_any_shape(rows: int, tokens: int, group: int, depth: int, width: int) -> None:
    asked = Asked(rows, tokens, 2, group, depth, width)
    for fresh in (False, True):
        got = asked.by_c(RECURRENT, fresh)
        expected = asked.by_transformers(RECURRENT, fresh)
        for one, other in zip(got, expected, strict=True):
            torch.testing.assert_close(one.double(), other.double(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("tokens", [1, 63, 64, 65, 200])
def test_a_text_is_read_as_in_chunks(tokens: int) -> None:
    asked = Asked(1, tokens, 2, 2, 32, 32)
    for one, other in zip(asked.by_c(CHUNKED), asked.by_transformers(CHUNKED), strict=True):
        torch.testing.assert_close(one.double(), other.double(), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("tokens", [1, 5])
def test_a_row_does_not_know_its_neighbours(tokens: int) -> None:
    asked = Asked(6, tokens, 2, 2, 128, 128)
    together = asked.by_c(RECURRENT)
    for row in range(6):
        for alone, all_rows in zip(asked.row(row).by_c(RECURRENT), together, strict=True):
            assert torch.equal(alone[0], all_rows[row])


@pytest.mark.parametrize("taps", [1, 2, 4, 5])
@pytest.mark.parametrize("tokens", [1, 2, 3, 40])
def test_a_convolution_of_a_text(tokens: int, taps: int) -> None:
    x, weight = numbers(1, tokens, 48).transpose(1, 2), numbers(48, taps)
    name = "causal_conv1d_fn"
    got = linear_attention.MAKERS[name](own(name))(x, weight, None, activation="silu")
    torch.testing.assert_close(got, own(name)(x, weight, None, activation="silu"))


@pytest.mark.parametrize("taps", [1, 2, 4, 5])
@pytest.mark.parametrize("rows", [1, 7])
def test_a_convolution_token_by_token(rows: int, taps: int) -> None:
    """The kept inputs move on as transformers moves them."""
    name, weight = "causal_conv1d_update", numbers(48, taps)
    step = linear_attention.MAKERS[name](own(name))
    kept, expected_kept = numbers(2, rows, 48, taps, seed=3)[0].expand(2, rows, 48, taps).clone()
    for token in range(6):
        x = numbers(rows, 1, 48, seed=token).transpose(1, 2)
        got = step(x, kept, weight, None, "silu")
        torch.testing.assert_close(got, own(name)(x, expected_kept, weight, None, "silu"))
        torch.testing.assert_close(kept, expected_kept)


def test_unsupported_inputs_go_to_transformers() -> None:
    """Channels that do not fill whole vectors, and another activation."""
    rng = random.Random(1)
    for name, shape in (("causal_conv1d_fn", (1, 9)), ("causal_conv1d_update", (3, 1))):
        for channels, activation in ((40 + rng.randrange(1, 8), "silu"), (48, None)):
            x, weight = numbers(*shape, channels).transpose(1, 2), numbers(channels, 4)
            more = [numbers(3, channels, 4)] if name.endswith("update") else []
            made = linear_attention.MAKERS[name](own(name))
            got = made(x, *[one.clone() for one in more], weight, None, activation=activation)
            expected = own(name)(x, *more, weight, None, activation=activation)
            torch.testing.assert_close(got, expected)
