"""llama.cpp's Q8_0, simulated in plain torch: what 8 bits in blocks of 32 make of a model.

Weights, embeddings and what linear layers and experts read are rounded to 8 bits with a scale for
every 32 numbers along the input, and multiplied in float32. Nothing of the engine is used.
Source of the format: block_q8_0 and quantize_row_q8_0_ref in ggml-quants.c of ggml-org/llama.cpp.
"""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from tests.support.families import input_axis, matrices, routers

BLOCK = 32
_PRODUCTS = {torch.matmul, torch.Tensor.matmul, torch.Tensor.__matmul__}


def rounded(x: Tensor, axis: int = -1) -> Tensor:
    """`x` as 8 bits with a scale for each 32 along `axis` have it."""
    rows = x.movedim(axis, -1)
    width = rows.shape[-1]
    blocks = functional.pad(rows, (0, -width % BLOCK)).unflatten(-1, (-1, BLOCK))
    scale = blocks.abs().amax(-1, keepdim=True) / 127
    kept = (blocks / scale.clamp(min=1e-30)).round() * scale
    return kept.flatten(-2)[..., :width].movedim(-1, axis)


class _RoundedInputs(TorchFunctionMode):
    """Rounds what every linear layer and every expert reads, but not what a router reads."""

    def __init__(self, exact: set[int]) -> None:
        super().__init__()
        self._exact = exact

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        if (func is functional.linear and id(args[1]) not in self._exact) or (
            # An expert's matrix, or all of them; attention's have four dimensions.
            (func in _PRODUCTS and args[1].dim() == 2) or func is torch.bmm
        ):
            args = (rounded(args[0]), *args[1:])
        return func(*args, **(kwargs or {}))


@torch.inference_mode()
def logits(model: Any, ids: Tensor) -> Tensor:
    """(texts, tokens, words) of `model`, all of whose matrices are in blocks of 8 bits."""
    small = copy.deepcopy(model)
    small.set_experts_implementation("eager")
    for name, weight in matrices(small):
        weight.copy_(rounded(weight, input_axis(name, weight)))
    with _RoundedInputs(routers(small)):
        found: Tensor = small(input_ids=ids, use_cache=False).logits
    return found
