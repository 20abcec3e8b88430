"""Equivalence: tests whether a replacement computes the same as the original module.

Everything that replaces a part of a model is compared with that part first, so that an unknown
variant stays as its publisher wrote it.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

import torch
from torch import Tensor

SIZES = (1e-3, 1.0, 10.0, 50.0)
"""Standard deviations of inputs: small ones show a norm's epsilon, large ones a clamp."""
OUTLIERS = 100.0
"""The factor of a few columns and of one row over the rest, as in trained models."""
CLOSE = 1e-4


@torch.inference_mode()
def same_numbers(
    original: Callable[..., Any],
    replacement: Callable[..., Any],
    *calls: Sequence[Tensor],
    tolerance: float = CLOSE,
) -> bool:
    """Whether `replacement` returns what `original` does for each of `calls`, in several sizes.

    A call is a tuple of positional arguments; `normal` makes one. Float tensors are tried in every
    size of SIZES and with outliers, others (ids, masks) as they are. Calls that `original` does not
    accept are skipped; where it accepts none, the result is false. Shapes and number formats have
    to be equal, numbers within `tolerance` of the largest in their row (the last dimension), and
    infinities and NaN in the same positions. Layers that round their inputs, such as int8 layers,
    need a tolerance of about 0.01, because a difference in the last bit can round to the next step.
    """
    compared = 0
    for call in chain.from_iterable(map(_in_sizes, calls)):
        try:
            expected = original(*_copied(call))
        except Exception:
            continue
        try:
            actual = replacement(*_copied(call))
        except Exception:
            return False
        if not _close(actual, expected, tolerance):
            return False
        compared += 1
    return compared > 0


def normal(*shapes: Sequence[int], seed: int = 0) -> tuple[Tensor, ...]:
    """A call's arguments: for each shape a tensor of standard normal float32 numbers."""
    rng = torch.Generator().manual_seed(seed)
    return tuple(torch.randn(*shape, generator=rng) for shape in shapes)


def _in_sizes(call: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    if not any(tensor.is_floating_point() for tensor in call):
        yield list(call)
        return
    for size in SIZES:
        yield [tensor * size if tensor.is_floating_point() else tensor for tensor in call]
    yield [_with_outliers(tensor) for tensor in call]


def _with_outliers(tensor: Tensor) -> Tensor:
    if not tensor.is_floating_point() or not tensor.ndim:
        return tensor
    tensor = tensor.clone()
    tensor[..., ::7] *= OUTLIERS
    if tensor.ndim > 1:
        tensor[..., -1, :] *= OUTLIERS
    return tensor


def _copied(call: Sequence[Tensor]) -> list[Tensor]:
    """Copies of the arguments, because a function may write to them."""
    return [tensor.clone() for tensor in call]


def _close(actual: Any, expected: Any, tolerance: float) -> bool:
    if isinstance(expected, Tensor):
        return isinstance(actual, Tensor) and _close_rows(actual, expected, tolerance)
    if isinstance(expected, tuple | list):
        if not isinstance(actual, tuple | list) or len(actual) != len(expected):
            return False
        pairs = zip(actual, expected, strict=True)
        return all(_close(*pair, tolerance) for pair in pairs)
    return bool(actual == expected)


def _close_rows(actual: Tensor, expected: Tensor, tolerance: float) -> bool:
    if actual.shape != expected.shape or actual.dtype != expected.dtype:
        return False
    if not expected.is_floating_point():
        return torch.equal(actual, expected)
    finite = expected.isfinite()
    if not torch.equal(actual.isfinite(), finite):
        return False
    zero = torch.zeros((), dtype=torch.float64, device=expected.device)
    expected, actual = (torch.where(finite, tensor.double(), zero) for tensor in (expected, actual))
    if not expected.numel():
        return True
    largest = expected.abs().amax(-1, keepdim=True) if expected.ndim else expected.abs()
    return bool(((actual - expected).abs() <= tolerance * largest).all())
