"""Layers of a loaded model that do in one pass over memory what torch does in five.

Generic, and careful: a layer is replaced only where it gives the same numbers as the model's own
on random rows, so an unknown variant of it stays as it is. For int8 models on a CPU, whose linear
layers are so fast that the steps between them would take a third of the time.
"""

import logging
from collections import deque
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from service.llm.int8 import Int8Linear, Sibling, quantize_rows
from service.llm.kernels import patch, rowwise
from service.llm.kernels.build import library

log = logging.getLogger(__name__)

CLOSE = 1e-4
"""Of how far apart the numbers of a fused layer may be, against their spread."""


class FusedNorm(nn.Module):
    """Root mean square norm, times silu(gate) where there is one."""

    def __init__(self, weight: Tensor, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.epsilon = epsilon

    def forward(self, x: Tensor, gate: Tensor | None = None) -> Tensor:
        if gate is not None:
            return rowwise.gated_norm(x, gate, self.weight, self.epsilon)
        return rowwise.rms_norm(x, self.weight, self.epsilon)


class FusedGate(nn.Module):
    """down(silu(gate(x)) * up(x)), whose middle exists in 8 bits only."""

    def __init__(self, both: Int8Linear, down: Int8Linear) -> None:
        super().__init__()
        self.down, self._gated = down, both.with_gates()
        self.both = both if self._gated is None else None

    def forward(self, x: Tensor) -> Tensor:
        made, scale = self._middle(x.reshape(-1, x.shape[-1]))
        return self.down.forward_quantized(made, scale).view(x.shape)

    def _middle(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        if self._gated is not None:
            return quantize_rows(self._gated.multiply(*quantize_rows(rows)))
        assert self.both is not None
        return rowwise.swiglu(self.both(rows))


def fuse(model: nn.Module) -> int:
    """Replace what can be replaced in an int8 model on a CPU; returns how many layers."""
    if library() is None:
        return 0
    patch.install(model)
    count = 0
    # One at a time, so that what was replaced, with its weights, is gone before the next is made.
    waiting = deque(model.modules())
    while waiting:
        parent = waiting.popleft()
        for name, child in list(parent.named_children()):
            fused = _fused(child)
            if fused is not None:
                setattr(parent, name, fused)
                count += 1
    return count


@dataclass(frozen=True, slots=True)
class Candidate:
    """What may stand in for a layer, and the rows that the layer reads: how many, and how wide."""

    module: nn.Module
    inputs: int
    width: int


@torch.inference_mode()
def _fused(layer: Any) -> nn.Module | None:
    """What may stand in for `layer`, tried against it."""
    for one in (*_norms(layer), *_gates(layer)):
        chance = torch.Generator().manual_seed(0)
        given = torch.randn(one.inputs, 1, 5, one.width, generator=chance).unbind()
        try:
            expected = layer(*given)
        except Exception:  # it wants more than rows, or rows of another width
            continue
        if (one.module(*given) - expected).abs().max() <= CLOSE * expected.abs().max():
            return one.module
    return None


def _norms(layer: Any) -> list[Candidate]:
    name = type(layer).__name__
    epsilon = getattr(layer, "variance_epsilon", getattr(layer, "eps", None))
    weight = getattr(layer, "weight", None)
    if "RMSNorm" not in name or not isinstance(epsilon, float) or weight is None:
        return []
    inputs = 2 if name.endswith("Gated") else 1
    if weight.dtype != torch.float32 or (inputs == 2 and len(weight) % rowwise.LANES):
        return []
    # Some families store what is added to one.
    weights = (weight.data.clone(), 1 + weight.data)
    return [Candidate(FusedNorm(one, epsilon), inputs, len(weight)) for one in weights]


def _gates(layer: Any) -> list[Candidate]:
    gate, up, down = (getattr(layer, f"{name}_proj", None) for name in ("gate", "up", "down"))
    if isinstance(gate, Sibling) and isinstance(up, Sibling) and isinstance(down, Int8Linear):
        both, width = gate.siblings.linear, down.in_features
        equal = gate.siblings is up.siblings and both.out_features == 2 * width
        if equal and width % rowwise.LANES == 0 and width <= rowwise.WIDEST:
            return [Candidate(FusedGate(both, down), 1, both.in_features)]
    return []
