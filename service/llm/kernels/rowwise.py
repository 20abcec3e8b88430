"""Row-wise steps in C, for who has no torch operator that takes one pass over memory."""

import ctypes

import torch
from torch import Tensor

from service.llm.kernels.build import library
from service.llm.kernels.ops import call

LANES = 16
"""A gated norm must be whole vectors wide."""


def available(x: Tensor) -> bool:
    """Whether these functions can take `x`."""
    return x.device.type == "cpu" and x.dtype == torch.float32 and library() is not None


def likeliest(x: Tensor) -> Tensor:
    """The place of the largest number of each row of `x` (rows, width): whole numbers (rows,)."""
    x = x.contiguous()
    places = torch.empty(len(x), dtype=torch.int64)
    call("likeliest", x, places, *x.shape)
    return places


def rms_norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """Each row of `x` (..., width) over its root mean square, times `weight` (width,)."""
    rows = _rows(x.reshape(-1, x.shape[-1]))
    out = torch.empty(rows.shape)
    given = (rows, rows.stride(0), weight, ctypes.c_float(epsilon), out, *rows.shape)
    call("rms_norm", *given)
    return out.view(x.shape)


def gated_norm(x: Tensor, gate: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """rms_norm(x) * silu(gate), of `x` and `gate` (..., width)."""
    rows, gates = (_rows(one.reshape(-1, one.shape[-1])) for one in (x, gate))
    out = torch.empty(rows.shape)
    given = (rows, rows.stride(0), gates, gates.stride(0), weight, ctypes.c_float(epsilon), out)
    call("gated_norm", *given, *rows.shape)
    return out.view(x.shape)


def _rows(x: Tensor) -> Tensor:
    return x if x.stride(-1) == 1 else x.contiguous()
