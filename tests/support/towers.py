"""Tiny models that also see, of published families, each with one small tower."""

from collections.abc import Callable
from typing import Any

import torch
import transformers

TEXT: dict[str, Any] = {
    "vocab_size": 640, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "eos_token_id": 602,
    "max_position_embeddings": 4096, "initializer_range": 0.3, "tie_word_embeddings": True,
    "pad_token_id": 600, "bos_token_id": None,
}  # fmt: skip
TOWER: dict[str, Any] = {
    "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
    "image_size": 16, "patch_size": 8, "depth": 1, "num_heads": 2, "out_hidden_size": 32,
}  # fmt: skip
EXPERTS: dict[str, Any] = {
    "moe_intermediate_size": 32, "num_experts": 8, "n_routed_experts": 8, "num_experts_per_tok": 2,
    "n_shared_experts": 1, "n_group": 1, "topk_group": 1, "first_k_dense_replace": 1,
}  # fmt: skip
IMAGES = {"image_token_id": 630, "video_token_id": 631, "image_token_index": 630}
_AXES = {"rope_type": "default", "rope_theta": 10_000.0}


def _mrope(*sections: int, **more: Any) -> dict[str, Any]:
    return {"rope_parameters": {**_AXES, "mrope_section": list(sections), **more}}


def _make(name: str, text: dict[str, Any], **outer: Any) -> Callable[[], Any]:
    def make() -> Any:
        known: Any = getattr(transformers, f"{name}Config")
        kind: Any = getattr(transformers, f"{name}ForConditionalGeneration")
        config = known(text_config={**TEXT, **text}, vision_config=dict(TOWER), **IMAGES, **outer)
        torch.manual_seed(7)
        return kind(config).eval()

    return make


MODELS: dict[str, Callable[[], Any]] = {
    "gemma3": _make("Gemma3", {"sliding_window": 24, "query_pre_attn_scalar": 16}),
    "gemma4": _make("Gemma4", {"sliding_window": 24, "hidden_size_per_layer_input": 0}),
    "mistral3": _make("Mistral3", {"model_type": "mistral", "sliding_window": None}),
    "qwen2_5_vl": _make("Qwen2_5_VL", {"head_dim": 8, **_mrope(2, 1, 1)}),
    "qwen3_vl": _make("Qwen3VL", _mrope(4, 2, 2, mrope_interleaved=True)),
    "qwen3_vl_moe": _make("Qwen3VLMoe", {**EXPERTS, **_mrope(4, 2, 2, mrope_interleaved=True)}),
    "glm4v": _make("Glm4v", {"head_dim": 8, **_mrope(1, 1, 0, partial_rotary_factor=0.5)}),
    "glm4v_moe": _make("Glm4vMoe", {**EXPERTS, **_mrope(2, 1, 1, partial_rotary_factor=0.5)}),
}
