"""Does a replacement compute what the original computes? Both are asked, on numbers of many sizes.

Whatever is to stand in for a part of a model is held against that part here first, so a variant
that nobody has thought of stays as its publisher wrote it.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

import torch
from torch import Tensor

SIZES = (1e-3, 1.0, 10.0, 50.0)
"""Standard deviations of inputs: a norm's epsilon shows in small ones, a clamp in large ones."""
OUTLIERS = 100.0
"""How much larger a few columns are than the rest, and one row, as in trained models."""
CLOSE = 1e-4


@torch.inference_mode()
def same_numbers(
    original: Callable[..., Any],
    replacement: Callable[..., Any],
    *calls: Sequence[Tensor],
    tolerance: float = CLOSE,
) -> bool:
    """Whether `replacement` returns what `original` does for each of `calls`, in several sizes.

    A call is the positional arguments of both; `normal` makes them. Tensors of floats are tried in
    every size of SIZES and with outliers, others (ids, masks) as they are. A call that `original`
    does not take is passed over; where it takes none, the answer is no. Shapes and number formats
    have to be equal, numbers within `tolerance` of the largest of their row (the last dimension),
    what is not finite in the same places. Layers that round what they read, as int8 layers do,
    need a tolerance of about 0.01: a difference in the last bit can round to the next step.
    """
    compared = 0
    for call in chain.from_iterable(map(_in_sizes, calls)):
        try:
            expected = original(*_copied(call))
        except Exception:
            continue
        try:
            found = replacement(*_copied(call))
        except Exception:
            return False
        if not _close(found, expected, tolerance):
            return False
        compared += 1
    return compared > 0


def normal(*shapes: Sequence[int], seed: int = 0) -> tuple[Tensor, ...]:
    """A call's arguments: one tensor of standard normal float32 numbers a shape."""
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
    """For functions that write to what they are given."""
    return [tensor.clone() for tensor in call]


def _close(found: Any, expected: Any, tolerance: float) -> bool:
    if isinstance(expected, Tensor):
        return isinstance(found, Tensor) and _close_rows(found, expected, tolerance)
    if isinstance(expected, tuple | list):
        if not isinstance(found, tuple | list) or len(found) != len(expected):
            return False
        pairs = zip(found, expected, strict=True)
        return all(_close(*pair, tolerance) for pair in pairs)
    return bool(found == expected)


def _close_rows(found: Tensor, expected: Tensor, tolerance: float) -> bool:
    if found.shape != expected.shape or found.dtype != expected.dtype:
        return False
    if not expected.is_floating_point():
        return torch.equal(found, expected)
    finite = expected.isfinite()
    if not torch.equal(found.isfinite(), finite):
        return False
    zero = torch.zeros((), dtype=torch.float64, device=expected.device)
    expected, found = (torch.where(finite, one.double(), zero) for one in (expected, found))
    if not expected.numel():
        return True
    largest = expected.abs().amax(-1, keepdim=True) if expected.ndim else expected.abs()
    return bool(((found - expected).abs() <= tolerance * largest).all())
