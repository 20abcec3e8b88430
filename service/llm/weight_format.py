"""Weight format: the number format that weights are loaded in, and the bytes they take."""

import copy
import logging
from collections.abc import Callable
from math import prod
from typing import Any

import torch
from torch import nn

from service.errors import BadSetting
from service.llm.int8 import packed_bytes
from service.llm.quantizer import Int8Config, Int8Quantizer

log = logging.getLogger(__name__)

INSTEAD = (
    "Take the model as it was before (bfloat16), in FP8 or as a GGUF file, or serve it with another"
    " program and use --engine remote"
)


def choose_dtype(
    setting: str, device: torch.device, config: Any, name: str, has_kernels: bool
) -> str:
    """The number format by `setting`; `auto` is the fastest that keeps the quality.

    Raises BadSetting where model `name` can't be loaded in it on `device`.
    """
    if device.type == "cpu" and (method := _quantized_by(config)):
        raise BadSetting(
            f"model {name}: its weights are quantised as {method}, which Diglot does not read on a"
            f" CPU. {INSTEAD}"
        )
    if setting == "auto" and device.type == "cuda":
        return "bfloat16"
    if setting not in {"auto", "int8"}:
        return setting
    if device.type == "cuda":
        raise BadSetting("dtype: int8 is for a CPU; a GPU takes bfloat16")
    if has_kernels:
        return "int8"
    if setting == "int8":
        raise BadSetting(
            "dtype: int8 needs the compiled kernels, which can't be had here (the log says why)."
            " Install a C compiler, or take float32 or bfloat16"
        )
    log.warning("dtype: without the compiled kernels (a C compiler) the model runs in float32")
    return "float32"


def _quantized_by(config: Any) -> str | None:
    """The name of the weights' own quantisation, where the checkpoint does not undo it."""
    for part in (config, config.get_text_config()):
        if found := getattr(part, "quantization_config", None):
            about = found if isinstance(found, dict) else found.to_dict()
            return str(about.get("quant_method", "unknown"))
    return None


def load_options(dtype: str, config: Any) -> dict[str, Any]:
    """The arguments of `from_pretrained` that load weights as `dtype`."""
    if dtype != "int8":
        return {"dtype": getattr(torch, dtype)}
    stored = config.get_text_config().dtype or config.dtype or torch.float32
    quantization = Int8Config(stored=str(stored).removeprefix("torch."))
    return {"dtype": torch.float32, "quantization_config": quantization}


def dtype_by_name(shell: Any, options: dict[str, Any]) -> Callable[[str], torch.dtype]:
    """A function from a weight's name to the number format that it is needed in.

    `shell`: the model on the meta device. `options`: from `load_options`.
    """
    usual: torch.dtype = options["dtype"]
    if "quantization_config" not in options:
        return lambda _name: usual
    stored: torch.dtype = getattr(torch, options["quantization_config"].stored)
    table = shell.get_input_embeddings().weight
    tables = {name for name, weight in shell.named_parameters() if weight is table}
    return lambda name: stored if name in tables else usual


def weight_bytes(shell: Any, options: dict[str, Any]) -> int:
    """The memory that the weights of `shell`, a model on the meta device, take once loaded.

    `options`: from `load_options`.
    """
    quantization = options.get("quantization_config")
    if quantization is None:
        size: int = options["dtype"].itemsize
        return size * int(sum(weight.numel() for weight in shell.parameters()))
    return _int8_bytes(copy.deepcopy(shell), quantization)


def _int8_bytes(model: Any, quantization: Int8Config) -> int:
    """Quantised weights in 8 bits, embeddings in the format of their file, the rest in float32.

    A tied output layer is held in addition to its embedding.
    """
    quantizer = Int8Quantizer(quantization)
    with torch.device("meta"):
        quantizer._process_model_before_weight_loading(model)
    tied = set(model.all_tied_weights_keys)
    tables = [module.weight for module in model.modules() if isinstance(module, nn.Embedding)]
    total: int = sum(table.numel() * table.dtype.itemsize for table in tables)
    if tied:
        total += _matrix_bytes(model.get_input_embeddings().weight.shape)
    counted = {id(table) for table in tables}
    for name, weight in model.named_parameters():
        if id(weight) not in counted and name not in tied:
            quantised = quantizer.param_needs_quantization(model, name)
            float_bytes = weight.numel() * torch.float32.itemsize
            total += _matrix_bytes(weight.shape) if quantised else float_bytes
    return total


def _matrix_bytes(shape: torch.Size) -> int:
    """The bytes of one matrix in 8 bits, or of several (experts)."""
    return prod(shape[:-2]) * packed_bytes(shape[-2], shape[-1])
