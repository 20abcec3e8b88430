"""Gated linear attention (Qwen3.5) in C, in place of transformers' own functions.

Each replacement computes a call in C where the kernel supports its arguments, and passes it on to
transformers' function otherwise.
"""

import ctypes
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from service.llm.kernels.build import library
from service.llm.kernels.ops import call, check_constants, check_struct, is_plain

LANES = 16
"""Channels must be whole vectors of this many numbers, on every processor."""
MAX_HEAD_DIM = 256
Rule = Callable[..., tuple[Tensor, Tensor | None]]


class _Delta(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("query", "key", "value", "gate", "beta")),
        ("strides", ctypes.c_int64 * 15),
        ("state", ctypes.c_void_p),
        ("out", ctypes.c_void_p),
        *(
            (name, ctypes.c_int64)
            for name in ("rows", "tokens", "heads", "value_heads", "depth", "width", "state_row")
        ),
    ]


def _delta_rule(original: Rule) -> Rule:
    check_constants(library(), max_head_dim=MAX_HEAD_DIM, alignment=LANES)
    check_struct(library(), "delta", _Delta)

    def delta_rule(  # noqa: PLR0913, PLR0917 (as transformers calls it)
        query: Tensor,
        key: Tensor,
        value: Tensor,
        g: Tensor,
        beta: Tensor,
        initial_state: Tensor | None = None,
        **more: Any,
    ) -> tuple[Tensor, Tensor | None]:
        """The gated delta rule; changes `initial_state` in place and returns it."""
        inputs = (query, key, value, g, beta)
        if not _delta_rule_fits(inputs, initial_state, more):
            return original(query, key, value, g, beta, initial_state=initial_state, **more)
        rows, tokens, heads, depth = key.shape
        value_heads, width = value.shape[2:]
        state = initial_state
        if state is None:
            state = torch.zeros(rows, value_heads, depth, width)
        out = torch.empty(rows, tokens, value_heads, width)
        strides = [stride for tensor in inputs for stride in tensor.stride()[:3]]
        delta = _Delta(
            *(tensor.data_ptr() for tensor in inputs),
            (ctypes.c_int64 * 15)(*strides),
            state.data_ptr(),
            out.data_ptr(),
            *(rows, tokens, heads, value_heads, depth, width, state.stride(0)),
        )
        call("delta_rule", ctypes.byref(delta))
        return out, state if more.get("output_final_state") else None

    return delta_rule


def _delta_rule_fits(
    inputs: tuple[Tensor, ...], state: Tensor | None, more: dict[str, Any]
) -> bool:
    query, key, value, _, _ = inputs
    tensors = [*inputs, *([] if state is None else [state])]
    return (
        bool(more.get("use_qk_l2norm_in_kernel"))
        and more.get("cu_seqlens") is None
        and key.shape[-1] <= MAX_HEAD_DIM
        and value.shape[-1] % LANES == 0
        and all(map(is_plain, tensors))
        and all(tensor.stride(-1) == 1 for tensor in (query, key, value))
        and (state is None or state[0].is_contiguous())
    )


def _convolution(original: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def convolution(
        hidden_states: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        activation: str | None = None,
        **more: Any,
    ) -> Tensor:
        """(1, channels, tokens) in and out; channels lie side by side in memory."""
        rows, channels, tokens = hidden_states.shape
        if not _convolution_fits(hidden_states, weight, bias, activation) or rows != 1:
            return original(hidden_states, weight, bias, activation, **more)
        taps = weight.t().contiguous()
        out = torch.empty(1, tokens, channels)
        step = hidden_states.stride(2)
        call("convolve", hidden_states, step, taps, out, tokens, channels, len(taps))
        return out.transpose(1, 2)

    return convolution


def _convolution_step(original: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def convolution_step(
        hidden_states: Tensor,
        conv_state: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        activation: str | None = None,
    ) -> Tensor:
        """(rows, channels, 1) in and out; updates `conv_state` (rows, channels, taps) in place."""
        rows, channels, tokens = hidden_states.shape
        fits = (
            _convolution_fits(hidden_states, weight, bias, activation)
            and tokens == 1
            and conv_state.shape[-1] == weight.shape[-1]
            and conv_state[0].is_contiguous()
            and weight.is_contiguous()
            and is_plain(conv_state)
        )
        if not fits:
            return original(hidden_states, conv_state, weight, bias, activation)
        out = torch.empty(rows, channels, 1)
        call(
            "convolve_step",
            *(hidden_states, hidden_states.stride(0), conv_state, conv_state.stride(0)),
            *(weight, out, rows, channels, weight.shape[-1]),
        )
        return out

    return convolution_step


def _convolution_fits(
    hidden_states: Tensor, weight: Tensor, bias: Tensor | None, activation: str | None
) -> bool:
    return (
        bias is None
        and activation == "silu"
        and hidden_states.shape[1] % LANES == 0
        and hidden_states.stride(1) == 1
        and is_plain(hidden_states)
        and is_plain(weight)
    )


MAKERS: dict[str, Callable[[Any], Any]] = {
    "torch_recurrent_gated_delta_rule": _delta_rule,
    "torch_chunk_gated_delta_rule": _delta_rule,
    "causal_conv1d_fn": _convolution,
    "causal_conv1d_update": _convolution_step,
}
