"""Experts of a mixture of experts (MoE) in 8 bits, through transformers' experts interface.

transformers holds the experts of a layer as two three-dimensional parameters, and calls a
registered function (`ALL_EXPERTS_FUNCTIONS`) to multiply by them.
"""

from typing import Any

import torch
from torch import Tensor, nn
from transformers.integrations.moe import ALL_EXPERTS_FUNCTIONS

from service.llm.int8 import quantize_weights
from service.llm.kernels.linear import PackedWeights, quantize

NAME = "diglot_int8"
FLAGS = ("is_transposed", "has_gate", "has_bias", "has_post_expert_norm")
PARAMETERS = ("gate_up_proj", "up_proj", "down_proj")


def is_experts(module: nn.Module) -> bool:
    """Whether `module` holds experts behind transformers' experts interface."""
    return all(hasattr(module, name) for name in FLAGS)


def weights_of(module: nn.Module) -> list[str]:
    """The names of the experts' parameters that are quantised."""
    parameters = dict(module.named_parameters(recurse=False))
    return [name for name in PARAMETERS if name in parameters and parameters[name].ndim == 3]


def take(module: Any, name: str, weight: Tensor) -> None:
    """Quantise `weight` in place of the parameter `name`.

    `weight`: (experts, channels, inputs), the last two swapped where `module.is_transposed`.
    Raises ValueError when its shape is not the parameter's.
    """
    expected = getattr(module, name).shape
    if weight.shape != expected:
        raise ValueError(f"experts {tuple(weight.shape)} do not fit {tuple(expected)}")
    matrices = weight.transpose(1, 2) if module.is_transposed else weight
    packed = [PackedWeights.of(*quantize_weights(matrix)) for matrix in matrices]
    delattr(module, name)
    setattr(module, name, packed)


def choose(model: Any) -> None:
    """Make `forward` compute the quantised experts of `model`."""
    for module in model.modules():
        if is_experts(module) and isinstance(getattr(module, "down_proj", None), list):
            module.config._experts_implementation = NAME


def forward(self: Any, hidden_states: Tensor, top_k_index: Tensor, top_k_weights: Tensor) -> Tensor:
    """The weighted sum of each token's experts, (tokens, width).

    `top_k_index`, `top_k_weights`: (tokens, k). A token's experts are added in the order of their
    indices, so that its sum does not depend on other tokens.
    """
    out = torch.zeros_like(hidden_states)
    for expert in sorted(set(top_k_index.flatten().tolist())):
        if expert >= len(self.down_proj):  # means no expert, under expert parallelism
            continue
        tokens, ranks = torch.where(top_k_index == expert)
        outputs = _expert(self, expert, hidden_states[tokens])
        out.index_add_(0, tokens, outputs * top_k_weights[tokens, ranks, None])
    return out


def _expert(self: Any, expert: int, rows: Tensor) -> Tensor:
    name = "gate_up_proj" if self.has_gate else "up_proj"
    inner = _product(self, name, expert, rows)
    inner = self._apply_gate(inner) if self.has_gate else self.act_fn(inner)
    outputs = _product(self, "down_proj", expert, inner)
    return self.post_expert_norm(outputs) if self.has_post_expert_norm else outputs


def _product(self: Any, name: str, expert: int, rows: Tensor) -> Tensor:
    bias = getattr(self, f"{name}_bias")[expert] if self.has_bias else None
    weights: PackedWeights = getattr(self, name)[expert]
    return weights.multiply(quantize(rows), bias)


ALL_EXPERTS_FUNCTIONS.register(NAME, forward)
