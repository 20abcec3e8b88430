"""Rotary positions in one pass over memory, in place of transformers' own function."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from service.llm.equivalence import same_numbers
from service.llm.kernels.ops import call, is_plain

Rotary = Callable[..., tuple[Tensor, Tensor]]
CLOSE = 1e-5


def apply_rotary_pos_emb(original: Rotary) -> Rotary:
    """As `original`, in C where it can be; `original` itself where it turns numbers another way."""

    def rotary(*given: Any, **more: Any) -> tuple[Tensor, Tensor]:
        """Queries and keys, (rows, heads, tokens, depth) in and out; cosines and sines, (rows,
        tokens, turned). Whatever else is given is given on."""
        if len(given) == 4 and not more:
            q, k, cos, sin = given
            if _fits(q, cos, sin) and _fits(k, cos, sin):
                return _rotate(q, cos, sin), _rotate(k, cos, sin)
        return original(*given, **more)

    return rotary if _agree(rotary, original) else original


def _fits(*given: Tensor) -> bool:
    if not all(isinstance(one, Tensor) and is_plain(one) for one in given):
        return False
    x, cos, sin = given
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


def _agree(made: Rotary, original: Rotary) -> bool:
    """Whether both turn alike, all or the first half of each head; no where neither works."""
    rng = torch.Generator().manual_seed(0)
    calls = [
        (*torch.randn(2, 2, 3, 5, 16, generator=rng), *torch.randn(2, 2, 5, turned, generator=rng))
        for turned in (16, 8)
    ]
    return same_numbers(original, made, *calls, tolerance=CLOSE)


MAKERS: dict[str, Callable[[Any], Any]] = {"apply_rotary_pos_emb": apply_rotary_pos_emb}
