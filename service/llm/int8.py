"""Linear layers in 8 bits with a scale for every 32 inputs, of the weights and of the rows.

This is the arithmetic of llama.cpp's Q8_0. The products of a group are summed exactly, and groups
are added in order, so a row gets the same bits alone and in any batch. Why it is done like this:
docs/decisions/0012-int8-in-groups.md.
"""

import torch
from torch import Tensor, nn

from service.llm.kernels.linear import (
    GROUP,
    Activation,
    PackedWeights,
    QuantizedRows,
    groups,
    layout,
    quantize,
)

LEVELS = 127
PIECE = 1 << 20
"""Weights that are float32 at once while they are quantised."""
SMALLEST = 2.0**-24
"""The smallest float16 above zero, for a scale."""


def quantize_weights(weights: Tensor) -> tuple[Tensor, Tensor]:
    """Channels (channels, inputs) of any float type in 8 bits, and their scales.

    Returns int8 (channels, groups * 32), filled up with zeros, and float16 (channels, groups). A
    scale is the largest magnitude of its 32 weights / 127, rounded to float16 before it divides.
    """
    channels, inputs = weights.shape
    values = torch.zeros(channels, groups(inputs) * GROUP, dtype=torch.int8)
    scales = torch.empty(channels, groups(inputs), dtype=torch.float16)
    start = 0
    for piece in torch.split(weights, max(1, PIECE // inputs)):
        stop = start + len(piece)
        values[start:stop], scales[start:stop] = _quantize(piece.float())
        start = stop
    return values, scales


def _quantize(weights: Tensor) -> tuple[Tensor, Tensor]:
    padded = nn.functional.pad(weights, (0, -weights.shape[1] % GROUP))
    padded = padded.view(len(weights), -1, GROUP)
    scales = (padded.abs().amax(-1) / LEVELS).clamp_(min=SMALLEST).to(torch.float16)
    values = (padded / scales.float()[..., None]).round_().clamp_(-LEVELS, LEVELS)
    return values.to(torch.int8).flatten(1), scales


def packed_bytes(out_features: int, in_features: int) -> int:
    """The memory that a packed layer's weights take, in bytes."""
    channels = -(-out_features // layout().panel) * layout().panel
    return channels * groups(in_features) * (GROUP + 2)


class Int8Linear(nn.Module):
    """y = x W' + b with x and W in 8 bits while they are multiplied; float32 in and out.

    Until its weights are taken, `weight` is an empty parameter on the meta device, which gives a
    checkpoint's loader a name and a shape to find; afterwards it is None.
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = False) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = _expected(out_features, in_features)
        self.bias = _expected(out_features) if bias else None
        self._values: Tensor | None = None
        self._scales: Tensor | None = None
        self._filled = 0
        self._packed: PackedWeights | None = None

    @classmethod
    def of(cls, linear: nn.Linear) -> "Int8Linear":
        """The same layer in 8 bits."""
        layer = cls(linear.in_features, linear.out_features)
        layer.take(linear.weight.detach())
        layer.bias = linear.bias
        return layer

    def take(self, weight: Tensor, start: int = 0) -> None:
        """Quantise `weight` (channels, in_features) as the channels from `start` on.

        Raises ValueError when it has another shape than expected.
        """
        if weight.ndim != 2 or weight.shape[1] != self.in_features:
            raise ValueError(f"weights {tuple(weight.shape)} do not fit {self}")
        self.take_quantized(*quantize_weights(weight), start)

    def take_quantized(self, values: Tensor, scales: Tensor, start: int = 0) -> None:
        """Take int8 (channels, groups * 32) and their float16 scales (channels, groups) as the
        channels from `start` on; packs when all channels are there.

        Raises ValueError when they have another shape than expected.
        """
        stop, count = start + len(values), groups(self.in_features)
        if values.shape[1] != count * GROUP or scales.shape != (len(values), count):
            raise ValueError(f"groups {tuple(scales.shape)} do not fit {self}")
        if stop > self.out_features:
            raise ValueError(f"channels {start} to {stop} do not fit {self}")
        if len(values) == self.out_features:
            self._values, self._scales = values, scales
        if self._values is None or self._scales is None:
            self._values = torch.empty(self.out_features, count * GROUP, dtype=torch.int8)
            self._scales = torch.empty(self.out_features, count, dtype=torch.float16)
        self._values[start:stop], self._scales[start:stop] = values, scales
        self._filled += len(values)
        if self._filled == self.out_features:
            self._pack()

    def _pack(self) -> None:
        assert self._values is not None and self._scales is not None
        self._packed = PackedWeights.of(self._values, self._scales)
        self._values = self._scales = self.weight = None

    def forward(self, x: Tensor) -> Tensor:
        rows = quantize(x.reshape(-1, self.in_features))
        return self.forward_quantized(rows).view(*x.shape[:-1], self.out_features)

    def forward_quantized(self, rows: QuantizedRows) -> Tensor:
        """(rows, out_features) in float32 of rows that are quantised already."""
        assert self._packed is not None, f"{self} has no weights yet"
        return self._packed.multiply(rows, self.bias)

    def gated(self, activation: Activation) -> PackedWeights | None:
        """The same weights for `activation(x G') * (x U')`, where G are the first half of the
        channels and U the others; None where the kernel can't do that."""
        if self._packed is None or self.bias is not None or self.out_features % layout().panel:
            return None
        return PackedWeights.gated(*self._packed.unpacked(), activation)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}"


class Merged:
    """Linear layers that read the same input, computed as one (q, k and v; gate and up).

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

    def part(self, x: Tensor, index: int) -> Tensor:
        """The output (..., width) of the layer `index` for `x` (..., in_features)."""
        if x is not self._input or index not in self._waiting or self._output is None:
            self._input, self._output = x, self.linear(x)
            self._waiting = set(range(len(self.bounds)))
        start, stop = self.bounds[index]
        part = self._output[..., start:stop]
        self._waiting.discard(index)
        if not self._waiting:
            self._input = self._output = None
        return part


class MergedPart(nn.Module):
    """One layer of a Merged, in the place where the model looks for it."""

    def __init__(self, merged: Merged, index: int, bias: bool = False) -> None:
        super().__init__()
        self.merged, self.index = merged, index
        self.start, self.stop = merged.bounds[index]
        self.weight = _expected(self.stop - self.start, merged.linear.in_features)
        self.bias = _expected(self.stop - self.start) if bias else None

    def take(self, weight: Tensor) -> None:
        """Quantise `weight` (channels, inputs). Raises ValueError when it has another shape."""
        self._expect(len(weight))
        self.merged.linear.take(weight, self.start)
        self.weight = None

    def take_quantized(self, values: Tensor, scales: Tensor) -> None:
        """As Int8Linear.take_quantized, for the channels of this part."""
        self._expect(len(values))
        self.merged.linear.take_quantized(values, scales, self.start)
        self.weight = None

    def _expect(self, channels: int) -> None:
        if channels != self.stop - self.start:
            raise ValueError(f"{channels} channels do not fit a layer of {self.stop - self.start}")

    def hand_over_bias(self) -> None:
        """Give the loaded bias to the layer that adds it."""
        whole, bias = self.merged.linear, self.bias
        if bias is not None:
            if whole.bias is None:
                whole.bias = nn.Parameter(torch.zeros(whole.out_features), requires_grad=False)
            whole.bias.data[self.start : self.stop] = bias.data
            self.bias = None

    def forward(self, x: Tensor) -> Tensor:
        return self.merged.part(x, self.index)


class StoredEmbedding(nn.Module):
    """An embedding whose table stays in the number format of its file, with float32 out.

    `layer` is the model's own: it is run over the rows that are looked up, as float32, so whatever
    it does to them (Gemma multiplies them by a scale) is done in float32 too.
    """

    weight: Tensor

    def __init__(self, layer: nn.Embedding) -> None:
        super().__init__()
        # A buffer: transformers takes the first parameter's number format for the model's.
        self.register_buffer("weight", layer.weight.detach())
        self.layer = layer
        layer.padding_idx = None  # of training alone, and not an index of the rows looked up
        layer.weight = nn.Parameter(torch.empty(0, layer.embedding_dim), requires_grad=False)

    def forward(self, ids: Tensor) -> Tensor:
        """(..., width) in float32 for ids (...)."""
        rows = nn.functional.embedding(ids.reshape(-1), self.weight).float()
        places = torch.arange(len(rows), device=ids.device).view(ids.shape)
        embedded: Tensor = torch.func.functional_call(self.layer, {"weight": rows}, (places,))
        return embedded


def _expected(*shape: int) -> nn.Parameter | None:
    return nn.Parameter(torch.empty(*shape, device="meta"), requires_grad=False)
