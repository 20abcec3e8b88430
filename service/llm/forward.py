"""One forward pass of the model over the store, through the doors that transformers leaves open.

The model's own layers run as they are. What they call is ours: a `Cache`, which writes keys,
values and states into the store, and an attention function, registered as `diglot`, which reads
them from there. The model makes no mask, and a text is never padded.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import AttentionInterface
from transformers.cache_utils import Cache

from service.llm.attention_metadata import Layout
from service.llm.block_manager import BLOCK
from service.llm.kernels.build import library
from service.llm.kv_cache import (
    DEEPEST,
    NATIVE_TYPES,
    How,
    NativePool,
    Pool,
    TorchPool,
)
from service.llm.states import States

ATTENTION = "diglot"


class NotForkable(Exception):
    """The model does something with its past that the store can't do."""


@dataclass(slots=True)
class Store:
    """All that is kept of what was read; a layer's pool is made when the layer is met first."""

    blocks: int
    states: States
    dtype: torch.dtype
    """Of keys and values."""
    native: bool = True
    """Take the kernels where they can be had."""
    pools: dict[int, Pool] = field(default_factory=dict)

    def pool(self, layer: int, keys: torch.Tensor, values: torch.Tensor) -> Pool:
        if layer not in self.pools:
            heads, depth = keys.shape[1:]
            if values.shape[1:] != keys.shape[1:]:
                raise NotForkable("keys and values have different shapes")
            if runs_native(keys, self.native and self.dtype in NATIVE_TYPES):
                made: Pool = NativePool(library(), self.blocks + 1, heads, depth, self.dtype)
            else:
                made = TorchPool(self.blocks + 1, heads, depth, self.dtype, keys.device)
            self.pools[layer] = made
        return self.pools[layer]

    @property
    def tokens(self) -> int:
        return self.blocks * BLOCK

    @property
    def scrap(self) -> int:
        """A slot after all that are handed out, for what nobody reads: pools have a block more."""
        return self.tokens


def runs_native(keys: torch.Tensor, wanted: bool = True) -> bool:
    depth = keys.shape[-1]
    fits = keys.device.type == "cpu" and depth <= DEEPEST and depth % 2 == 0
    return wanted and fits and library() is not None


@dataclass(slots=True)
class Pass:
    """What the model's layers are told during one pass.

    `rows`: the slots of the states; `fresh`: they hold nothing yet. `unread`: layers that have
    stored their keys and have not attended to the store since.
    """

    store: Store
    layout: Layout
    rows: slice
    fresh: bool
    unread: set[int] = field(default_factory=set)


_running: ContextVar[Pass] = ContextVar("_running")
"""transformers hands an attention function the new keys and values, but no cache."""


@contextmanager
def running(one: Pass) -> Iterator["PassCache"]:
    token = _running.set(one)
    try:
        yield PassCache(one)
    finally:
        _running.reset(token)


class PassCache(Cache):
    """What the layers take for their cache: it writes, and hands back what is new."""

    def __init__(self, one: Pass) -> None:
        super().__init__(layers=[])
        self._pass = one

    def update(
        self,
        key_states: torch.Tensor,
        value_states: torch.Tensor,
        layer_idx: int,
        *_: Any,
        **__: Any,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        keys, values = _tokens(key_states), _tokens(value_states)
        store = self._pass.store
        store.pool(layer_idx, keys, values).write(keys, values, self._pass.layout)
        self._pass.unread.add(layer_idx)
        return key_states, value_states

    def get_conv_state(self, layer_idx: int, state_idx: int = 0) -> torch.Tensor | None:
        kept = self._pass.store.states.convolution
        return None if self._pass.fresh else kept[layer_idx][self._pass.rows]

    def update_conv_state(
        self,
        conv_states: torch.Tensor,
        layer_idx: int,
        state_idx: int = 0,
        conv_kernel_size: int | None = None,
        **_: Any,
    ) -> torch.Tensor:
        """Keep the last tokens of (rows, channels, tokens); returns them after what was kept."""
        if conv_kernel_size is None or state_idx:
            raise NotForkable("an unknown kind of convolution state")
        states = self._pass.store.states
        kept = states.room_for(
            states.convolution, layer_idx, conv_states, conv_states.shape[1], conv_kernel_size
        )[self._pass.rows]
        whole = conv_states
        if not self._pass.fresh:  # channels stay side by side, as they come out of their layer
            old, new = kept.transpose(1, 2), conv_states.transpose(1, 2)
            whole = torch.cat([old, new], 1).transpose(1, 2)
        missing = max(0, conv_kernel_size - whole.shape[-1])
        kept.copy_(torch.nn.functional.pad(whole, (missing, 0))[..., -conv_kernel_size:])
        return whole

    def get_recurrent_state(self, layer_idx: int, state_idx: int = 0) -> torch.Tensor | None:
        kept = self._pass.store.states.recurrent
        return None if self._pass.fresh else kept[layer_idx][self._pass.rows]

    def update_recurrent_state(
        self, recurrent_states: torch.Tensor, layer_idx: int, state_idx: int = 0, **_: Any
    ) -> torch.Tensor:
        states = self._pass.store.states
        if state_idx:
            raise NotForkable("more than one recurrent state in a layer")
        kept = states.room_for(
            states.recurrent, layer_idx, recurrent_states, *recurrent_states.shape[1:]
        )[self._pass.rows]
        if kept.data_ptr() != recurrent_states.data_ptr():
            kept.copy_(recurrent_states)
        return kept

    def is_recording_past(self, layer_idx: int) -> bool:
        return False


def _tokens(states: torch.Tensor) -> torch.Tensor:
    """(1, heads, tokens, depth) of a read, or (rows, heads, 1, depth) of a step, as one list."""
    return states[0].transpose(0, 1) if states.shape[0] == 1 else states[:, :, 0]


def _attend(  # noqa: PLR0913, PLR0917 (transformers calls it with these)
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
    """The attention function that transformers calls: (rows, heads, tokens, depth) in."""
    if attention_mask is not None or s_aux is not None:
        raise NotForkable("attention with a mask of its own or with sinks")
    one = _running.get()
    pool = one.store.pools.get(module.layer_idx)
    if pool is None:
        raise NotForkable("a layer that attends without storing keys")
    one.unread.discard(module.layer_idx)
    depth = query.shape[-1]
    how = How(depth**-0.5 if scaling is None else scaling, sliding_window or 0, softcap or 0.0)
    gathered = pool.attend(_tokens(query), one.layout, how)
    return gathered[None] if query.shape[0] == 1 else gathered[:, None], None


AttentionInterface.register(ATTENTION, _attend)


@torch.inference_mode()
def forward(
    model: Any, one: Pass, ids: torch.Tensor, keep: torch.Tensor | None = None
) -> torch.Tensor:
    """Run `ids`, (1, tokens) of a read or (rows, 1) of a step; logits (len(keep), words).

    `keep`: the tokens of a read whose next word is asked for; None for a step: those of all rows.
    """
    positions = one.layout.positions.view(ids.shape).to(ids.device)
    with running(one) as cache:
        output = model(
            input_ids=ids,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1 if keep is None else keep,
        )
    if one.unread:
        raise NotForkable("attention of its own, which does not look at the store")
    logits: torch.Tensor = output.logits
    return logits[:, 0] if keep is None else logits[0]
