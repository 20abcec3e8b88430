"""Rotary positions in one pass over memory, in place of transformers' own function."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from service.llm.equivalence import same_numbers
from service.llm.kernels.ops import call, is_plain

Rotary = Callable[..., tuple[Tensor, Tensor]]
TOLERANCE = 1e-5


def apply_rotary_pos_emb(original: Rotary) -> Rotary:
    """`original` in C where the arguments fit; `original` itself where it rotates differently."""

    def rotary(*args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """Rotate queries and keys, (rows, heads, tokens, depth) in and out.

        Cosines and sines are (rows, tokens, rotated). Calls with other arguments go to `original`.
        """
        if len(args) == 4 and not kwargs:
            q, k, cos, sin = args
            if _fits(q, cos, sin) and _fits(k, cos, sin):
                return _rotate(q, cos, sin), _rotate(k, cos, sin)
        return original(*args, **kwargs)

    return rotary if _agrees(rotary, original) else original


def _fits(x: Tensor, cos: Tensor, sin: Tensor) -> bool:
    if not all(isinstance(tensor, Tensor) and is_plain(tensor) for tensor in (x, cos, sin)):
        return False
    return (
        x.ndim == 4
        and cos.ndim == 3
        and x.stride(-1) == 1
        and cos.is_contiguous()
        and sin.is_contiguous()
        and cos.shape == sin.shape == (x.shape[0], x.shape[2], cos.shape[-1])
        and cos.shape[-1] <= x.shape[-1]
        and cos.shape[-1] % 2 == 0
    )


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    rows, heads, tokens, depth = x.shape
    out = torch.empty(rows, tokens, heads, depth)
    call("rotate", x, *x.stride()[:3], cos, sin, out, *x.shape, cos.shape[-1])
    return out.transpose(1, 2)


def _agrees(replacement: Rotary, original: Rotary) -> bool:
    """Whether both rotate alike, all of each head or its first half; false where neither works."""
    rng = torch.Generator().manual_seed(0)
    calls = [
        (*torch.randn(2, 2, 3, 5, 16, generator=rng), *torch.randn(2, 2, 5, width, generator=rng))
        for width in (16, 8)
    ]
    return same_numbers(original, replacement, *calls, tolerance=TOLERANCE)


MAKERS: dict[str, Callable[[Any], Any]] = {"apply_rotary_pos_emb": apply_rotary_pos_emb}
