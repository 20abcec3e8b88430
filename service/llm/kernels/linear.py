"""Products of rows and weights in 8 bits with a scale for every 32 inputs, in C (linear.c).

Where the processor has tiles (AMX), rows are bfloat16 instead, which is faster there and closer.
"""

import ctypes
import math
from dataclasses import dataclass
from enum import IntEnum
from functools import cache

import torch
from torch import Tensor
from torch.nn.functional import pad

from service.llm.kernels import large_pages
from service.llm.kernels.build import library
from service.llm.kernels.ops import call

GROUP = 32
"""Inputs that share a scale, of rows and of weights."""


class Activation(IntEnum):
    """The function of a gate that linear.c knows, by its number there."""

    IDENTITY = 0
    SILU = 1
    GELU_TANH = 2


@dataclass(frozen=True, slots=True)
class Layout:
    """`panel`: channels that lie side by side; `dot`: inputs of a channel that do; `tile`: rows
    that do, 1 without tiles."""

    panel: int
    dot: int
    tile: int

    @property
    def input_type(self) -> torch.dtype:
        """The number format of a quantised row; without tiles `dot` inputs fill 32 bits."""
        if self.tile > 1:
            return torch.bfloat16
        return torch.int8 if self.dot == 4 else torch.int16


def available() -> bool:
    """Whether there are kernels for this processor."""
    return library() is not None


@cache
def layout() -> Layout:
    """The layout of weights and rows in the compiled kernel."""
    sizes = (ctypes.c_int64 * 4)()
    call("linear_layout", sizes)
    group, panel, dot, tile = sizes
    if group != GROUP:
        raise RuntimeError(f"linear.c has groups of {group} inputs, and linear.py of {GROUP}")
    return Layout(panel, dot, tile)


def groups(width: int) -> int:
    """The number of scales of `width` inputs."""
    return -(-width // GROUP)


@dataclass(frozen=True, slots=True)
class QuantizedRows:
    """Rows as the kernel reads them.

    In 8 bits: `values` (rows, groups * 32), filled up with zeros, times `scales` (rows, groups) are
    the rows up to half a scale. `offsets` (rows, groups): -128 times a group's sum. With tiles:
    `values` in bfloat16, tile after tile of rows, the last one filled up with zeros; no scales.
    """

    values: Tensor
    scales: Tensor
    offsets: Tensor
    count: int

    def __len__(self) -> int:
        return self.count


def quantize(x: Tensor) -> QuantizedRows:
    """Quantise each row of `x` (rows, width), float32.

    A row that holds NaN or an infinity stays as it is with tiles; in 8 bits the scale of a group
    does, so that what is computed from the row is not finite either.
    """
    if x.stride(-1) != 1:
        x = x.contiguous()
    count, width = x.shape
    tile = layout().tile
    whole = -(-count // tile) * tile
    values = torch.empty(whole, groups(width) * GROUP, dtype=layout().input_type)
    shape = (count, groups(width)) if tile == 1 else (0,)
    scales, offsets = torch.empty(shape), torch.empty(shape, dtype=torch.int32)
    call("quantize", x, x.stride(0), values, scales, offsets, count, width)
    return QuantizedRows(values, scales, offsets, count)


@dataclass(frozen=True, slots=True)
class PackedWeights:
    """Weights in the order in which the kernel reads them.

    `panels`: bytes (panels, groups, scales and weights). `width`: channels. With an activation the
    first half of each panel's channels are gates of the second half.
    """

    panels: Tensor
    width: int
    activation: Activation = Activation.IDENTITY

    @classmethod
    def of(cls, values: Tensor, scales: Tensor) -> "PackedWeights":
        """Pack channels (width, groups * 32) of int8 and their float16 scales (width, groups)."""
        width = len(values)
        missing = -width % layout().panel
        if missing:
            values, scales = pad(values, (0, 0, 0, missing)), pad(scales, (0, 0, 0, missing))
        return cls(_panels(values, scales), width)

    @classmethod
    def gated(cls, values: Tensor, scales: Tensor, activation: Activation) -> "PackedWeights":
        """Pack gates and then as many channels that they gate: `activation(gate) * channel`.

        Raises ValueError where half of the channels are no whole number of half panels.
        """
        panel = layout().panel
        if len(values) % panel:
            raise ValueError(f"{len(values)} channels are no whole panels of {panel}")
        pairs = (_gates_beside(channels, panel // 2) for channels in (values, scales))
        return cls(_panels(*pairs), len(values), activation)

    def unpacked(self) -> tuple[Tensor, Tensor]:
        """The channels (width, groups * 32) in int8 and their float16 scales (width, groups), in
        the order in which they lie."""
        panel, dot = layout().panel, layout().dot
        width, count, _ = self.panels.shape
        halves = self.panels[..., : 2 * panel].contiguous().view(torch.float16)
        weights = self.panels[..., 2 * panel :].view(torch.int8)
        values = weights.view(width, count, GROUP // dot, panel, dot).permute(0, 3, 1, 2, 4)
        channels = values.reshape(width * panel, count * GROUP)[: self.width]
        return channels, halves.transpose(1, 2).reshape(width * panel, count)[: self.width]

    def multiply(self, x: QuantizedRows, bias: Tensor | None = None) -> Tensor:
        """(rows, width) in float32: products, scaled, plus `bias` (width,); half as wide with an
        activation. A row gets the same bits in any batch."""
        width = self.width // 2 if self.activation else self.width
        out = torch.empty(len(x), width)
        sizes = (len(x), self.panels.shape[1], self.width, int(self.activation))
        call("linear", x.values, x.scales, x.offsets, self.panels, bias, out, *sizes)
        return out


def _panels(values: Tensor, scales: Tensor) -> Tensor:
    panel, dot = layout().panel, layout().dot
    count, width = scales.shape[1], len(values) // panel
    weights = values.view(width, panel, count, GROUP // dot, dot).permute(0, 2, 3, 1, 4)
    shape = (width, count, 2 * panel + GROUP * panel)
    panels = large_pages.empty(math.prod(shape), torch.uint8).view(shape)
    halves = scales.view(width, panel, count).transpose(1, 2).contiguous()
    panels[..., : 2 * panel] = halves.view(torch.uint8)
    panels[..., 2 * panel :].view(torch.int8).view(weights.shape).copy_(weights)
    return panels


def _gates_beside(channels: Tensor, half: int) -> Tensor:
    """Half a panel of gates, then the half that they gate, and so on."""
    halves = channels.view(2, -1, half, channels.shape[1])
    return halves.transpose(0, 1).reshape(channels.shape)
