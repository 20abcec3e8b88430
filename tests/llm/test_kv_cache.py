"""The KV cache: which kind a layer gets, and states that are copied."""

import pytest
import torch

from service.llm.kernels.build import library
from service.llm.kv_cache import (
    MAX_HEAD_DIM,
    KVCache,
    NativeLayerCache,
    NotForkable,
    RecurrentState,
    TorchLayerCache,
)


def kind(cache: KVCache, key_dim: int, value_dim: int = 16) -> type:
    keys, values = torch.randn(3, 2, key_dim), torch.randn(3, 2, value_dim)
    return type(cache.layer(len(cache.layers), keys, values))


@pytest.mark.skipif(library() is None, reason="no kernels here")
def test_the_kernels_take_shapes_within_their_limits() -> None:
    cache = KVCache(4, RecurrentState(1), torch.bfloat16)
    assert kind(cache, 16) is kind(cache, 192, 128) is NativeLayerCache
    assert kind(cache, MAX_HEAD_DIM + 2) is kind(cache, 16, MAX_HEAD_DIM + 1) is TorchLayerCache
    assert kind(cache, 15) is TorchLayerCache, "bfloat16 keys lie in pairs"
    assert kind(KVCache(4, RecurrentState(1), torch.float32, native=False), 16) is TorchLayerCache


def test_a_cache_in_float16_is_left_to_torch() -> None:
    assert kind(KVCache(4, RecurrentState(1), torch.float16), 16) is TorchLayerCache


@pytest.mark.parametrize("native", [True, False])
def test_a_layer_is_made_once_and_knows_the_bytes_of_a_token(native: bool) -> None:
    cache = KVCache(4, RecurrentState(1), torch.bfloat16, native)
    keys, values = torch.randn(3, 2, 32), torch.randn(3, 2, 16)
    assert cache.layer(0, keys, values) is cache.layer(0, keys, values)
    cache.layer(1, keys, values)
    assert cache.token_bytes == 2 * 2 * (32 + 16) * 2
    assert cache.num_tokens == cache.scrap_slot == 64


def test_keys_and_values_of_other_heads_are_refused() -> None:
    cache = KVCache(4, RecurrentState(1), torch.float32)
    with pytest.raises(NotForkable, match="heads"):
        cache.layer(0, torch.randn(3, 2, 16), torch.randn(3, 4, 16))


def test_a_state_is_copied_in_every_layer() -> None:
    state = RecurrentState(3)
    for states, shape in ((state.convolution, (4, 2)), (state.recurrent, (2, 3, 3))):
        for layer in (0, 2):
            state.allocated(states, layer, torch.zeros(1), *shape).copy_(torch.randn(3, *shape))
    before = {id(states): states.clone() for states in state.recurrent.values()}
    state.copy(2, 0)
    for states in (*state.convolution.values(), *state.recurrent.values()):
        assert torch.equal(states[0], states[2]) and not torch.equal(states[0], states[1])
    for states in state.recurrent.values():
        assert torch.equal(states[1:], before[id(states)][1:])
