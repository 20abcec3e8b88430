"""A replacement passes only where it gives the original's numbers, in every size of input."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from service.llm.equivalence import normal, same_numbers

ROWS = normal((2, 5, 32))


def norm(x: Tensor, epsilon: float = 1e-6) -> Tensor:
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + epsilon)


def clamped(x: Tensor) -> Tensor:
    """A gated unit that bends off at a limit that standard normal numbers never reach."""
    return silu(x.clamp(max=7)) * x


def writes_to_its_input(x: Tensor) -> Tensor:
    return x.mul_(2)


def test_the_same_numbers_in_another_way_pass() -> None:
    layer = nn.Linear(32, 8)
    assert same_numbers(layer, lambda x: x @ layer.weight.T + layer.bias, ROWS)
    assert same_numbers(norm, lambda x: x / (x.pow(2).mean(-1, keepdim=True) + 1e-6).sqrt(), ROWS)
    assert same_numbers(writes_to_its_input, lambda x: x + x, ROWS)


WRONG: list[tuple[Any, Any]] = [
    (clamped, lambda x: silu(x) * x),
    (norm, lambda x: norm(x, 1e-5)),
    (norm, lambda x: norm(x, 0.0)),
    (silu, lambda x: x * torch.sigmoid(1.002 * x)),
    (silu, lambda x: silu(x.flatten(0, 1))),
    (silu, lambda x: silu(x).double()),
    (silu, lambda x: (silu(x),)),
    (lambda x: (x, x), lambda x: (x,)),
    (lambda x: (x, None), lambda x: (x, x)),
    (silu, lambda x: silu(x[:, :3]) if len(x) > 3 else x[0, 0, 0, 0]),
    (lambda x: x / x.clamp(min=0), torch.ones_like),
    (lambda x: x.gt(0), lambda x: x.ge(-1e-4)),
]


@pytest.mark.parametrize(("original", "replacement"), WRONG)
def test_other_numbers_do_not(original: Any, replacement: Any) -> None:
    assert not same_numbers(original, replacement, ROWS)


def test_a_row_of_small_numbers_is_held_to_itself() -> None:
    """Beside a row of large ones, an error in it would not be seen."""
    rows = (torch.cat([normal((1, 32))[0] * 1e4, normal((1, 32))[0]]),)

    def off(x: Tensor) -> Tensor:
        return torch.cat([x[:1], x[1:] * 1.01])

    assert not same_numbers(lambda x: x, off, rows)
    assert same_numbers(lambda x: x, off, rows, tolerance=0.02)


def test_ids_are_given_as_they_are() -> None:
    table, ids = nn.Embedding(10, 4), (torch.arange(10)[None],)
    scaled = nn.Sequential(table, nn.Identity())
    assert same_numbers(scaled, lambda ids: table.weight[ids], ids)
    assert not same_numbers(lambda ids: table(ids) * 2.0, table, ids)


def test_calls_that_the_original_refuses_are_passed_over() -> None:
    layer = nn.Linear(16, 8)
    other = nn.Linear(16, 8)
    assert not same_numbers(layer, layer, ROWS)
    assert same_numbers(layer, layer, ROWS, normal((3, 16)))
    assert not same_numbers(layer, other, ROWS, normal((3, 16)))
