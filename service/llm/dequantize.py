"""Dequantisation: weights that are published in 4 or 8 bits, as plain ones.

FP8 weights have a scale for each block, channel or matrix; MXFP4 experts one for every 32 numbers.
transformers' own classes for them want a GPU, and could not be quantised to int8 afterwards.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

METHODS = {"fp8", "fbgemm_fp8", "mxfp4"}
"""Values of `quant_method` in a configuration."""
FORMATS = {"float-quantized", "naive-quantized"}
"""Formats of the method "compressed-tensors" that are a scale beside each weight too."""
BLOCK = (128, 128)
"""Outputs and inputs that share an FP8 scale where the configuration does not say."""

_SCALES = ("_scale_inv", "_scale")
_UNUSED = ("activation_scale", "input_scale", "k_scale", "v_scale")
_E2M1 = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
_EXPONENT_BIAS = 127


class Quantization(NamedTuple):
    """The quantisation that a configuration states. `block`: rows and columns of a scale."""

    method: str
    block: tuple[int, int]

    @classmethod
    def of(cls, config: dict[str, Any]) -> "Quantization | None":
        """From config.json; None where the weights are plain."""
        text = config.get("text_config") or {}
        found = config.get("quantization_config") or text.get("quantization_config")
        if not found:
            return None
        method = found.get("quant_method", "unknown")
        rows, columns = found.get("weight_block_size") or BLOCK
        return cls(f"{method} {found.get('format', '')}".strip(), (rows, columns))

    @property
    def readable(self) -> bool:
        """Whether `dequantized` knows the format."""
        method, _space, form = self.method.partition(" ")
        return method in METHODS or (method == "compressed-tensors" and form in FORMATS)


class DequantizedWeight:
    """A weight that stays in its file until it is sliced, and is plain from then on.

    `weight`, `scale`: slices of a file. `convert`: from both to the plain weight.
    """

    def __init__(
        self, weight: Any, scale: Any, convert: Callable[[Tensor, Tensor], Tensor]
    ) -> None:
        self._weight, self._scale, self._convert = weight, scale, convert

    def __getitem__(self, _whole: Any) -> Tensor:
        """The whole weight, for any slice."""
        return self._convert(self._weight[...], self._scale[...])


def dequantized(
    weights: dict[str, Any],
    quantization: Quantization,
    dtype_of: Callable[[str], torch.dtype],
) -> dict[str, Any]:
    """`weights` by name, with a plain weight for each pair of a quantised one and its scales."""
    plain: dict[str, Any] = {}
    for name, weight in weights.items():
        if name.endswith("_blocks") and (scales := weights.get(f"{name[:-7]}_scales")) is not None:
            key = name.removesuffix("_blocks")
            plain[key] = DequantizedWeight(weight, scales, _mxfp4(dtype_of(key)))
        elif suffix := next((end for end in _SCALES if name + end in weights), None):
            convert = _scaled(quantization.block, dtype_of(name))
            plain[name] = DequantizedWeight(weight, weights[name + suffix], convert)
        elif not _belongs(name, weights):
            plain[name] = weight
    return plain


def _belongs(name: str, weights: dict[str, Any]) -> bool:
    """Whether the tensor `name` only describes others."""
    if name.endswith("_scales"):
        return f"{name[:-7]}_blocks" in weights
    return name.endswith(_UNUSED) or any(
        name.endswith(end) and name.removesuffix(end) in weights for end in _SCALES
    )


def _scaled(block: tuple[int, int], dtype: torch.dtype) -> Callable[[Tensor, Tensor], Tensor]:
    def convert(weight: Tensor, scale: Tensor) -> Tensor:
        matrices = weight.flatten(0, -3) if weight.ndim > 2 else weight[None]
        scales = _numbers(scale)
        plain = torch.empty(matrices.shape, dtype=dtype)
        grids = scales.flatten(0, -3) if scales.ndim > 2 else scales[None]
        for index, matrix in enumerate(matrices):
            _scale_matrix(matrix, grids[index % len(grids)], block, plain[index])
        return plain.view(weight.shape)

    return convert


def _scale_matrix(weight: Tensor, scale: Tensor, block: tuple[int, int], plain: Tensor) -> None:
    """Write `weight` times its scale to `plain`, a row of blocks at a time."""
    rows, columns = weight.shape
    grid = scale.view(1, 1) if scale.numel() == 1 else scale.view(-1, max(1, scale.shape[-1]))
    if scale.ndim == 1 and scale.numel() == rows:
        grid = scale.view(rows, 1)  # one for each channel
    high = _edge(rows, len(grid), block[0])
    wide = _edge(columns, grid.shape[1], block[1])
    for index, scales in enumerate(grid):
        part = slice(index * high, (index + 1) * high)
        factors = scales.repeat_interleave(wide)[:columns]
        plain[part] = weight[part].float() * factors


def _edge(size: int, count: int, published: int) -> int:
    """The edge of `count` blocks over `size` numbers; the last block may be smaller."""
    return published if -(-size // published) == count else -(-size // count)


def _numbers(scale: Tensor) -> Tensor:
    """Scales in float32; bytes are exponents of two."""
    if scale.dtype == torch.uint8:
        return torch.exp2(scale.float() - _EXPONENT_BIAS)
    return scale.float()


def _mxfp4(dtype: torch.dtype) -> Callable[[Tensor, Tensor], Tensor]:
    levels = torch.tensor([*_E2M1, *(-level for level in _E2M1)], dtype=dtype)
    # Two numbers a byte, the first in its lower half.
    pairs = torch.stack([levels[torch.arange(256) % 16], levels[torch.arange(256) // 16]], dim=-1)

    def convert(blocks: Tensor, scales: Tensor) -> Tensor:
        """Blocks (experts, channels, groups, 16) as weights (experts, inputs, channels)."""
        experts, channels, groups, size = blocks.shape
        plain = torch.empty(experts, groups * size * 2, channels, dtype=dtype)
        for expert in range(experts):
            numbers = pairs[blocks[expert].int()].flatten(2)
            numbers *= torch.exp2(scales[expert].float() - _EXPONENT_BIAS)[..., None].to(dtype)
            plain[expert] = numbers.flatten(1).T
        return plain

    return convert
