"""Checkpoints in 4 and 8 bits, as they are published.

Each function rounds the weights of a saved model's folder, and gives the model the rounded ones.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tests.support.checkpoints import edit_config, rewrite

BLOCK = 128
LARGEST = 448
"""The largest number of float8_e4m3fn."""
_MATRICES = ("_proj.weight", ".w1.weight", ".w2.weight", ".w3.weight")
_MIXTRAL = {"w1": "gate_proj", "w2": "down_proj", "w3": "up_proj"}
"""Names of an expert's matrices in Mixtral's and MiniMax's files."""
Scales = Callable[[Tensor], Tensor]


def grid(weight: Tensor) -> Tensor:
    """A scale for each block of 128 by 128; those at the edges are smaller."""
    rows, columns = (-(-size // BLOCK) for size in weight.shape)
    scales = torch.empty(rows, columns)
    for row in range(rows):
        for column in range(columns):
            block = weight[row * BLOCK :, column * BLOCK :][:BLOCK, :BLOCK]
            scales[row, column] = block.abs().max() / LARGEST
    return scales


def _stretched(scales: Tensor, weight: Tensor) -> Tensor:
    """A factor for each weight."""
    if scales.ndim < 2:
        return scales.expand(weight.shape)
    if scales.shape == (len(weight), 1):
        return scales.expand(weight.shape)
    whole = scales.repeat_interleave(BLOCK, 0).repeat_interleave(BLOCK, 1)
    return whole[: weight.shape[0], : weight.shape[1]]


def _to_fp8(
    folder: Path,
    source: Any,
    scales_of: Scales,
    suffix: str,
    quantization: dict[str, Any],
    stored: Callable[[Tensor], Tensor] = Tensor.contiguous,
) -> None:
    def change(weights: dict[str, Tensor]) -> None:
        for name in [name for name in weights if name.endswith(_MATRICES)]:
            scales = scales_of(weights[name])
            factors = _stretched(scales, weights[name])
            rounded = (weights[name] / factors).to(torch.float8_e4m3fn)
            weights[name] = rounded.contiguous()
            weights[name + suffix] = stored(scales)
            kept[name] = rounded.float() * factors

    kept: dict[str, Tensor] = {}
    rewrite(folder, change)
    edit_config(quantization_config=quantization)(folder)
    parameters = dict(source.named_parameters())
    for name, weight in kept.items():
        if name in parameters:
            parameters[name].data.copy_(weight)
        else:
            _put_expert(parameters, name, weight)


def _put_expert(parameters: dict[str, Tensor], name: str, weight: Tensor) -> None:
    """An expert's matrix, which the model has in a stack of them."""
    before, _, rest = name.replace(".block_sparse_moe.", ".mlp.").partition(".experts.")
    number, matrix, _ = rest.split(".")
    matrix = _MIXTRAL.get(matrix, matrix)
    if matrix == "down_proj":
        parameters[f"{before}.experts.down_proj"].data[int(number)] = weight
        return
    both = parameters[f"{before}.experts.gate_up_proj"].data[int(number)]
    half = len(both) // 2
    (both[half:] if matrix == "up_proj" else both[:half]).copy_(weight)


def fp8_blocks(folder: Path, source: Any) -> None:
    """As DeepSeek V3, MiniMax M2 and Qwen's FP8 models."""
    block = {"quant_method": "fp8", "activation_scheme": "dynamic", "weight_block_size": [128, 128]}
    _to_fp8(folder, source, grid, "_scale_inv", block)


def fp8_exponents(folder: Path, source: Any) -> None:
    """Scales that are powers of two, stored as their exponents, as DeepSeek V4's."""

    def powers(weight: Tensor) -> Tensor:
        return torch.exp2(grid(weight).log2().ceil())

    def exponents(scales: Tensor) -> Tensor:
        return (scales.log2() + 127).to(torch.uint8)

    block = {"quant_method": "fp8", "scale_fmt": "ue8m0", "weight_block_size": [128, 128]}
    _to_fp8(folder, source, powers, "_scale_inv", block, exponents)


def fp8_matrices(folder: Path, source: Any) -> None:
    """One scale a matrix, and one for its inputs, as Ministral 3."""
    static = {"quant_method": "fp8", "activation_scheme": "static", "weight_block_size": None}
    _to_fp8(folder, source, lambda weight: weight.abs().max() / LARGEST, "_scale_inv", static)
    rewrite(folder, _add_activation_scales)


def _add_activation_scales(weights: dict[str, Tensor]) -> None:
    for name in [name for name in weights if name.endswith("_scale_inv")]:
        weights[name.replace("weight_scale_inv", "activation_scale")] = torch.tensor(0.5)


def fp8_channels(folder: Path, source: Any) -> None:
    """One scale a channel, as compressed-tensors writes it."""

    def channels(weight: Tensor) -> Tensor:
        return weight.abs().amax(1, keepdim=True) / LARGEST

    about = {"quant_method": "compressed-tensors", "format": "float-quantized"}
    _to_fp8(folder, source, channels, "_scale", about)


def mxfp4(folder: Path, source: Any) -> None:
    """Experts in blocks of 32 of four bits with a power of two each, as gpt-oss."""
    levels = torch.tensor([0, 0.5, 1, 1.5, 2, 3, 4, 6])
    levels = torch.cat([levels, -levels])
    generator = torch.Generator().manual_seed(1)

    def change(weights: dict[str, Tensor]) -> None:
        for name in [name for name in weights if name.endswith(("gate_up_proj", "down_proj"))]:
            experts, inputs, channels = weights.pop(name).shape
            codes = torch.randint(0, 16, (experts, channels, inputs // 32, 32), generator=generator)
            scales = torch.randint(120, 124, codes.shape[:3], generator=generator)
            packed = codes[..., ::2] + codes[..., 1::2] * 16
            weights[f"{name}_blocks"] = packed.to(torch.uint8).contiguous()
            weights[f"{name}_scales"] = scales.to(torch.uint8).contiguous()
            kept = levels[codes] * 2.0 ** (scales[..., None] - 127)
            source.get_parameter(name).data.copy_(kept.flatten(2).transpose(1, 2))

    rewrite(folder, change)
    edit_config(quantization_config={"quant_method": "mxfp4", "modules_to_not_convert": []})(folder)
