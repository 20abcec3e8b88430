"""Rotary positions in one pass over memory, in place of transformers' own function."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from service.engines.transformers.native.calls import call, is_plain

Rotary = Callable[..., tuple[Tensor, Tensor]]
CLOSE = 1e-5


def apply_rotary_pos_emb(original: Rotary) -> Rotary:
    """As `original`, in C where it can be; `original` itself where it turns numbers another way."""

    def rotary(
        q: Tensor, k: Tensor, cos: Tensor, sin: Tensor, unsqueeze_dim: int = 1, **more: Any
    ) -> tuple[Tensor, Tensor]:
        """(rows, heads, tokens, depth) in and out; `cos`, `sin`: (rows, tokens, turned)."""
        fits = unsqueeze_dim == 1 and not more and _fits(q, cos, sin) and _fits(k, cos, sin)
        if not fits:
            return original(q, k, cos, sin, unsqueeze_dim=unsqueeze_dim, **more)
        return _rotate(q, cos, sin), _rotate(k, cos, sin)

    return rotary if _agree(rotary, original) else original


def _fits(x: Tensor, cos: Tensor, sin: Tensor) -> bool:
    return (
        all(map(is_plain, (x, cos, sin)))
        and x.ndim == 4
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


@torch.inference_mode()
def _agree(made: Rotary, original: Rotary) -> bool:
    """On random numbers, of which all or the first half are turned; never where neither works."""
    chance, compared = torch.Generator().manual_seed(0), 0
    for turned in (16, 8):
        q, k = torch.randn(2, 2, 3, 5, 16, generator=chance)
        cos, sin = torch.randn(2, 2, 5, turned, generator=chance)
        try:
            expected = original(q, k, cos, sin)
        except Exception:  # it always turns all of a head, or wants something else
            continue
        for one, other in zip(made(q, k, cos, sin), expected, strict=True):
            if not torch.allclose(one, other, rtol=CLOSE, atol=CLOSE):
                return False
        compared += 1
    return compared > 0


MAKERS: dict[str, Callable[[Any], Any]] = {"apply_rotary_pos_emb": apply_rotary_pos_emb}
