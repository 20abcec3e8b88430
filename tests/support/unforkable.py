"""Tiny models that do with their past what the KV cache cannot do."""

from typing import Any

import torch
from transformers import (
    BloomConfig,
    BloomForCausalLM,
    MambaConfig,
    MambaForCausalLM,
    RecurrentGemmaConfig,
    RecurrentGemmaForCausalLM,
)

UNLIKE = ["bloom", "mamba", "recurrent_gemma"]
"""Attention with a slope over distance, and two without keys and values."""


def unlike(name: str, spread: float = 0.3) -> Any:
    """A tiny model that does with its past what the store can't do."""
    torch.manual_seed(3)
    shape: dict[str, Any] = {"vocab_size": 640, "hidden_size": 32, "initializer_range": spread}
    shape |= {"bos_token_id": 600, "eos_token_id": 601, "pad_token_id": 602}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2}
    model: Any
    if name == "bloom":
        model = BloomForCausalLM(BloomConfig(n_layer=2, n_head=4, **shape))
    elif name == "mamba":
        model = MambaForCausalLM(MambaConfig(num_hidden_layers=2, state_size=8, **shape))
    else:
        shape.pop("initializer_range")
        shape |= heads | {"intermediate_size": 64, "lru_width": 32, "attention_window_size": 24}
        kinds = ["recurrent", "attention"]
        config = RecurrentGemmaConfig(num_hidden_layers=2, block_types=kinds, **shape)
        model = RecurrentGemmaForCausalLM(config)
    return model.eval()
