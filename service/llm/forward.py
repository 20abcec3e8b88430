"""Forward pass of a transformers model over the KV cache, through transformers' own interfaces.

The model's layers run unchanged. They call a `Cache` that writes keys, values and recurrent states,
and an attention function, registered as `diglot`, that reads them. No mask is built, and no text is
padded.
"""

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import AttentionInterface
from transformers.cache_utils import Cache

from service.llm import needed_rows
from service.llm.attention import AttentionParams, attend
from service.llm.attention_metadata import AttentionMetadata
from service.llm.kv_cache import KVCache, LayerCache, NotForkable

ATTENTION = "diglot"


@dataclass(slots=True)
class ForwardContext:
    """State of one forward pass that the model's layers share.

    `rows`: the slots of the recurrent states; `fresh`: they hold nothing yet. `unstored`: layers
    that have new keys and have not attended with them yet.
    """

    kv_cache: KVCache
    metadata: AttentionMetadata
    rows: slice
    fresh: bool
    unstored: set[int] = field(default_factory=set)
    stored: dict[int, weakref.ref[torch.Tensor]] = field(default_factory=dict)
    """The keys that each layer stored in this pass, as long as they are referenced."""

    def cache_of(self, index: int, keys: torch.Tensor, values: torch.Tensor) -> LayerCache:
        """The cache that layer `index` attends to, with its new keys and values stored.

        This is its own cache, or that of the layer whose keys it reuses (Gemma 3n and 4). Raises
        NotForkable.
        """
        if index in self.unstored:
            new_keys, new_values = _tokens(keys), _tokens(values)
            if len(new_keys) != len(self.metadata.positions):
                raise NotForkable("keys of other tokens than the new ones")
            cache = self.kv_cache.layer(index, new_keys, new_values)
            cache.write(new_keys, new_values, self.metadata)
            self.unstored.discard(index)
            self.stored[index] = weakref.ref(keys)
            return cache
        for layer, reference in self.stored.items():
            if reference() is keys:
                return self.kv_cache.layers[layer]
        raise NotForkable("a layer that attends without storing keys")


_context: ContextVar[ForwardContext] = ContextVar("_context")
"""Passes the context to the attention function, which transformers calls without a cache."""


@contextmanager
def entered(context: ForwardContext) -> Iterator["ContextCache"]:
    """Make `context` the current one."""
    token = _context.set(context)
    try:
        yield ContextCache(context)
    finally:
        _context.reset(token)


class ContextCache(Cache):
    """The cache that the layers see: it stores new keys and values and returns only these."""

    def __init__(self, context: ForwardContext) -> None:
        super().__init__(layers=[])
        self._context = context

    def update(
        self,
        key_states: torch.Tensor,
        value_states: torch.Tensor,
        layer_idx: int,
        *_: Any,
        **__: Any,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return both unchanged. They are stored when the layer attends, because until then it may
        expand them into other keys (DeepSeek's latent attention)."""
        self._context.unstored.add(layer_idx)
        return key_states, value_states

    def get_conv_state(self, layer_idx: int, state_idx: int = 0) -> torch.Tensor | None:
        states = self._context.kv_cache.state.convolution
        return None if self._context.fresh else states[layer_idx][self._context.rows]

    def update_conv_state(
        self,
        conv_states: torch.Tensor,
        layer_idx: int,
        state_idx: int = 0,
        conv_kernel_size: int | None = None,
        **_: Any,
    ) -> torch.Tensor:
        """Store the last tokens of (rows, channels, tokens); returns stored and new ones joined."""
        if conv_kernel_size is None or state_idx:
            raise NotForkable("an unknown kind of convolution state")
        state = self._context.kv_cache.state
        stored = state.allocated(
            state.convolution, layer_idx, conv_states, conv_states.shape[1], conv_kernel_size
        )[self._context.rows]
        joined = conv_states
        if not self._context.fresh:  # channels stay adjacent in memory, as the layer returns them
            old, new = stored.transpose(1, 2), conv_states.transpose(1, 2)
            joined = torch.cat([old, new], 1).transpose(1, 2)
        missing = max(0, conv_kernel_size - joined.shape[-1])
        stored.copy_(torch.nn.functional.pad(joined, (missing, 0))[..., -conv_kernel_size:])
        return joined

    def get_recurrent_state(self, layer_idx: int, state_idx: int = 0) -> torch.Tensor | None:
        states = self._context.kv_cache.state.recurrent
        return None if self._context.fresh else states[layer_idx][self._context.rows]

    def update_recurrent_state(
        self, recurrent_states: torch.Tensor, layer_idx: int, state_idx: int = 0, **_: Any
    ) -> torch.Tensor:
        if state_idx:
            raise NotForkable("more than one recurrent state in a layer")
        state = self._context.kv_cache.state
        stored = state.allocated(
            state.recurrent, layer_idx, recurrent_states, *recurrent_states.shape[1:]
        )[self._context.rows]
        if stored.data_ptr() != recurrent_states.data_ptr():
            stored.copy_(recurrent_states)
        return stored

    def is_recording_past(self, layer_idx: int) -> bool:
        return False


def _tokens(states: torch.Tensor) -> torch.Tensor:
    """(tokens, heads, dim) from a prefill's (1, heads, tokens, dim) or a decode's (rows, heads, 1,
    dim)."""
    return states[0].transpose(0, 1) if states.shape[0] == 1 else states[:, :, 0]


def _attention(  # noqa: PLR0913, PLR0917 (transformers calls it with these)
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    s_aux: torch.Tensor | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """The attention function that transformers calls.

    Query (rows, heads, tokens, key_dim) in, (rows, tokens, heads, value_dim) out.
    """
    if attention_mask is not None:
        raise NotForkable("attention with a mask of its own")
    context = _context.get()
    cache, tokens = context.cache_of(module.layer_idx, key, value), _tokens(query)
    if len(tokens) != len(context.metadata.positions):
        raise NotForkable("a layer that attends for some of the tokens only")
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    params = AttentionParams(scale, sliding_window or 0, softcap or 0.0, s_aux)
    rows = needed_rows.rows_of(module)
    if rows is None:
        gathered = attend(tokens, cache, context.metadata, params)
    else:
        computed = attend(tokens[rows], cache, context.metadata.part(rows), params)
        gathered = computed.new_zeros(len(tokens), *computed.shape[1:])
        gathered[rows] = computed
    return gathered[None] if query.shape[0] == 1 else gathered[:, None], None


AttentionInterface.register(ATTENTION, _attention)


@torch.inference_mode()
def forward(
    model: Any, context: ForwardContext, ids: torch.Tensor, keep: torch.Tensor | None = None
) -> torch.Tensor:
    """Run `ids`, (1, tokens) of a prefill or (rows, 1) of a decode.

    `keep`: the tokens of a prefill whose logits are needed; None for a decode: those of all rows.
    Returns logits (len(keep) or rows, vocabulary). Raises NotForkable where a layer bypasses the KV
    cache, and whatever the model raises.
    """
    positions = context.metadata.positions.view(ids.shape).to(ids.device)
    with entered(context) as cache, needed_rows.only(keep):
        output = model(
            input_ids=ids,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1 if keep is None else keep,
        )
    if context.unstored:
        raise NotForkable("attention of its own, which does not look at the KV cache")
    logits: torch.Tensor = output.logits
    return logits[:, 0] if keep is None else logits[0]
