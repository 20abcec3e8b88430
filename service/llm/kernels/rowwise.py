"""Row-wise argmax, log-sum-exp and norms in C, with fewer passes over memory than in torch."""

import ctypes

import torch
from torch import Tensor

from service.llm.kernels.build import library
from service.llm.kernels.ops import call

LANES = 16
"""The width of a gated norm must be a multiple of this, so that rows are whole vectors."""


def available(x: Tensor) -> bool:
    """Whether the kernels can compute `x`."""
    return x.device.type == "cpu" and x.dtype == torch.float32 and library() is not None


def argmax(x: Tensor) -> Tensor:
    """The index of the largest number of each row of `x` (rows, width): int64 (rows,).

    The first of equal numbers, or the first NaN if there is one, as torch.argmax does.
    """
    x = x.contiguous()
    indices = torch.empty(len(x), dtype=torch.int64)
    call("argmax", x, indices, *x.shape)
    return indices


def log_sum_exp(x: Tensor) -> Tensor:
    """The logarithm of the sum of the exponentials of each row of `x` (rows, width): (rows,)."""
    x = x.contiguous()
    sums = torch.empty(len(x))
    call("log_sum_exp", x, sums, *x.shape)
    return sums


def rms_norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """Each row of `x` (..., width) divided by its root mean square, times `weight` (width,)."""
    count, heads, width = x.shape[:-2].numel(), x.shape[-2] if x.ndim > 1 else 1, x.shape[-1]
    try:
        rows = _rows(x).view(count, heads, width)
    except RuntimeError:  # the strides of the first dimensions don't make one
        rows = x.reshape(count, heads, width)
    out = torch.empty(x.shape)
    strides = (rows.stride(0), heads, rows.stride(1))
    call("rms_norm", rows, *strides, weight, ctypes.c_float(epsilon), out, count, width)
    return out


def gated_norm(x: Tensor, gate: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """rms_norm(x) * silu(gate), of `x` and `gate` (..., width)."""
    rows, gates = (_rows(tensor.reshape(-1, tensor.shape[-1])) for tensor in (x, gate))
    out = torch.empty(rows.shape)
    strided = (rows, rows.stride(0), gates, gates.stride(0))
    call("gated_norm", *strided, weight, ctypes.c_float(epsilon), out, *rows.shape)
    return out.view(x.shape)


def _rows(x: Tensor) -> Tensor:
    return x if x.stride(-1) == 1 else x.contiguous()
