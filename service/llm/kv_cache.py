"""Keys and values of everything that was read, allocated once and written in place.

Each attention layer has one pool of blocks. Two kinds do the same: `NativePool` in C for a CPU,
`TorchPool` with torch's operators for a GPU and where there is no C compiler.
"""

import ctypes
import math
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch.nn.functional import scaled_dot_product_attention

from service.llm.attention_metadata import Layout
from service.llm.block_manager import BLOCK
from service.llm.dense_attention import Call, calls


@dataclass(frozen=True, slots=True)
class How:
    """How scores become weights: what a layer's attention multiplies, caps and sees."""

    scale: float
    window: int = 0
    """How many tokens back a token sees, itself included; 0: all."""
    cap: float = 0.0
    """Scores are bent below this by a tanh (Gemma 2); 0: they are not."""


class Pool(Protocol):
    """The keys and values of one layer.

    `keys` and `values` are (tokens, heads, depth) with any strides, of any float type.
    """

    @property
    def token_bytes(self) -> int:
        """What a stored token takes."""
        ...

    def write(self, keys: torch.Tensor, values: torch.Tensor, layout: Layout) -> None: ...

    def attend(self, query: torch.Tensor, layout: Layout, how: How) -> torch.Tensor:
        """What each token gathers: (tokens, query heads, depth), of the query's type."""
        ...


class TorchPool:
    """By torch's operators: (heads, tokens, depth)."""

    def __init__(
        self, blocks: int, heads: int, depth: int, dtype: torch.dtype, device: torch.device
    ) -> None:
        shape = (heads, blocks * BLOCK, depth)
        self._keys = torch.zeros(shape, dtype=dtype, device=device)
        self._values = torch.zeros(shape, dtype=dtype, device=device)
        self.token_bytes = 2 * heads * depth * dtype.itemsize

    def write(self, keys: torch.Tensor, values: torch.Tensor, layout: Layout) -> None:
        device = self._keys.device
        slots = layout.once(device, lambda: layout.slots.to(device))
        self._keys[:, slots] = keys.transpose(0, 1).to(self._keys.dtype)
        self._values[:, slots] = values.transpose(0, 1).to(self._values.dtype)

    def attend(self, query: torch.Tensor, layout: Layout, how: How) -> torch.Tensor:
        out = torch.empty_like(query)
        for call in calls(layout, how.window, query.device):
            out[call.tokens] = self._gather(query[call.tokens], call, how)
        return out

    def _gather(self, query: torch.Tensor, call: Call, how: How) -> torch.Tensor:
        """(rows, queries, query heads, depth) in and out."""
        keys, values = (
            stored[:, call.slots].transpose(0, 1) for stored in (self._keys, self._values)
        )
        # The heads that share keys are so many more queries of one head: nothing is repeated but
        # the mask. (`enable_gqa` with a mask is for torch's slowest kernel alone, on a GPU.)
        count, queries, heads, depth = query.shape
        group = heads // keys.shape[1]
        rows = query.transpose(1, 2).reshape(count, -1, group * queries, depth)
        mask = call.mask.repeat(1, 1, group, 1)
        if not how.cap and query.dtype == keys.dtype:
            gathered = scaled_dot_product_attention(
                rows, keys, values, attn_mask=mask, scale=how.scale
            )
        else:  # in float32, of numbers that are rounded as the stored ones are
            scores = (rows.to(keys.dtype).float() @ keys.transpose(2, 3).float()) * how.scale
            if how.cap:
                scores = how.cap * torch.tanh(scores / how.cap)
            weights = scores.masked_fill(~mask, -math.inf).softmax(-1).to(values.dtype)
            gathered = (weights.float() @ values.float()).to(query.dtype)
        return gathered.reshape(count, heads, queries, depth).transpose(1, 2)


class _CPool(ctypes.Structure):
    _fields_ = [
        ("keys", ctypes.c_void_p),
        ("values", ctypes.c_void_p),
        ("blocks", ctypes.c_int64),
        ("heads", ctypes.c_int64),
        ("depth", ctypes.c_int64),
        ("width", ctypes.c_int64),
        ("half", ctypes.c_int32),
    ]


class _CQueries(ctypes.Structure):
    _fields_ = [
        ("query", ctypes.c_void_p),
        ("query_token", ctypes.c_int64),
        ("query_head", ctypes.c_int64),
        ("out", ctypes.c_void_p),
        ("order", ctypes.c_void_p),
        ("positions", ctypes.c_void_p),
        ("spans", ctypes.c_void_p),
        ("tokens", ctypes.c_int64),
        ("levels", ctypes.c_int64),
        ("group", ctypes.c_int64),
        ("window", ctypes.c_int64),
        ("scale", ctypes.c_float),
        ("cap", ctypes.c_float),
    ]


LANES = 16
"""A row of values is rounded up to this many numbers, so that it is whole vectors."""
NATIVE_TYPES = (torch.float32, torch.bfloat16)
"""What the kernels store."""
DEEPEST = 256
"""The widest head that the kernels have scratch for."""


@dataclass(slots=True)
class NativePool:
    """By the kernels; keys and values float32 or bfloat16, on a CPU."""

    library: Any
    blocks: int
    heads: int
    depth: int
    dtype: torch.dtype
    _keys: torch.Tensor = field(init=False)
    _values: torch.Tensor = field(init=False)
    _width: int = field(init=False)
    _pool: _CPool = field(init=False)

    def __post_init__(self) -> None:
        if self.dtype not in NATIVE_TYPES:
            raise ValueError(f"the kernels do not store {self.dtype}")
        self._width = -(-self.depth // LANES) * LANES
        # Not touched until it is written: memory is taken as it fills.
        places = self.heads * self.blocks * BLOCK
        self._keys = torch.empty(places * self.depth, dtype=self.dtype)
        self._values = torch.empty(places * self._width, dtype=self.dtype)
        self._pool = _CPool(
            self._keys.data_ptr(),
            self._values.data_ptr(),
            self.blocks,
            self.heads,
            self.depth,
            self._width,
            self.dtype == torch.bfloat16,
        )

    @property
    def token_bytes(self) -> int:
        return self.heads * (self.depth + self._width) * self.dtype.itemsize

    def write(self, keys: torch.Tensor, values: torch.Tensor, layout: Layout) -> None:
        keys, values = _rows(keys), _rows(values)
        self.library.store(
            ctypes.byref(self._pool),
            _at(keys),
            *map(ctypes.c_int64, keys.stride()[:2]),
            _at(values),
            *map(ctypes.c_int64, values.stride()[:2]),
            _at(layout.slots),
            ctypes.c_int64(len(layout.slots)),
        )

    def attend(self, query: torch.Tensor, layout: Layout, how: How) -> torch.Tensor:
        rows = _rows(query)
        tokens, heads, depth = rows.shape
        out = torch.empty(tokens, heads, depth)
        queries = _CQueries(
            rows.data_ptr(),
            *rows.stride()[:2],
            out.data_ptr(),
            layout.order.data_ptr(),
            layout.positions.data_ptr(),
            layout.spans.data_ptr(),
            tokens,
            layout.spans.shape[1],
            heads // self.heads,
            how.window,
            how.scale,
            how.cap,
        )
        if self.library.attend(ctypes.byref(self._pool), ctypes.byref(queries)):
            raise MemoryError("no memory for the scores of attention")
        return out.to(query.dtype)


def _rows(tensor: torch.Tensor) -> torch.Tensor:
    """As float32 whose last numbers lie side by side; no copy where it is so already."""
    tensor = tensor.float()
    return tensor if tensor.stride(-1) == 1 else tensor.contiguous()


def _at(tensor: torch.Tensor) -> ctypes.c_void_p:
    return ctypes.c_void_p(tensor.data_ptr())
