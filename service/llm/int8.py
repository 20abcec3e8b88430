"""Linear layers in 8 bits: a scale for each row of the input and for each channel of the weights.

A product is summed exactly in 32 bits and scaled once, so a row gets the same numbers to the bit
alone and in any batch. Why it is done like this: docs/decisions/0006-int8-on-the-cpu.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from service.llm.kernels import linear, rowwise

ZERO_POINT = 128
"""Added to an input's 8 bits: the kernel takes them unsigned."""
_PIECE = 1 << 20  # weights that are float32 at once while they are quantised
# So small a row is all zeros in 8 bits; a smaller divisor would overflow.
_SMALLEST = 128 * torch.finfo(torch.float32).tiny


class Product(Protocol):
    """Weights in 8 bits that rows can be multiplied with."""

    def multiply(self, x: Tensor, scales: Tensor) -> Tensor:
        """(rows, channels) from what quantize_rows gives; half as many with gates."""
        ...


@dataclass(frozen=True, slots=True)
class OneDnn:
    """By the operator that torch brings along."""

    weights: Tensor
    scales: Tensor
    zeros: Tensor

    @classmethod
    def of(cls, rows: Tensor, scales: Tensor) -> "OneDnn":
        packed = torch.ops.onednn.qlinear_prepack(rows, None)
        return cls(packed, scales, torch.zeros(len(scales), dtype=torch.int32))

    def multiply(self, x: Tensor, scales: Tensor) -> Tensor:
        kernel: Any = torch.ops.onednn.qlinear_pointwise
        y: Tensor = kernel(
            *(x, 1.0, ZERO_POINT, self.weights, self.scales, self.zeros, None),
            *(1.0, 0, torch.float32, "none", [], ""),
        )
        # Not in the kernel, whose scale of the input is one for all rows.
        return y.mul_(scales)


def product(rows: Tensor, scales: Tensor) -> Product:
    """Channels (channels, inputs) in 8 bits and their scales, in the order of the best kernel."""
    if linear.available(rows.shape[1]):
        return linear.Panels.of(rows, scales, ZERO_POINT)
    return OneDnn.of(rows, scales)


def _is_exact(levels: int, rows: int) -> bool:
    """Whether the largest sums there can be, of both signs, are right; in each kernel in use."""
    signs = torch.ones(192, 256, dtype=torch.int8)
    signs[1::2] = -1
    x = torch.full((rows, 256), 255, dtype=torch.uint8)
    x[1::2] = 1
    expected = (x.double() - ZERO_POINT) @ (signs.double() * levels).T
    given, ones = (signs * levels, torch.ones(192)), torch.ones(rows, 1)
    kernels = (product(*given), OneDnn.of(*given))
    return all(torch.equal(one.multiply(x, ones).double(), expected) for one in kernels)


@cache
def weight_levels(is_exact: Callable[[int, int], bool] = _is_exact) -> int | None:
    """The largest 8-bit weight that this CPU multiplies exactly: 127, 64, or None for no kernel.

    Without VNNI the kernel adds two products (at most 255 times the weight each) in 16 bits that
    saturate: 2 * 255 * 64 still fits, 2 * 255 * 127 gives wrong sums without a word. So the CPU is
    asked, not looked up.
    """
    for levels in (127, 64):
        try:
            if all(is_exact(levels, rows) for rows in (1, 3, 16, 64, 200)):
                return levels
        except (RuntimeError, AttributeError, NotImplementedError):
            return None
    return None


def quantize_rows(x: Tensor) -> tuple[Tensor, Tensor]:
    """Each row of `x` (rows, width) in 8 bits, with ZERO_POINT added, and its scale (rows, 1).

    `(quantized - ZERO_POINT) * scale` is `x` up to half a scale. The scale of a row with NaN is
    NaN, with an infinity infinite, so that what is computed from it is not finite either.
    """
    if rowwise.available(x):
        return rowwise.quantize(x)
    # abs and amax are two passes, and still three times faster than the one of vector_norm.
    scale = x.abs().amax(dim=-1, keepdim=True).clamp_(min=_SMALLEST).div_(127)
    # float to int8 is vectorised in torch and float to uint8 is not: the flipped sign bit adds 128.
    return (x / scale).round_().to(torch.int8).view(torch.uint8).bitwise_xor_(ZERO_POINT), scale


def quantize_weight(weight: Tensor, levels: int) -> tuple[Tensor, Tensor]:
    """The channels (rows) of `weight` in -levels...levels, and their scales."""
    scales = weight.abs().amax(dim=1).clamp_(min=_SMALLEST).div_(levels)
    return (weight / scales[:, None]).round_().to(torch.int8), scales


class Int8Linear(nn.Module):
    """y = x W' + b with W in 8 bits, and x too while it is multiplied; float32 in and out.

    Until its weights are taken, `weight` is an empty parameter on the meta device, which gives a
    checkpoint's loader a name and a shape to find; afterwards it is None.
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = False) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = _expected(out_features, in_features)
        self.bias = _expected(out_features) if bias else None
        self._rows: Tensor | None = None
        self._filled = 0
        self._scales = torch.empty(0)
        self._product: Product | None = None

    @classmethod
    def of(cls, linear: nn.Linear) -> "Int8Linear":
        """The same layer in 8 bits."""
        made = cls(linear.in_features, linear.out_features)
        made.take(linear.weight.detach())
        made.bias = linear.bias
        return made

    def take(self, weight: Tensor, start: int = 0) -> None:
        """Quantise `weight` as the channels from `start` on; packs when all channels are there.

        Raises ValueError when it has another shape than expected.
        """
        if weight.shape[1] != self.in_features or start + len(weight) > self.out_features:
            raise ValueError(f"weights {tuple(weight.shape)} do not fit {self}")
        if self._rows is None:
            shape = (self.out_features, self.in_features)
            self._rows = torch.empty(shape, dtype=torch.int8, device="cpu")
            self._scales = torch.empty(self.out_features, device="cpu")
        levels = weight_levels() or 127
        for piece in torch.split(weight, max(1, _PIECE // self.in_features)):
            stop = start + len(piece)
            self._rows[start:stop], self._scales[start:stop] = quantize_weight(
                piece.float(), levels
            )
            start = stop
        self._filled += len(weight)
        if self._filled == self.out_features:
            self.pack(self._rows, self._scales)

    def pack(self, rows: Tensor, scales: Tensor) -> None:
        """Take weights that are quantised already, in the order that the kernel reads them."""
        self._product = product(rows, scales)
        self._rows = self.weight = None
        self._scales = torch.empty(0)

    def forward(self, x: Tensor) -> Tensor:
        rows, scale = quantize_rows(x.reshape(-1, self.in_features))
        return self.forward_quantized(rows, scale).view(*x.shape[:-1], self.out_features)

    def forward_quantized(self, x: Tensor, scale: Tensor) -> Tensor:
        """(rows, out_features) from what quantize_rows gives, for who shares or fuses that."""
        if not len(x):
            return scale.new_empty(0, self.out_features)
        assert self._product is not None, f"no weights were taken by {self}"
        y = self._product.multiply(x, scale)
        return y if self.bias is None else y.add_(self.bias)

    def with_gates(self) -> Product | None:
        """The same weights for silu(x G') * (x U'), where G are the first half of the channels and
        U the others; None where there is no kernel for that."""
        plain, whole = self._product, self.out_features % linear.PANEL == 0
        if isinstance(plain, linear.Panels) and whole and self.bias is None:
            return plain.with_gates()
        return None

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}"


class Siblings:
    """Linear layers that read the same input, computed as one.

    The model calls them one after the other with the same tensor: the first call computes all,
    the others take their part of it, and after the last one nothing is kept.
    """

    def __init__(self, in_features: int, widths: list[int]) -> None:
        self.linear = Int8Linear(in_features, sum(widths))
        ends = [sum(widths[: count + 1]) for count in range(len(widths))]
        self.bounds = [(end - width, end) for width, end in zip(widths, ends, strict=True)]
        self._waiting: set[int] = set()
        self._input: Tensor | None = None
        self._output: Tensor | None = None

    def part(self, x: Tensor, number: int) -> Tensor:
        if x is not self._input or number not in self._waiting or self._output is None:
            self._input, self._output = x, self.linear(x)
            self._waiting = set(range(len(self.bounds)))
        start, stop = self.bounds[number]
        part = self._output[..., start:stop]
        self._waiting.discard(number)
        if not self._waiting:
            self._input = self._output = None
        return part


class Sibling(nn.Module):
    """One of Siblings, in the place where the model looks for it."""

    def __init__(self, siblings: Siblings, number: int, bias: bool = False) -> None:
        super().__init__()
        self.siblings, self.number = siblings, number
        self.start, self.stop = siblings.bounds[number]
        self.weight = _expected(self.stop - self.start, siblings.linear.in_features)
        self.bias = _expected(self.stop - self.start) if bias else None

    def take(self, weight: Tensor) -> None:
        if self.weight is not None and weight.shape != self.weight.shape:
            raise ValueError(f"weights {tuple(weight.shape)} do not fit {tuple(self.weight.shape)}")
        self.siblings.linear.take(weight, self.start)
        self.weight = None

    def hand_over_bias(self) -> None:
        """Give the loaded bias to the layer that adds it."""
        whole, bias = self.siblings.linear, self.bias
        if bias is not None:
            if whole.bias is None:
                whole.bias = nn.Parameter(torch.zeros(whole.out_features), requires_grad=False)
            whole.bias.data[self.start : self.stop] = bias.data
            self.bias = None

    def forward(self, x: Tensor) -> Tensor:
        return self.siblings.part(x, self.number)


class StoredEmbedding(nn.Module):
    """Rows of float32 out of a table that stays in the number format of its file."""

    weight: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        # A buffer: transformers takes the first parameter's number format for the model's.
        self.register_buffer("weight", weight)

    def forward(self, ids: Tensor) -> Tensor:
        return nn.functional.embedding(ids, self.weight).float()


def _expected(*shape: int) -> nn.Parameter | None:
    return nn.Parameter(torch.empty(*shape, device="meta"), requires_grad=False)
