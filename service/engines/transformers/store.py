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

from service.engines.transformers.looks import Layout
from service.engines.transformers.room import BLOCK


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
    """By torch's operators, one look after the other: (heads, tokens, depth)."""

    def __init__(
        self, blocks: int, heads: int, depth: int, dtype: torch.dtype, device: torch.device
    ) -> None:
        shape = (heads, blocks * BLOCK, depth)
        self._keys = torch.zeros(shape, dtype=dtype, device=device)
        self._values = torch.zeros(shape, dtype=dtype, device=device)
        self.token_bytes = 2 * heads * depth * dtype.itemsize

    def write(self, keys: torch.Tensor, values: torch.Tensor, layout: Layout) -> None:
        slots = layout.slots.to(self._keys.device)
        self._keys[:, slots] = keys.transpose(0, 1).to(self._keys.dtype)
        self._values[:, slots] = values.transpose(0, 1).to(self._values.dtype)

    def attend(self, query: torch.Tensor, layout: Layout, how: How) -> torch.Tensor:
        seen: list[list[tuple[int, int, int]]] = [[] for _ in range(len(query))]
        for level in layout.levels:
            order = level.tokens.tolist()
            for first, count, slot, length, position in level.segments.tolist():
                for token in order[first : first + count]:
                    seen[token].append((slot, length, position))
        out = torch.empty_like(query)
        # Tokens that see the same spans are one call.
        together: dict[tuple[tuple[int, int, int], ...], list[int]] = {}
        for token, spans in enumerate(seen):
            together.setdefault(tuple(spans), []).append(token)
        for same, tokens in together.items():
            out[tokens] = self._look(query[tokens], layout.positions[tokens], same, how)
        return out

    def _look(
        self,
        query: torch.Tensor,
        positions: torch.Tensor,
        spans: tuple[tuple[int, int, int], ...],
        how: How,
    ) -> torch.Tensor:
        device = query.device
        keys = torch.cat([self._keys[:, slot : slot + n] for slot, n, _ in spans], 1)
        values = torch.cat([self._values[:, slot : slot + n] for slot, n, _ in spans], 1)
        at = torch.cat([torch.arange(first, first + n) for _, n, first in spans]).to(device)
        now = positions.to(device)[:, None]
        mask = at <= now
        if how.window:
            mask &= at > now - how.window
        group = query.shape[1] // keys.shape[0]
        keys = keys.repeat_interleave(group, 0).to(query.dtype)
        values = values.repeat_interleave(group, 0).to(query.dtype)
        rows = query.transpose(0, 1)
        if how.cap:
            scores = (rows @ keys.transpose(1, 2)).float() * how.scale
            scores = how.cap * torch.tanh(scores / how.cap)
            weights = scores.masked_fill(~mask, -math.inf).softmax(-1).to(query.dtype)
            return (weights @ values).transpose(0, 1)
        gathered = scaled_dot_product_attention(
            rows[None], keys[None], values[None], attn_mask=mask, scale=how.scale
        )
        return gathered[0].transpose(0, 1)


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
        ("peaks", ctypes.c_void_p),
        ("positions", ctypes.c_void_p),
        ("group", ctypes.c_int64),
        ("window", ctypes.c_int64),
        ("scale", ctypes.c_float),
        ("cap", ctypes.c_float),
    ]


LANES = 16
"""A row of values is rounded up to this many numbers, so that it is whole vectors."""
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
        self._width = -(-self.depth // LANES) * LANES
        # Not touched until it is written: memory is taken as it fills. But where a value row is
        # wider than its depth, the rest must not be noise.
        make = torch.empty if self._width == self.depth else torch.zeros
        places = (self.heads, self.blocks)
        self._keys = torch.empty((*places, self.depth, BLOCK), dtype=self.dtype)
        self._values = make((*places, BLOCK, self._width), dtype=self.dtype)
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
        sums = torch.zeros(tokens, heads, self._width)
        peaks = torch.zeros(tokens, heads, 2)
        peaks[..., 0] = -math.inf
        queries = _CQueries(
            rows.data_ptr(),
            *rows.stride()[:2],
            sums.data_ptr(),
            peaks.data_ptr(),
            layout.positions.data_ptr(),
            heads // self.heads,
            how.window,
            how.scale,
            how.cap,
        )
        for level in layout.levels:
            self.library.attend(
                ctypes.byref(self._pool),
                ctypes.byref(queries),
                _at(level.segments),
                ctypes.c_int64(len(level.segments)),
                _at(level.tokens),
            )
        out = torch.empty(tokens, heads, depth)
        self.library.settle(
            _at(sums),
            _at(peaks),
            _at(out),
            *map(ctypes.c_int64, (tokens * heads, self._width, depth)),
        )
        return out.to(query.dtype)


def _rows(tensor: torch.Tensor) -> torch.Tensor:
    """As float32 whose last numbers lie side by side; no copy where it is so already."""
    tensor = tensor.float()
    return tensor if tensor.stride(-1) == 1 else tensor.contiguous()


def _at(tensor: torch.Tensor) -> ctypes.c_void_p:
    return ctypes.c_void_p(tensor.data_ptr())
