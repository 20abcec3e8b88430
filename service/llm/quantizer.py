"""Quantise a model while it is loaded, in the place that transformers has for that.

transformers goes on to rename keys, tie embeddings and report what is missing; each weight comes
here on its way from the file to the model, and only its 8 bits stay.
"""

from typing import Any

import torch
from torch import nn
from transformers.core_model_loading import ConversionOps
from transformers.quantizers.auto import register_quantization_config, register_quantizer
from transformers.quantizers.base import HfQuantizer
from transformers.utils.quantization_config import QuantizationConfigMixin

from service.llm.int8 import Int8Linear, Sibling, Siblings, StoredEmbedding
from service.llm.memory import trim

METHOD = "diglot_int8"
NARROW = 64
"""Layers with fewer outputs (routers, gates) stay float32: they cost little and decide much."""
SAME_INPUT = (
    ("q_proj", "k_proj", "v_proj"),
    ("gate_proj", "up_proj"),
    ("in_proj_qkv", "in_proj_z", "in_proj_b", "in_proj_a"),
)
"""Layers of one parent that the model calls with the same tensor, in this order."""


@register_quantization_config(METHOD)
class Int8Config(QuantizationConfigMixin):
    """`stored`: the number format that the embedding keeps, by the name torch has for it."""

    def __init__(self, stored: str = "float32") -> None:
        self.quant_method: Any = METHOD
        self.stored = stored


@register_quantizer(METHOD)
class Int8Quantizer(HfQuantizer):
    """Called by from_pretrained: before the weights come, for each of them, and after."""

    quantization_config: Int8Config

    def _process_model_before_weight_loading(self, model: Any, **_: Any) -> None:
        stored = getattr(torch, self.quantization_config.stored)
        self._tied = set(model.all_tied_weights_keys) | set(model.all_tied_weights_keys.values())
        for parent in list(model.modules()):
            for names in SAME_INPUT:
                _join(parent, names)
            for name, child in list(parent.named_children()):
                if type(child) is nn.Linear and child.out_features >= NARROW:
                    setattr(parent, name, _empty(child))
        embedding = model.get_input_embeddings()
        tied = [module for module in (embedding, model.get_output_embeddings()) if self._tied]
        for module in [embedding, *tied]:
            module.weight = nn.Parameter(module.weight.to(stored), requires_grad=False)

    def param_needs_quantization(self, model: Any, param_name: str, **_: Any) -> bool:
        path, _dot, name = param_name.rpartition(".")
        if name != "weight" or param_name in self._tied:
            return False  # whether files that hold both of a tied pair mean it is seen at the end
        return isinstance(model.get_submodule(path), Int8Linear | Sibling)

    def get_quantize_ops(self) -> ConversionOps:
        return _Take()

    def _process_model_after_weight_loading(self, model: Any, **_: Any) -> Any:
        embedding = model.get_input_embeddings()
        model.set_input_embeddings(StoredEmbedding(embedding.weight.detach()))
        trim()  # before a tied head, the largest layer, is packed on top of all
        for module in model.modules():
            if isinstance(module, Int8Linear) and module.weight is not None:
                module.take(module.weight.detach())
            elif isinstance(module, Sibling):
                module.hand_over_bias()
        return model

    def is_serializable(self) -> bool:
        return False

    @property
    def is_trainable(self) -> bool:
        return False


class _Take(ConversionOps):
    """Hand a weight to its layer, and nothing back to be set as a parameter."""

    def convert(self, input_dict: dict[str, Any], *_: Any, **about: Any) -> dict[str, Any]:
        (weight,) = input_dict.values()
        key = about["full_layer_name"]
        layer = about["model"].get_submodule(key.rpartition(".")[0])
        layer.take(weight[0] if isinstance(weight, list) else weight)
        about["missing_keys"].discard(key)
        return {}


def _join(parent: nn.Module, names: tuple[str, ...]) -> None:
    found = [getattr(parent, name, None) for name in names]
    linears = [child for child in found if type(child) is nn.Linear]
    if len(linears) < len(names) or len({child.in_features for child in linears}) > 1:
        return
    siblings = Siblings(linears[0].in_features, [child.out_features for child in linears])
    for number, (name, child) in enumerate(zip(names, linears, strict=True)):
        setattr(parent, name, Sibling(siblings, number, child.bias is not None))


def _empty(linear: nn.Linear) -> Int8Linear:
    return Int8Linear(linear.in_features, linear.out_features, linear.bias is not None)
