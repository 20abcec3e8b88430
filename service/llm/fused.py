"""Layers of an int8 model that do in one pass over memory what torch does in five.

A layer is replaced only where the replacement gives the same numbers as the model's own, on inputs
of many sizes (equivalence.py), so an unknown variant of it stays as it is.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from service.llm.equivalence import normal, same_numbers
from service.llm.int8 import Int8Linear, MergedPart
from service.llm.kernels import patch, rowwise
from service.llm.kernels.build import library
from service.llm.kernels.linear import Activation, PackedWeights, quantize

log = logging.getLogger(__name__)

ROWS = 5
"""Rows that a replacement is tried on."""
TOLERANCE = 0.02
"""How far apart a gated layer and its replacement may be, of the largest number of a row: what the
second product reads is rounded to 8 bits, and a difference in the last bit can tip that over."""


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
    """down(activation(gate(x)) * up(x)), whose widest numbers are never written in full."""

    def __init__(self, gate_up: PackedWeights, down: Int8Linear) -> None:
        super().__init__()
        self.gate_up, self.down = gate_up, down

    def forward(self, x: Tensor) -> Tensor:
        rows = self.gate_up.multiply(quantize(x.reshape(-1, x.shape[-1])))
        out: Tensor = self.down(rows)
        return out.view(x.shape)


def fuse(model: nn.Module) -> int:
    """Replace what can be replaced in an int8 model on a CPU; returns how many layers."""
    if library() is None:
        return 0
    patch.install(model)
    count = 0
    # One at a time, so that a replaced layer and its weights are gone before the next is made.
    waiting = deque(model.modules())
    while waiting:
        parent = waiting.popleft()
        for name, child in list(parent.named_children()):
            fused = _fused(child)
            if fused is not None:
                setattr(parent, name, fused)
                count += 1
    return count


@torch.inference_mode()
def _fused(layer: nn.Module) -> nn.Module | None:
    """The replacement of `layer` that gives its numbers; None where there is none."""
    candidates: Iterator[nn.Module] = _norms(layer) or _gates(layer)
    return next(candidates, None)


def _norms(layer: Any) -> Iterator[nn.Module] | None:
    name = type(layer).__name__
    epsilon = getattr(layer, "variance_epsilon", getattr(layer, "eps", None))
    weight = getattr(layer, "weight", None)
    if "RMSNorm" not in name or not isinstance(epsilon, float) or weight is None:
        return None
    inputs = 2 if name.endswith("Gated") else 1
    width = weight.shape[-1]
    if weight.dtype != torch.float32 or (inputs == 2 and width % rowwise.LANES):
        return None
    call = normal(*[(1, ROWS, width)] * inputs)
    # Some families store the difference to one.
    norms = (FusedNorm(w, epsilon) for w in (weight.data.clone(), 1 + weight.data))
    return (norm for norm in norms if same_numbers(layer, norm, call))


def _gates(layer: Any) -> Iterator[nn.Module]:
    gate, up, down = (getattr(layer, f"{name}_proj", None) for name in ("gate", "up", "down"))
    if not (isinstance(gate, MergedPart) and isinstance(up, MergedPart)):
        return
    if not isinstance(down, Int8Linear) or gate.merged is not up.merged:
        return
    both = gate.merged.linear
    if gate.start or both.out_features != 2 * down.in_features:
        return
    call = normal((1, ROWS, both.in_features))
    for activation in (Activation.SILU, Activation.GELU_TANH):
        weights = both.gated(activation)
        if weights is None:
            return
        fused = FusedGate(weights, down)
        middles = (_input_of(down, layer), _input_of(down, fused))
        if same_numbers(*middles, call) and same_numbers(layer, fused, call, tolerance=TOLERANCE):
            yield fused


def _input_of(inner: nn.Module, layer: nn.Module) -> Callable[[Tensor], Tensor]:
    """The function of `layer`'s input that it hands to `inner`, a part of it."""

    def reached(x: Tensor) -> Tensor:
        inputs: list[Tensor] = []
        hook = inner.register_forward_pre_hook(lambda _, args: inputs.append(args[0]))
        try:
            layer(x)
        finally:
            hook.remove()
        (tensor,) = inputs
        return tensor.view(*x.shape[:-1], -1)

    return reached
