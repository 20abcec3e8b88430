"""Tiny models written as GGUF files, in the way that llama.cpp's own converter writes them.

The names and the changes of weights are put down here by hand, so that what reads them is held
against something else than its own tables.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gguf import GGMLQuantizationType, GGUFWriter, dequantize, quantize

from tests.support import tiny

Type = GGMLQuantizationType
_NAMES = [
    ("model.embed_tokens.", "token_embd."),
    ("model.norm.", "output_norm."),
    ("lm_head.", "output."),
    ("model.layers.", "blk."),
    ("self_attn.q_proj", "attn_q"),
    ("self_attn.k_proj", "attn_k"),
    ("self_attn.v_proj", "attn_v"),
    ("self_attn.o_proj", "attn_output"),
    ("self_attn.q_norm", "attn_q_norm"),
    ("self_attn.k_norm", "attn_k_norm"),
    ("mlp.gate_proj", "ffn_gate"),
    ("mlp.up_proj", "ffn_up"),
    ("mlp.down_proj", "ffn_down"),
    ("input_layernorm", "attn_norm"),
    ("pre_feedforward_layernorm", "ffn_norm"),
    ("post_feedforward_layernorm", "post_ffw_norm"),
    ("self_attn.qkv_proj", "attn_qkv"),
    ("mlp.gate_up_proj", "ffn_up"),
    ("mlp.gate.", "ffn_gate_inp."),
    ("mlp.shared_expert_gate", "ffn_gate_inp_shexp"),
    ("mlp.shared_expert.gate_proj", "ffn_gate_shexp"),
    ("mlp.shared_expert.up_proj", "ffn_up_shexp"),
    ("mlp.shared_expert.down_proj", "ffn_down_shexp"),
    ("mlp.experts.down_proj", "ffn_down_exps.weight"),
    ("linear_attn.in_proj_qkv", "attn_qkv"),
    ("linear_attn.in_proj_z", "attn_gate"),
    ("linear_attn.in_proj_a", "ssm_alpha"),
    ("linear_attn.in_proj_b", "ssm_beta"),
    ("linear_attn.conv1d", "ssm_conv1d"),
    ("linear_attn.norm", "ssm_norm"),
    ("linear_attn.out_proj", "ssm_out"),
    ("linear_attn.A_log", "ssm_a"),
    ("linear_attn.dt_bias", "ssm_dt.bias"),
]
ARCHITECTURES = {
    "gemma2": "gemma2",
    "gemma3": "gemma3",
    "llama": "llama",
    "phi3": "phi3",
    "qwen2": "qwen2",
    "qwen2_moe": "qwen2moe",
    "qwen3": "qwen3",
    "qwen3_5": "qwen35",
    "qwen3_moe": "qwen3moe",
}


def write(
    path: Path,
    family: str,
    model: Any,
    type: Type = Type.F32,
    *,
    template: str | None = tiny.CHAT_TEMPLATE,
    more: Callable[[GGUFWriter], Any] = lambda _writer: None,
    endian: Any = None,
) -> Path:
    """`model` at `path`, its matrices as `type` and its vectors as F32.

    The model's own matrices become what the file holds of them, so that it is the yardstick.
    """
    endianness = {"endianess": endian} if endian is not None else {}
    writer = GGUFWriter(path, ARCHITECTURES[family], **endianness)
    _describe(writer, model.config, family)
    _words(writer, template)
    more(writer)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            _add(writer, family, model.config, name, weight, type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def name_in_file(family: str, name: str) -> str:
    after = "post_attention_norm" if family in {"gemma2", "gemma3", "qwen3_5"} else "ffn_norm"
    for theirs, ours in [*_NAMES, ("post_attention_layernorm", after)]:
        name = name.replace(theirs, ours)
    return name


def _add(
    writer: GGUFWriter, family: str, config: Any, name: str, weight: torch.Tensor, type: Type
) -> None:
    values = weight.detach().float().numpy().copy()
    if family == "qwen3_5" and "linear_attn" in name:
        _add_linear(writer, config, name, weight, type)
        return
    stored = Type.F32 if weight.dim() == 1 else type
    raw = quantize(values, stored)
    weight.copy_(torch.from_numpy(np.array(dequantize(raw, stored))).view(weight.shape))
    if family == "llama" and "q_proj" in name:
        raw = _rotated(raw, config.num_attention_heads)
    if family == "llama" and "k_proj" in name:
        raw = _rotated(raw, config.num_key_value_heads)
    if family in {"gemma2", "gemma3", "qwen3_5"} and "norm" in name:
        raw = raw + np.float32(1)
    if name.endswith("shared_expert_gate.weight"):
        raw = raw[0]
    if name.endswith("experts.gate_up_proj"):
        half = raw.shape[1] // 2
        layer = name.split(".")[2]
        for part, rows in (("gate", raw[:, :half]), ("up", raw[:, half:])):
            key = f"blk.{layer}.ffn_{part}_exps.weight"
            writer.add_tensor(key, np.ascontiguousarray(rows), raw_dtype=stored)
        return
    writer.add_tensor(name_in_file(family, name), raw, raw_dtype=stored)


def _add_linear(
    writer: GGUFWriter, config: Any, name: str, weight: torch.Tensor, type: Type
) -> None:
    """Qwen3.5's linear attention: heads of values in turns of the keys, and decays as they are."""
    whole = weight.detach().float().numpy().copy()
    keys, values = config.linear_num_key_heads, config.linear_num_value_heads
    width = config.linear_value_head_dim
    order = np.arange(values).reshape(keys, values // keys).T.ravel()
    wide = (order[:, None] * width + np.arange(width)).ravel()
    before = np.arange(2 * keys * config.linear_key_head_dim)
    mixed = np.concatenate([before, len(before) + wide])
    last = name.rpartition("linear_attn.")[2]
    columns = slice(None)
    rows = {
        "norm.weight": np.arange(len(whole)),
        "out_proj.weight": np.arange(len(whole)),
        "conv1d.weight": mixed,
        "in_proj_qkv.weight": mixed,
        "in_proj_z.weight": wide,
    }.get(last, order)
    if last == "out_proj.weight":
        columns = wide
    changed = whole[rows][:, columns] if whole.ndim > 1 else whole[rows]
    changed = {"A_log": lambda: -np.exp(changed), "conv1d.weight": lambda: changed[:, 0]}.get(
        last, lambda: changed
    )()
    stored = type if weight.dim() == 2 else Type.F32
    raw = quantize(np.ascontiguousarray(changed), stored)
    if weight.dim() == 2:
        whole[np.ix_(rows, columns) if last == "out_proj.weight" else rows] = dequantize(
            raw, stored
        )
        weight.copy_(torch.from_numpy(whole))
    writer.add_tensor(name_in_file("qwen3_5", name), raw, raw_dtype=stored)


def _rotated(rows: np.ndarray[Any, Any], heads: int) -> np.ndarray[Any, Any]:
    """The rows of each head in pairs, as llama.cpp turns them."""
    halves = rows.reshape(heads, 2, len(rows) // heads // 2, *rows.shape[1:])
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(rows.shape))


def _describe(writer: GGUFWriter, config: Any, family: str) -> None:
    rope = config.rope_parameters
    theta = rope["full_attention"]["rope_theta"] if family == "gemma3" else rope["rope_theta"]
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(theta)
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    if family in {"llama", "phi3"}:
        writer.add_rope_dimension_count(width)
    elif family not in {"qwen2", "qwen2_moe"}:
        writer.add_key_length(width)
        writer.add_value_length(width)
    if family.startswith("gemma"):
        writer.add_sliding_window(config.sliding_window)
    if family in {"qwen2_moe", "qwen3_moe"}:
        writer.add_expert_count(config.num_experts)
        writer.add_expert_used_count(config.num_experts_per_tok)
        writer.add_expert_feed_forward_length(config.moe_intermediate_size)
    if family == "qwen2_moe":
        writer.add_expert_shared_feed_forward_length(config.shared_expert_intermediate_size)
    if family == "qwen3_5":
        writer.add_rope_dimension_count(int(width * rope["partial_rotary_factor"]))
        writer.add_rope_dimension_sections([*rope["mrope_section"], 0])
        writer.add_full_attention_interval(4)
        writer.add_ssm_conv_kernel(config.linear_conv_kernel_dim)
        writer.add_ssm_state_size(config.linear_key_head_dim)
        writer.add_ssm_group_count(config.linear_num_key_heads)
        writer.add_ssm_time_step_rank(config.linear_num_value_heads)
        writer.add_ssm_inner_size(config.linear_num_value_heads * config.linear_value_head_dim)
    if family == "gemma2":
        writer.add_attn_logit_softcapping(config.attn_logit_softcapping)
        writer.add_final_logit_softcapping(config.final_logit_softcapping)


def _words(writer: GGUFWriter, template: str | None) -> None:
    tokenizer = tiny.make_tokenizer()
    vocabulary = tokenizer.get_vocab()
    added = tokenizer.added_tokens_decoder
    tokens = [token for token, _index in sorted(vocabulary.items(), key=lambda item: item[1])]
    kinds = [1 if i not in added else 3 if added[i].special else 4 for i in range(len(tokens))]
    # A model has more rows than words; llama.cpp fills up.
    tokens += [f"[PAD{index}]" for index in range(len(tokens), 640)]
    kinds += [5] * (640 - len(kinds))
    merges = tokenizer.backend_tokenizer.to_str()
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(pair) for pair in _merges(merges)])
    writer.add_eos_token_id(vocabulary["<|im_end|>"])
    writer.add_pad_token_id(vocabulary["<|endoftext|>"])
    writer.add_add_bos_token(False)
    if template is not None:
        writer.add_chat_template(template)


def _merges(declared: str) -> list[list[str]]:
    found: list[list[str]] = json.loads(declared)["model"]["merges"]
    return found
