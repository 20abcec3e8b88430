"""KV cache: keys and values of all tokens in progress, allocated once and written in place.

Each attention layer has a `LayerCache`, created when the layer first runs: `NativeLayerCache` in
the kernels' layout on a CPU, `TorchLayerCache` on a GPU or without a C compiler. Layers with linear
attention keep a state of fixed size for each row instead (`RecurrentState`).
"""

import ctypes
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch

from service.llm.attention_metadata import AttentionMetadata
from service.llm.block_manager import BLOCK_SIZE
from service.llm.kernels.build import library
from service.llm.kernels.ops import check_constants, check_struct


class NotForkable(Exception):
    """The model handles its past in a way that the KV cache does not support."""


class LayerCache(Protocol):
    """The keys and values of one layer."""

    @property
    def token_bytes(self) -> int:
        """Memory of a stored token."""
        ...

    def write(self, keys: torch.Tensor, values: torch.Tensor, metadata: AttentionMetadata) -> None:
        """Store a pass's keys and values at `metadata.slots`.

        Keys (tokens, heads, key_dim) and values (tokens, heads, value_dim) may have any strides and
        any float type.
        """
        ...


class TorchLayerCache:
    """Keys (heads, tokens, key_dim) and values (heads, tokens, value_dim) as plain tensors."""

    def __init__(  # noqa: PLR0913, PLR0917 (a layer's shape)
        self,
        blocks: int,
        heads: int,
        key_dim: int,
        value_dim: int,
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        tokens = blocks * BLOCK_SIZE
        self.keys = torch.zeros((heads, tokens, key_dim), dtype=dtype, device=device)
        self.values = torch.zeros((heads, tokens, value_dim), dtype=dtype, device=device)
        self.token_bytes = heads * (key_dim + value_dim) * dtype.itemsize

    def write(self, keys: torch.Tensor, values: torch.Tensor, metadata: AttentionMetadata) -> None:
        slots = metadata.slots_on(self.keys.device)
        self.keys[:, slots] = keys.transpose(0, 1).to(self.keys.dtype)
        self.values[:, slots] = values.transpose(0, 1).to(self.values.dtype)


class CPool(ctypes.Structure):
    """`Pool` in kernels/pool.h."""

    _fields_ = [
        ("keys", ctypes.c_void_p),
        ("values", ctypes.c_void_p),
        ("blocks", ctypes.c_int64),
        ("heads", ctypes.c_int64),
        ("key_dim", ctypes.c_int64),
        ("value_dim", ctypes.c_int64),
        ("value_width", ctypes.c_int64),
        ("half", ctypes.c_int32),
    ]


VALUE_ALIGNMENT = 16
"""A row of values is padded to a multiple of this, so that it is whole vectors."""
NATIVE_TYPES = (torch.float32, torch.bfloat16)
"""Number formats that the kernels store."""
MAX_HEAD_DIM = 256
"""The widest head that the kernels have scratch memory for."""


def check_pool(library: Any) -> None:
    """Raise LayoutMismatch where the kernels lay the pool out differently."""
    check_constants(library, block=BLOCK_SIZE, max_head_dim=MAX_HEAD_DIM, alignment=VALUE_ALIGNMENT)
    check_struct(library, "pool", CPool)


@dataclass(slots=True)
class NativeLayerCache:
    """Float32 or bfloat16 in blocks as the kernels read them (kernels/pool.h)."""

    library: Any
    blocks: int
    heads: int
    key_dim: int
    value_dim: int
    dtype: torch.dtype
    keys: torch.Tensor = field(init=False)
    values: torch.Tensor = field(init=False)
    pool: CPool = field(init=False)

    def __post_init__(self) -> None:
        """Raises ValueError for another type."""
        if self.dtype not in NATIVE_TYPES:
            raise ValueError(f"the kernels do not store {self.dtype}")
        # Uninitialised, so that the system provides memory only as the cache fills.
        rows = self.heads * self.blocks * BLOCK_SIZE
        self.keys = torch.empty(rows * self.key_dim, dtype=self.dtype)
        self.values = torch.empty(rows * self.value_width, dtype=self.dtype)
        self.pool = CPool(
            self.keys.data_ptr(),
            self.values.data_ptr(),
            self.blocks,
            self.heads,
            self.key_dim,
            self.value_dim,
            self.value_width,
            self.dtype == torch.bfloat16,
        )

    @property
    def value_width(self) -> int:
        return -(-self.value_dim // VALUE_ALIGNMENT) * VALUE_ALIGNMENT

    @property
    def token_bytes(self) -> int:
        return self.heads * (self.key_dim + self.value_width) * self.dtype.itemsize

    def write(self, keys: torch.Tensor, values: torch.Tensor, metadata: AttentionMetadata) -> None:
        keys, values = float_rows(keys), float_rows(values)
        self.library.store(
            ctypes.byref(self.pool),
            _address(keys),
            *map(ctypes.c_int64, keys.stride()[:2]),
            _address(values),
            *map(ctypes.c_int64, values.stride()[:2]),
            _address(metadata.slots),
            ctypes.c_int64(len(metadata.slots)),
        )


def float_rows(tensor: torch.Tensor) -> torch.Tensor:
    """`tensor` in float32 with a contiguous last dimension; not copied where it is so already."""
    tensor = tensor.float()
    return tensor if tensor.stride(-1) == 1 else tensor.contiguous()


def _address(tensor: torch.Tensor) -> ctypes.c_void_p:
    return ctypes.c_void_p(tensor.data_ptr())


@dataclass(slots=True)
class RecurrentState:
    """The convolution window and recurrent state of each linear-attention layer, in `slots` slots.

    Unlike keys and values, a state can't be shared: a fork copies it.
    """

    slots: int
    convolution: dict[int, torch.Tensor] = field(default_factory=dict)
    recurrent: dict[int, torch.Tensor] = field(default_factory=dict)

    def copy(self, source: int, target: int) -> None:
        """Make slot `target` equal to slot `source`."""
        for states in (*self.convolution.values(), *self.recurrent.values()):
            states[target].copy_(states[source])

    def allocated(
        self, states: dict[int, torch.Tensor], layer: int, like: torch.Tensor, *shape: int
    ) -> torch.Tensor:
        """The layer's states, (slots, *shape), allocated when the layer first runs."""
        if layer not in states:
            states[layer] = torch.empty((self.slots, *shape), dtype=like.dtype, device=like.device)
        return states[layer]


@dataclass(slots=True)
class KVCache:
    """The layer caches and recurrent states of a model."""

    blocks: int
    state: RecurrentState
    dtype: torch.dtype
    """The number format of keys and values."""
    native: bool = True
    """Use the kernels where they are available."""
    layers: dict[int, LayerCache] = field(default_factory=dict)

    def layer(self, index: int, keys: torch.Tensor, values: torch.Tensor) -> LayerCache:
        """The cache of layer `index`, allocated for `keys` and `values` (tokens, heads, dim).

        Raises NotForkable where keys and values have different numbers of heads.
        """
        if index not in self.layers:
            self.layers[index] = self._allocate(keys, values)
        return self.layers[index]

    def _allocate(self, keys: torch.Tensor, values: torch.Tensor) -> LayerCache:
        (heads, key_dim), (value_heads, value_dim) = keys.shape[1:], values.shape[1:]
        if heads != value_heads:
            raise NotForkable("keys and values of different numbers of heads")
        blocks = self.blocks + 1  # the last one is the scrap slot's
        fits = max(key_dim, value_dim) <= MAX_HEAD_DIM and key_dim % 2 == 0
        native = self.native and self.dtype in NATIVE_TYPES and keys.device.type == "cpu"
        if native and fits and library() is not None:
            return NativeLayerCache(library(), blocks, heads, key_dim, value_dim, self.dtype)
        return TorchLayerCache(blocks, heads, key_dim, value_dim, self.dtype, keys.device)

    @property
    def num_tokens(self) -> int:
        return self.blocks * BLOCK_SIZE

    @property
    def token_bytes(self) -> int:
        """Memory of a token in all layers that have run so far."""
        return sum(layer.token_bytes for layer in self.layers.values())

    @property
    def scrap_slot(self) -> int:
        """A slot after all allocated ones, which padding rows write to."""
        return self.num_tokens
