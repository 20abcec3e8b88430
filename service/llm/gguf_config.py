"""GGUF configuration: a model's configuration from a GGUF file, for Llama and its successors.

transformers has a table from keys to fields. This module adds what the table leaves out: the
scaling of positions, soft caps of logits, and the attention scale of the largest Gemmas.
"""

from typing import Any

import torch
from transformers.integrations.ggml import GGUF_CONFIG_DEFAULTS_MAPPING, GGUF_CONFIG_MAPPING

from service.errors import BadSetting
from service.llm.gguf import GgufFile

MODEL_TYPES = {
    "gemma2": "gemma2",
    "gemma3": "gemma3_text",
    "llama": "llama",
    "phi3": "phi3",
    "qwen2": "qwen2",
    "qwen2moe": "qwen2_moe",
    "qwen3": "qwen3",
    "qwen3moe": "qwen3_moe",
}
"""transformers' model type for each architecture that is read with its table."""
_MORE = {
    "attention.key_length": "head_dim",
    "expert_feed_forward_length": "moe_intermediate_size",
    "expert_shared_feed_forward_length": "shared_expert_intermediate_size",
    "attn_logit_softcapping": "attn_logit_softcapping",
    "final_logit_softcapping": "final_logit_softcapping",
}
_LLAMA3 = {"low_freq_factor": 1.0, "high_freq_factor": 4.0}
_LLAMA3_CONTEXT = 8192
"""The original context of Llama 3.1 and later; a file holds only the scaled frequencies."""
_SCALED_BY_WIDTH = {("gemma2", 46), ("gemma3", 62)}
"""Gemma 27B models, recognised by their number of layers as in llama.cpp: their attention is scaled
by hidden size / heads."""


def config_of(file: GgufFile, name: str) -> dict[str, Any]:
    """The fields of the configuration. Raises BadSetting for an unsupported model."""
    model_type = MODEL_TYPES[file.architecture]
    if file.architecture == "llama" and file.about("expert_count"):
        raise BadSetting(
            f"model {name}: a llama with experts (Mixtral) can't be read from GGUF; take the model"
            " as safetensors"
        )
    table_name = model_type.removesuffix("_text")
    tables: Any = GGUF_CONFIG_MAPPING
    fields: dict[str, Any] = dict(GGUF_CONFIG_DEFAULTS_MAPPING.get(table_name, {}))
    for key, field in {**tables[table_name], **_MORE}.items():
        if field is not None and (value := file.about(key)) is not None:
            fields[field] = value
    if file.architecture in {"qwen2", "qwen2moe"}:
        fields.pop("head_dim", None)  # theirs follows from the width
    for token in ("bos", "eos"):
        fields[f"{token}_token_id"] = file.metadata.get(f"tokenizer.ggml.{token}_token_id")
    fields |= {
        "model_type": model_type,
        "tie_word_embeddings": "output.weight" not in file.by_name,
        "pad_token_id": file.metadata.get("tokenizer.ggml.padding_token_id"),
    }
    if (file.architecture, file.about("block_count")) in _SCALED_BY_WIDTH:
        width, heads = fields["hidden_size"], fields["num_attention_heads"]
        fields["query_pre_attn_scalar"] = width // heads
    elif file.architecture in {"gemma2", "gemma3"}:
        fields["query_pre_attn_scalar"] = fields["head_dim"]
    return fields | {"rope_parameters": _rope(file, fields, name)}


def _rope(file: GgufFile, fields: dict[str, Any], name: str) -> dict[str, Any]:
    """The rotary parameters; for Gemma 3 by kind of layer."""
    scaled = {"rope_theta": fields.pop("rope_theta", 10_000.0), **_scaling(file, fields, name)}
    if file.architecture != "gemma3":
        return scaled
    local = {"rope_type": "default", "rope_theta": file.about("rope.freq_base_swa", 10_000.0)}
    return {"full_attention": scaled, "sliding_attention": local}


def _scaling(file: GgufFile, fields: dict[str, Any], name: str) -> dict[str, Any]:
    kind = file.about("rope.scaling.type", "none")
    context = file.about("rope.scaling.original_context_length")
    factor = file.about("rope.scaling.factor")
    if "rope_freqs.weight" in file.by_name:
        return _llama3(file, name)
    if kind == "none" or (kind == "linear" and factor in {None, 0.0, 1.0}):
        scaling: dict[str, Any] = {"rope_type": "default"}
    elif kind == "linear":
        scaling = {"rope_type": "linear", "factor": factor}
    elif kind == "yarn" and factor is not None:
        scaling = {"rope_type": "yarn", "factor": factor}
        scaling["original_max_position_embeddings"] = context or fields["max_position_embeddings"]
    else:
        raise BadSetting(
            f"model {name}: positions scaled by {kind} can't be read from GGUF; take the model as"
            " safetensors"
        )
    if "rope_factors_long.weight" in file.by_name:
        raise BadSetting(
            f"model {name}: positions with factors for long texts can't be read from GGUF; take the"
            " model as safetensors"
        )
    return scaling


def _llama3(file: GgufFile, name: str) -> dict[str, Any]:
    """Llama 3.1's scaling; its factor is the largest divisor of a frequency in the file.

    Raises BadSetting when the other divisors do not follow from that factor.
    """
    stored = file.by_name["rope_freqs.weight"].read()
    scaling = {
        "rope_type": "llama3",
        "factor": float(stored.max()),
        "original_max_position_embeddings": _LLAMA3_CONTEXT,
        **_LLAMA3,
    }
    theta = file.about("rope.freq_base", 10_000.0)
    periods = 2 * torch.pi * theta ** (torch.arange(len(stored)) / len(stored))
    low, high = _LLAMA3["low_freq_factor"], _LLAMA3["high_freq_factor"]
    share = ((_LLAMA3_CONTEXT / periods - low) / (high - low)).clamp(0, 1)
    expected = 1 / ((1 - share) / scaling["factor"] + share)
    if not torch.allclose(stored, expected, rtol=1e-3):
        raise BadSetting(
            f"model {name}: its factors of positions (rope_freqs) are not Llama 3's; take the model"
            " as safetensors"
        )
    return scaling
