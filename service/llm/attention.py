"""Attention over the KV cache: in C on a CPU, by torch's operators on a GPU or without a compiler.

Both compute softmax(scale * q . k) v for each token, over the stored tokens that are in its spans
and its window and not later than itself.
"""

import ctypes
import math
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention

from service.llm.attention_metadata import AttentionMetadata
from service.llm.dense_attention import DenseBatch, dense_batches
from service.llm.kernels.ops import check_struct
from service.llm.kv_cache import (
    LayerCache,
    NativeLayerCache,
    TorchLayerCache,
    check_pool,
    float_rows,
)


@dataclass(frozen=True, slots=True)
class AttentionParams:
    """A layer's attention parameters: scale, window, soft cap and sinks."""

    scale: float
    window: int = 0
    """Tokens that a token attends to, itself and those before it; 0: all."""
    softcap: float = 0.0
    """The limit that a tanh keeps scores below (Gemma 2); 0: none."""
    sinks: torch.Tensor | None = None
    """(query heads,), scores of a virtual token that all attend to, whose value is 0 (gpt-oss)."""


def attend(
    query: torch.Tensor, cache: LayerCache, metadata: AttentionMetadata, params: AttentionParams
) -> torch.Tensor:
    """Attention of queries (tokens, query heads, key_dim).

    Returns (tokens, query heads, value_dim) of the queries' type. Raises MemoryError.
    """
    if isinstance(cache, NativeLayerCache):
        return NativeAttention(cache)(query, metadata, params)
    assert isinstance(cache, TorchLayerCache)
    return TorchAttention(cache)(query, metadata, params)


@dataclass(slots=True)
class TorchAttention:
    """Attention by torch's operators over dense batches."""

    cache: TorchLayerCache

    def __call__(
        self, query: torch.Tensor, metadata: AttentionMetadata, params: AttentionParams
    ) -> torch.Tensor:
        out = query.new_empty((*query.shape[:2], self.cache.values.shape[-1]))
        for batch in dense_batches(metadata, params.window, query.device):
            out[batch.tokens] = self._attend_dense(query[batch.tokens], batch, params)
        return out

    def _attend_dense(
        self, query: torch.Tensor, batch: DenseBatch, params: AttentionParams
    ) -> torch.Tensor:
        """(rows, queries, query heads, dim) in and out."""
        keys, values = (
            stored[:, batch.slots].transpose(0, 1)
            for stored in (self.cache.keys, self.cache.values)
        )
        # Query heads that share keys become additional queries of one head, so that only the mask
        # is repeated. (On a GPU, `enable_gqa` with a mask selects torch's slowest kernel.)
        count, queries, heads, dim = query.shape
        group = heads // keys.shape[1]
        rows = query.transpose(1, 2).reshape(count, -1, group * queries, dim)
        mask = batch.mask.repeat(1, 1, group, 1)
        plain = not params.softcap and params.sinks is None
        if plain and query.dtype == keys.dtype:
            gathered = scaled_dot_product_attention(
                rows, keys, values, attn_mask=mask, scale=params.scale
            )
        else:  # in float32, from numbers rounded like the stored ones
            scores = (rows.to(keys.dtype).float() @ keys.transpose(2, 3).float()) * params.scale
            if params.softcap:
                scores = params.softcap * torch.tanh(scores / params.softcap)
            scores = scores.masked_fill(~mask, -math.inf)
            if params.sinks is not None:
                sinks = params.sinks.float().view(-1, group, 1).expand(-1, -1, queries)
                sinks = sinks.reshape(1, -1, group * queries, 1).expand(count, -1, -1, -1)
                scores = torch.cat([scores, sinks], -1)
            weights = scores.softmax(-1)[..., : keys.shape[2]].to(values.dtype)
            gathered = (weights.float() @ values.float()).to(query.dtype)
        return gathered.reshape(count, heads, queries, -1).transpose(1, 2)


class CQueries(ctypes.Structure):
    """`Queries` in kernels/attention.c."""

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
        ("softcap", ctypes.c_float),
        ("sinks", ctypes.c_void_p),
    ]


def check_kernels(library: Any) -> None:
    """Raise LayoutMismatch where the attention kernels take other structs than these."""
    check_pool(library)
    check_struct(library, "queries", CQueries)


@dataclass(slots=True)
class NativeAttention:
    """Attention by the kernels; they round queries and weights to the cache's type."""

    cache: NativeLayerCache

    def __call__(
        self, query: torch.Tensor, metadata: AttentionMetadata, params: AttentionParams
    ) -> torch.Tensor:
        rows = float_rows(query)
        tokens, heads, _ = rows.shape
        out = torch.empty(tokens, heads, self.cache.value_dim)
        sinks = None if params.sinks is None else params.sinks.detach().float().contiguous()
        queries = CQueries(
            rows.data_ptr(),
            *rows.stride()[:2],
            out.data_ptr(),
            metadata.order.data_ptr(),
            metadata.positions.data_ptr(),
            metadata.spans.data_ptr(),
            tokens,
            metadata.spans.shape[1],
            heads // self.cache.heads,
            params.window,
            params.scale,
            params.softcap,
            None if sinks is None else sinks.data_ptr(),
        )
        if self.cache.library.attend(ctypes.byref(self.cache.pool), ctypes.byref(queries)):
            raise MemoryError("no memory for the scores of attention")
        return out.to(query.dtype)
