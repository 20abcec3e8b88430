"""The bytes that a model will hold, told by its layers before any weight is read."""

import copy
from math import prod
from typing import Any

import torch
from torch import nn

from service.llm.int8 import packed_bytes
from service.llm.quantizer import Int8Config, Int8Quantizer


def weight_bytes(shell: Any, formats: dict[str, Any]) -> int:
    """What the weights of `shell`, a model on the meta device, take once it is loaded.

    `formats` is what from_pretrained is told: the number format, and whether layers are in 8 bits.
    """
    asked = formats.get("quantization_config")
    if asked is None:
        size: int = formats["dtype"].itemsize
        return size * int(sum(weight.numel() for weight in shell.parameters()))
    return _int8_bytes(copy.deepcopy(shell), asked)


def _int8_bytes(model: Any, asked: Int8Config) -> int:
    """What the quantiser takes, in 8 bits; tables as they are stored, all else float32.

    A tied head is held beside its table.
    """
    quantizer = Int8Quantizer(asked)
    with torch.device("meta"):
        quantizer._process_model_before_weight_loading(model)
    tied = set(model.all_tied_weights_keys)
    tables = [module.weight for module in model.modules() if isinstance(module, nn.Embedding)]
    needed: int = sum(table.numel() * table.dtype.itemsize for table in tables)
    if tied:
        needed += _packed(model.get_input_embeddings().weight.shape)
    counted = {id(table) for table in tables}
    for name, weight in model.named_parameters():
        if id(weight) not in counted and name not in tied:
            taken = quantizer.param_needs_quantization(model, name)
            needed += _packed(weight.shape) if taken else weight.numel() * torch.float32.itemsize
    return needed


def _packed(shape: torch.Size) -> int:
    """The bytes of one matrix in 8 bits, or of several (experts)."""
    return prod(shape[:-2]) * packed_bytes(shape[-2], shape[-1])
