"""Products of 8-bit rows and 8-bit weights in C, for processors that have VNNI and no more.

oneDNN's kernel takes a third more time to twice as much for the few rows of a step, and wants
another pass for the scale of each row. Where a processor has AMX, oneDNN uses that, much faster.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from service.llm.kernels.build import library, processor
from service.llm.kernels.ops import call

PANEL = 64
"""Channels that lie side by side; see linear.c."""
FOURS = 4
PIECE = 1 << 20


def available(depth: int) -> bool:
    """Whether rows of `depth` inputs can be multiplied here."""
    return depth % FOURS == 0 and hasattr(library(), "multiply") and "amx_int8" not in processor()


@dataclass(frozen=True, slots=True)
class Panels:
    """Weights as the kernel reads them. `width`: of how many channels. `gated`: half of them are
    gates, and silu(gate) * channel comes out."""

    weights: Tensor
    scales: Tensor
    offsets: Tensor
    width: int
    gated: bool = False

    @classmethod
    def of(cls, rows: Tensor, scales: Tensor, zero_point: int) -> "Panels":
        """From channels (width, depth) in 8 bits and their scales (width,); `zero_point` is what
        has been added to the inputs."""
        width, depth = rows.shape
        missing = -width % PANEL
        if missing:
            rows, scales = pad(rows, (0, 0, 0, missing)), pad(scales, (0, missing))
        panels = rows.view(-1, PANEL, depth // FOURS, FOURS).transpose(1, 2).contiguous()
        # In pieces, for a sum makes all of what it adds 32 bits wide first.
        pieces = rows.tensor_split(1 + rows.numel() // PIECE)
        sums = torch.cat([piece.sum(1, dtype=torch.int32) for piece in pieces])
        return cls(panels, scales, sums * zero_point, width)

    def with_gates(self) -> "Panels":
        """The same channels, whole panels of them, of which the first half gates the second."""
        weights = _gates_beside(self.weights.transpose(1, 2)).transpose(1, 2).contiguous()
        scales, offsets = _gates_beside(self.scales), _gates_beside(self.offsets)
        return Panels(weights, scales, offsets, self.width, gated=True)

    def multiply(self, x: Tensor, scales: Tensor) -> Tensor:
        """(rows, width) in float32, or half as wide with gates, from (rows, depth) in 8 bits and
        their scales (rows, 1)."""
        x, scales = x.contiguous(), scales.contiguous()
        out = torch.empty(len(x), self.width // 2 if self.gated else self.width)
        given = (x, scales, self.weights, self.scales, self.offsets, out)
        call("multiply", *given, len(x), x.shape[1], self.width, int(self.gated))
        return out


def _gates_beside(channels: Tensor) -> Tensor:
    """Half a panel of gates, then the half that they gate. `channels`: a number for each, or
    panels of them."""
    shape = channels.shape
    halves = channels.reshape(2, -1, PANEL // 2, *shape[2:])
    return halves.transpose(0, 1).reshape(shape)
