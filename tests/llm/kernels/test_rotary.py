"""Positions are turned as transformers turns them, and by transformers where they are turned in
another way."""

import inspect
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from service.llm.kernels import patch
from service.llm.kernels.build import library
from service.llm.kernels.rotary import apply_rotary_pos_emb
from tests.support import tiny

pytestmark = pytest.mark.skipif(library() is None, reason="there is no C compiler here")
FAMILIES = [*tiny.FAMILIES, *tiny.OTHERS]


def numbers(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(5))


def halves(q: Tensor, k: Tensor, cos: Tensor, sin: Tensor, unsqueeze_dim: int = 1) -> Any:
    """The rotation of Llama: its paper's, with halves for neighbours."""
    turned = []
    for x in (q, k):
        mine, rest = x[..., : cos.shape[-1]], x[..., cos.shape[-1] :]
        first, second = mine.chunk(2, -1)
        cosine, sine = cos.unsqueeze(unsqueeze_dim), sin.unsqueeze(unsqueeze_dim)
        turn = mine * cosine + torch.cat((-second, first), -1) * sine
        turned.append(torch.cat((turn, rest), -1))
    return tuple(turned)


def neighbours(q: Tensor, k: Tensor, cos: Tensor, sin: Tensor, unsqueeze_dim: int = 1) -> Any:
    """As GPT-J turns: pairs that lie side by side."""

    def turn(x: Tensor) -> Tensor:
        other = torch.stack((-x[..., 1::2], x[..., ::2]), -1).flatten(-2)
        return x * cos.unsqueeze(unsqueeze_dim) + other * sin.unsqueeze(unsqueeze_dim)

    return turn(q), turn(k)


@pytest.mark.parametrize("turned", [2, 6, 24, 64])
@pytest.mark.parametrize(("rows", "tokens"), [(1, 1), (1, 33), (7, 1), (3, 5)])
def test_any_shape(rows: int, tokens: int, turned: int) -> None:
    q, k = numbers(rows, 4, tokens, 64), numbers(rows, 2, tokens, 64)
    cos, sin = numbers(2, rows, tokens, turned)
    made = apply_rotary_pos_emb(halves)
    assert made is not halves
    for got, expected in zip(made(q, k, cos, sin), halves(q, k, cos, sin), strict=True):
        torch.testing.assert_close(got, expected)


def test_strided_inputs_are_read_and_left_as_they_are() -> None:
    """Heads that were transposed, or cut out of one projection."""
    whole = numbers(2, 9, 6 * 16)
    q = whole[..., : 4 * 16].view(2, 9, 4, 16).transpose(1, 2)
    k = whole[..., 4 * 16 :].view(2, 9, 2, 16).transpose(1, 2)
    cos, sin = numbers(2, 2, 9, 16)
    before = whole.clone()
    got = apply_rotary_pos_emb(halves)(q, k, cos, sin)
    for one, expected in zip(got, halves(q, k, cos, sin), strict=True):
        torch.testing.assert_close(one, expected)
    assert torch.equal(whole, before)


def test_a_row_does_not_know_its_neighbours() -> None:
    made = apply_rotary_pos_emb(halves)
    q, k, (cos, sin) = numbers(9, 4, 1, 64), numbers(9, 2, 1, 64), numbers(2, 9, 1, 64)
    together = made(q, k, cos, sin)
    for row in range(9):
        alone = made(*(one[row : row + 1].contiguous() for one in (q, k, cos, sin)))
        for one, all_rows in zip(alone, together, strict=True):
            assert torch.equal(one[0], all_rows[row])


def optional(
    q: Tensor, k: Tensor | None = None, cos: Any = None, sin: Any = None, unsqueeze_dim: int = 1
) -> Any:
    """As some models turn queries alone."""
    turned = halves(q, q if k is None else k, cos, sin, unsqueeze_dim)
    return turned[0] if k is None else turned


def test_a_call_of_another_form_goes_to_transformers() -> None:
    q, (cos, sin) = numbers(1, 4, 5, 16), numbers(2, 1, 5, 16)
    made: Any = apply_rotary_pos_emb(optional)
    assert made is not optional
    assert torch.equal(made(q, cos=cos, sin=sin), optional(q, cos=cos, sin=sin))
    torch.testing.assert_close(made(q, q, cos, sin), optional(q, q, cos, sin))


def only_queries(q: Tensor, k: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    turned: Tensor = halves(q, k, cos, sin)[0]
    return turned


@pytest.mark.parametrize("other", [neighbours, only_queries, lambda q, k: (q, k), None])
def test_another_way_to_turn_is_left_alone(other: Callable[..., Any] | None) -> None:
    assert apply_rotary_pos_emb(other) is other  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change", [Tensor.double, Tensor.bfloat16, lambda x: x.transpose(-1, -2).contiguous().mT]
)
def test_unsupported_inputs_go_to_transformers(change: Callable[[Tensor], Tensor]) -> None:
    q, k, (cos, sin) = numbers(1, 4, 5, 16), numbers(1, 2, 5, 16), numbers(2, 1, 5, 16)
    given = [change(one) for one in (q, k, cos, sin)]
    got = apply_rotary_pos_emb(halves)(*given)
    for one, expected in zip(got, halves(*given), strict=True):
        assert torch.equal(one, expected)


def test_every_second_axis_can_be_the_heads() -> None:
    q, k, (cos, sin) = numbers(1, 5, 4, 16), numbers(1, 5, 2, 16), numbers(2, 1, 5, 16)
    got = apply_rotary_pos_emb(halves)(q, k, cos, sin, unsqueeze_dim=2)
    for one, expected in zip(got, halves(q, k, cos, sin, unsqueeze_dim=2), strict=True):
        assert torch.equal(one, expected)


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_turns_in_c(name: str) -> None:
    model = tiny.make_model(name)
    assert "apply_rotary_pos_emb" in patch.install(model)
    place = sys.modules[type(model).__module__]
    assert inspect.getmodule(place.apply_rotary_pos_emb) is not place
