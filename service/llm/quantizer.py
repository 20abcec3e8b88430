"""Quantizer: quantises a model to int8 while it is loaded, through transformers' interface.

transformers still renames keys, ties embeddings and reports missing weights. Each weight passes
through here on its way from the file to the model, and only its 8 bits are kept.
"""

from typing import Any

import torch
from torch import nn
from transformers.core_model_loading import ConversionOps
from transformers.quantizers.auto import register_quantization_config, register_quantizer
from transformers.quantizers.base import HfQuantizer
from transformers.utils.quantization_config import QuantizationConfigMixin

from service.llm import experts
from service.llm.equivalence import same_numbers
from service.llm.int8 import Int8Linear, Merged, MergedPart, StoredEmbedding
from service.llm.memory import trim

METHOD = "diglot_int8"
NARROW = 64
"""Layers with fewer outputs (routers, gates) stay float32, because they are small and sensitive."""
SAME_INPUT = (
    ("q_proj", "k_proj", "v_proj"),
    ("gate_proj", "up_proj"),
    ("in_proj_qkv", "in_proj_z", "in_proj_b", "in_proj_a"),
)
"""Layers of one parent that the model calls with the same input, in this order."""


@register_quantization_config(METHOD)
class Int8Config(QuantizationConfigMixin):
    """The int8 configuration. `stored`: the embedding's number format, by its name in torch."""

    def __init__(self, stored: str = "float32") -> None:
        self.quant_method: Any = METHOD
        self.stored = stored


@register_quantizer(METHOD)
class Int8Quantizer(HfQuantizer):
    """The quantizer that `from_pretrained` calls before, for each, and after all weights."""

    quantization_config: Int8Config

    def _process_model_before_weight_loading(self, model: Any, **_: Any) -> None:
        stored = getattr(torch, self.quantization_config.stored)
        self._tied = set(model.all_tied_weights_keys) | set(model.all_tied_weights_keys.values())
        for parent in list(model.modules()):
            for names in SAME_INPUT:
                _merge(parent, names)
            for name, child in list(parent.named_children()):
                if type(child) is nn.Linear and child.out_features >= NARROW:
                    setattr(parent, name, _empty(child))
        tables = [module for module in model.modules() if isinstance(module, nn.Embedding)]
        head = [model.get_output_embeddings()] if self._tied else []
        for module in [*tables, *head]:
            module.weight = nn.Parameter(module.weight.to(stored), requires_grad=False)

    def param_needs_quantization(self, model: Any, param_name: str, **_: Any) -> bool:
        path, _dot, name = param_name.rpartition(".")
        if param_name in self._tied:
            return False  # files may hold both weights of a tied pair, which is resolved at the end
        module = model.get_submodule(path)
        if experts.is_experts(module):
            return name in experts.weights_of(module)
        return name == "weight" and isinstance(module, Int8Linear | MergedPart)

    def get_quantize_ops(self) -> ConversionOps:
        return _Take()

    def _process_model_after_weight_loading(self, model: Any, **_: Any) -> Any:
        _store_embeddings(model)
        trim()  # before a tied output layer, the largest, is packed in addition to the rest
        for module in model.modules():
            if isinstance(module, Int8Linear) and module.weight is not None:
                module.take(module.weight.detach())
            elif isinstance(module, MergedPart):
                module.hand_over_bias()
        experts.choose(model)
        return model

    def is_serializable(self) -> bool:
        return False

    @property
    def is_trainable(self) -> bool:
        return False


class _Take(ConversionOps):
    """Gives a weight to its layer, and returns no parameter to set."""

    def convert(self, input_dict: dict[str, Any], *_: Any, **about: Any) -> dict[str, Any]:
        (weight,) = input_dict.values()
        weight = weight[0] if isinstance(weight, list) else weight
        key = about["full_layer_name"]
        path, _dot, name = key.rpartition(".")
        layer = about["model"].get_submodule(path)
        if experts.is_experts(layer):
            experts.take(layer, name, weight)
        else:
            layer.take(weight)
        layer._is_hf_initialized = True  # or transformers initialises it with random numbers
        about["missing_keys"].discard(key)
        return {}


def _store_embeddings(model: nn.Module) -> None:
    """Keep embeddings in their file's number format, where that gives the same numbers."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Embedding):
                setattr(parent, name, _stored(child))


def _stored(layer: nn.Embedding) -> nn.Module:
    table = layer.weight.detach()
    first = min(len(table), 64)
    rows = table[:first].float()
    stored = StoredEmbedding(layer)

    def original(ids: torch.Tensor) -> Any:
        return torch.func.functional_call(layer, {"weight": rows}, (ids,))

    if same_numbers(original, stored, (torch.arange(first).flip(0)[None],)):
        return stored
    layer.weight = nn.Parameter(table.float(), requires_grad=False)
    return layer


def _merge(parent: nn.Module, names: tuple[str, ...]) -> None:
    children = [getattr(parent, name, None) for name in names]
    linears = [child for child in children if type(child) is nn.Linear]
    if len(linears) < len(names) or len({child.in_features for child in linears}) > 1:
        return
    merged = Merged(linears[0].in_features, [child.out_features for child in linears])
    for index, (name, child) in enumerate(zip(names, linears, strict=True)):
        setattr(parent, name, MergedPart(merged, index, child.bias is not None))


def _empty(linear: nn.Linear) -> Int8Linear:
    return Int8Linear(linear.in_features, linear.out_features, linear.bias is not None)
