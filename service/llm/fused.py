"""Fused layers of an int8 model: one pass over memory where torch takes five.

A layer is replaced only where the replacement gives the same numbers on inputs of many sizes
(equivalence.py), so that an unknown variant stays as it is.
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
"""Rows that a replacement is tested on."""
TOLERANCE = 0.02
"""The largest error of a fused gate, relative to the largest number of a row: the second product's
inputs are rounded to 8 bits, where a difference in the last bit can round to the next step."""


class FusedNorm(nn.Module):
    """RMS norm, multiplied by silu(gate) where there is a gate."""

    def __init__(self, weight: Tensor, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.epsilon = epsilon

    def forward(self, x: Tensor, gate: Tensor | None = None) -> Tensor:
        if gate is not None:
            return rowwise.gated_norm(x, gate, self.weight, self.epsilon)
        return rowwise.rms_norm(x, self.weight, self.epsilon)


class FusedGate(nn.Module):
    """down(activation(gate(x)) * up(x)), without the two wide intermediate results in memory."""

    def __init__(self, gate_up: PackedWeights, down: Int8Linear) -> None:
        super().__init__()
        self.gate_up, self.down = gate_up, down

    def forward(self, x: Tensor) -> Tensor:
        rows = self.gate_up.multiply(quantize(x.reshape(-1, x.shape[-1])))
        out: Tensor = self.down(rows)
        return out.view(x.shape)


def fuse(model: nn.Module) -> int:
    """Replace layers of an int8 model on a CPU by fused ones; returns how many."""
    if library() is None:
        return 0
    patch.install(model)
    count = 0
    # One at a time, so that a replaced layer's weights are freed before the next one is built.
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
    """The fused layer that computes the same as `layer`; None where there is none."""
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
    # Some families (Gemma) store the weight minus one.
    weights = (weight.data.clone(), 1 + weight.data)
    norms = (FusedNorm(candidate, epsilon) for candidate in weights)
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
    """The function from the input of `layer` to the input of its part `inner`."""

    def input_of(x: Tensor) -> Tensor:
        inputs: list[Tensor] = []
        hook = inner.register_forward_pre_hook(lambda _, args: inputs.append(args[0]))
        try:
            layer(x)
        finally:
            hook.remove()
        (tensor,) = inputs
        return tensor.view(*x.shape[:-1], -1)

    return input_of
