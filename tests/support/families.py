"""Tiny random models of every family that the engine is meant to read, from the published classes.

Each has all that is special about its family, scaled down until a text of 80 tokens meets it:
windows and chunks shorter than the text, soft caps and limits that are reached, several kinds of
layers, biases, sinks and norms that are not at their neutral values.
"""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForCausalLM, GenerationConfig

from service.llm.loader import Loaded, greedy
from tests.support import tiny

HIDDEN = 128
TIED = "tie_word_embeddings"
WINDOW = 24
"""Tokens that a sliding layer or a chunk of these sees."""
OUTLIER = 100.0
OUTLIER_CHANNELS = (7, 11)
"""Both in one block of 32 channels, of the four or more that there are."""

_SHAPE: dict[str, Any] = {
    "vocab_size": 640,
    "hidden_size": HIDDEN,
    "intermediate_size": 192,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 4096,
    "bos_token_id": 601,
    "eos_token_id": 602,
    "pad_token_id": 600,
    "tie_word_embeddings": False,
}
_HEADS = {"head_dim": 32}
_SLIDING, _FULL, _LINEAR = "sliding_attention", "full_attention", "linear_attention"
_ALTERNATE = {"sliding_window": WINDOW, "layer_types": [_SLIDING, _FULL, _SLIDING]}
_MOST_SLIDE = {
    "sliding_window": WINDOW,
    "layer_types": [_SLIDING, _SLIDING, _SLIDING, _FULL],
    "num_hidden_layers": 4,
}
# Five experts, so that no other layer is as narrow; their width differs from the model's.
_EXPERTS = {"num_experts": 5, "num_experts_per_tok": 2, "moe_intermediate_size": 96}
_LOCAL_EXPERTS = {"num_local_experts": 5, "num_experts_per_tok": 2}
_SHARED_EXPERT = {"shared_expert_intermediate_size": 96, "norm_topk_prob": True}
_DELTA_NET = {
    "num_hidden_layers": 4,
    "layer_types": [_LINEAR, _LINEAR, _LINEAR, _FULL],
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_key_head_dim": 16,
    "linear_value_head_dim": 32,
}
_MULTIMODAL_ROPE = {
    "rope_type": "default",
    "rope_theta": 10_000.0,
    "partial_rotary_factor": 0.5,
    "mrope_section": [4, 2, 2],
    "mrope_interleaved": True,
}
_PARTIAL_ROPE = {"rope_type": "default", "rope_theta": 10_000.0, "partial_rotary_factor": 0.5}
_YARN = {
    "rope_type": "yarn",
    "rope_theta": 10_000.0,
    "factor": 4.0,
    "beta_fast": 32.0,
    "beta_slow": 1.0,
    "original_max_position_embeddings": 32,
}
_LATENT = {
    "num_key_value_heads": 4,
    "q_lora_rank": 64,
    "kv_lora_rank": 64,
    "qk_rope_head_dim": 32,
    "qk_nope_head_dim": 32,
    "v_head_dim": 32,
}
_ROUTED = {
    "n_routed_experts": 6,
    "n_shared_experts": 1,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 96,
    "norm_topk_prob": True,
    "routed_scaling_factor": 1.8,
    "n_group": 2,
    "topk_group": 1,
    "first_k_dense_replace": 1,
}
_INDEXED = {
    "index_topk": WINDOW,
    "index_head_dim": 64,
    "index_n_heads": 8,  # with few, many scores are exactly zero, and nothing breaks the tie
    "mlp_layer_types": ["dense", "sparse", "sparse"],
}
_GEMMA = {"head_dim": 32, "query_pre_attn_scalar": 24}
_PER_LAYER = {"hidden_size_per_layer_input": 32, "vocab_size_per_layer_input": 640}
_GRANITE = {
    "embedding_multiplier": 12.0,
    "logits_scaling": 0.5,
    "residual_multiplier": 0.4,
    "attention_multiplier": 0.25,
}


def _long_rope(width: int, partial: float = 1.0) -> dict[str, Any]:
    """Two sets of factors for `width` turned channels; the text is long enough for the second."""
    halves = range(width // 2)
    return {
        "original_max_position_embeddings": 32,
        "rope_parameters": {
            "rope_type": "longrope",
            "rope_theta": 10_000.0,
            "partial_rotary_factor": partial,
            "original_max_position_embeddings": 32,
            "short_factor": [1.0 + 0.02 * half for half in halves],
            "long_factor": [1.0 + 0.5 * half for half in halves],
        },
    }


PUBLISHED: dict[str, tuple[str, dict[str, Any]]] = {
    "qwen2.5": ("qwen2", {}),
    "qwen2_moe": ("qwen2_moe", _EXPERTS | _SHARED_EXPERT),
    "qwen3": ("qwen3", _HEADS),
    "qwen3_moe": ("qwen3_moe", _HEADS | _EXPERTS | {"mlp_only_layers": [1]}),
    "qwen3_next": ("qwen3_next", _HEADS | _EXPERTS | _SHARED_EXPERT | _DELTA_NET),
    "qwen3.5": ("qwen3_5_text", _HEADS | _DELTA_NET | {"rope_parameters": _MULTIMODAL_ROPE}),
    "qwen3.5_moe": (
        "qwen3_5_moe_text",
        _HEADS | _EXPERTS | _SHARED_EXPERT | _DELTA_NET | {"rope_parameters": _MULTIMODAL_ROPE},
    ),
    "gemma1": ("gemma", _HEADS),
    "gemma2": (
        "gemma2",
        _GEMMA | _ALTERNATE | {"attn_logit_softcapping": 4.0, "final_logit_softcapping": 8.0},
    ),
    "gemma3": ("gemma3_text", _GEMMA | _MOST_SLIDE | {"tie_word_embeddings": True}),
    "gemma3n": (
        "gemma3n_text",
        _HEADS
        | _MOST_SLIDE
        | _PER_LAYER
        | {
            "layer_types": [_SLIDING, _FULL, _SLIDING, _FULL],
            "num_kv_shared_layers": 2,
            "laurel_rank": 64,
            "activation_sparsity_pattern": [0.9, 0.0, 0.0, 0.0],
            "final_logit_softcapping": 8.0,
            "tie_word_embeddings": True,
        },
    ),
    "gemma4": (
        "gemma4_text",
        _HEADS
        | _MOST_SLIDE
        | {
            "hidden_size_per_layer_input": 0,
            "attention_k_eq_v": True,
            "per_layer_config": {"03": {"head_dim": 64, "num_key_value_heads": 1}},
            "final_logit_softcapping": 8.0,
        },
    ),
    "gemma4_shared_kv": (
        "gemma4_text",
        _HEADS
        | _MOST_SLIDE
        | _PER_LAYER
        | {
            "layer_types": [_SLIDING, _FULL, _SLIDING, _FULL],
            "num_kv_shared_layers": 2,
            "use_double_wide_mlp": True,
            "per_layer_config": {"01": {"head_dim": 64}, "03": {"head_dim": 64}},
            "tie_word_embeddings": True,
        },
    ),
    "gemma4_moe": (
        "gemma4_text",
        _HEADS
        | _MOST_SLIDE
        | {
            "hidden_size_per_layer_input": 0,
            "per_layer_config": {"03": {"head_dim": 64}},
            "enable_moe_block": True,
            "num_experts": 5,
            "top_k_experts": 2,
            "moe_intermediate_size": 96,
        },
    ),
    "gpt_oss": (
        "gpt_oss",
        _HEADS | _ALTERNATE | _LOCAL_EXPERTS | {"rope_parameters": _YARN, "swiglu_limit": 1.5},
    ),
    "llama3": (
        "llama",
        {
            "rope_parameters": {
                "rope_type": "llama3",
                "rope_theta": 500_000.0,
                "factor": 8.0,
                "low_freq_factor": 1.0,
                "high_freq_factor": 4.0,
                "original_max_position_embeddings": 64,
            }
        },
    ),
    "llama4": (
        "llama4_text",
        _HEADS
        | _LOCAL_EXPERTS
        | {
            "num_experts_per_tok": 1,
            "num_hidden_layers": 4,
            "intermediate_size": 96,
            "intermediate_size_mlp": 192,
            "interleave_moe_layer_step": 2,
            "attention_chunk_size": WINDOW,
            "floor_scale": 16,
        },
    ),
    "deepseek_v2": (
        "deepseek_v2",
        _LATENT | _ROUTED | {"topk_method": "group_limited_greedy", "norm_topk_prob": False},
    ),
    "deepseek_v3": ("deepseek_v3", _LATENT | _ROUTED | {"rope_parameters": _YARN}),
    "deepseek_v3.2": ("deepseek_v32", _LATENT | _ROUTED | _INDEXED),
    "deepseek_v4": (
        "deepseek_v4",
        {
            "num_key_value_heads": 1,
            "head_dim": 64,
            "partial_rotary_factor": 0.5,
            "q_lora_rank": 64,
            "layer_types": [
                "sliding_attention",
                "compressed_sparse_attention",
                "heavily_compressed_attention",
            ],
            "sliding_window": WINDOW,
            "compress_rates": {"compressed_sparse_attention": 4, "heavily_compressed_attention": 8},
            "index_topk": 6,
            "index_head_dim": 64,
            "index_n_heads": 8,
            "o_groups": 2,
            "o_lora_rank": 64,
            "mlp_layer_types": ["hash_moe", "moe", "moe"],
            "n_routed_experts": 6,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": 96,
            "swiglu_limit": 1.5,
        },
    ),
    "kimi_k2": ("deepseek_v3", _LATENT | _ROUTED | {"n_group": 1, "attention_bias": True}),
    "glm4": ("glm4", _HEADS | {"attention_bias": True, "rope_parameters": _PARTIAL_ROPE}),
    "glm4.5_moe": (
        "glm4_moe",
        _HEADS
        | _ROUTED
        | {"attention_bias": True, "use_qk_norm": True, "rope_parameters": _PARTIAL_ROPE},
    ),
    "glm4.7_flash": (
        "glm4_moe_lite",
        _LATENT | _ROUTED | {"mlp_layer_types": ["dense", "sparse", "sparse"]},
    ),
    "glm5": ("glm_moe_dsa", _LATENT | _ROUTED | _INDEXED),
    "minimax_m1": (
        "minimax",
        _HEADS
        | _LOCAL_EXPERTS
        | {
            "layer_types": [_LINEAR, _FULL, _LINEAR],
            "block_size": 16,
            "full_attn_alpha_factor": 1.5,
            "full_attn_beta_factor": 0.8,
            "linear_attn_alpha_factor": 1.4,
            "linear_attn_beta_factor": 0.9,
            "mlp_alpha_factor": 1.3,
            "mlp_beta_factor": 0.7,
        },
    ),
    "minimax_m2": ("minimax_m2", _HEADS | _LOCAL_EXPERTS | {"rope_parameters": _PARTIAL_ROPE}),
    "mistral": ("mistral", _HEADS | {"sliding_window": WINDOW}),
    "mixtral": ("mixtral", _HEADS | _LOCAL_EXPERTS | {"sliding_window": WINDOW}),
    "ministral3": (
        "ministral3",
        _HEADS | {"rope_parameters": _YARN | {"llama_4_scaling_beta": 0.1}},
    ),
    "smollm3": ("smollm3", {"num_hidden_layers": 4, "no_rope_layers": [1, 1, 1, 0]}),
    "phi2": (
        "phi",
        {"num_key_value_heads": 4, "qk_layernorm": True, "rope_parameters": _PARTIAL_ROPE},
    ),
    "phi3": ("phi3", {"sliding_window": WINDOW}),
    "phi3_longrope": ("phi3", _long_rope(32)),
    "phi4_mini": ("phi3", _long_rope(24, 0.75)),
    "phi_moe": ("phimoe", _LOCAL_EXPERTS | {"attention_bias": True, "lm_head_bias": True}),
    "granite": ("granite", _GRANITE),
    "granite_moe": ("granitemoe", _GRANITE | _LOCAL_EXPERTS),
    "minicpm3": ("minicpm3", _LATENT | {"scale_emb": 12, "dim_model_base": 64}),
    "olmo2": ("olmo2", {}),
    "exaone4": ("exaone4", _HEADS | _MOST_SLIDE),
    "cohere2": ("cohere2", _HEADS | _MOST_SLIDE | {"logit_scale": 0.25}),
}
"""The name of each family, its model_type, and what differs from `_SHAPE`."""
PLAIN = {
    *("deepseek_v2", "deepseek_v3", "deepseek_v3.2", "deepseek_v4", "kimi_k2", "glm4.7_flash"),
    *("glm5", "minicpm3", "gemma3n", "gemma4_shared_kv", "gpt_oss", "llama4", "minimax_m1"),
    *("phi3_longrope", "phi4_mini"),
}
"""Families whose past may be kept by transformers, for it is latent or indexed, shared by layers,
seen with sinks, in chunks or as a state of their own, or turned by how long the text is."""
WHOLE: dict[str, tuple[str, str, str]] = {
    "qwen3_vl": ("qwen3_vl", "qwen3", "model.language_model."),
    "qwen3.5_vision": ("qwen3_5", "qwen3.5", "model.language_model."),
    "gemma3_vision": ("gemma3", "gemma3", "language_model.model."),
    "gemma3n_whole": ("gemma3n", "gemma3n", "model.language_model."),
    "gemma4_vision": ("gemma4", "gemma4", "model.language_model."),
    "llama4_vision": ("llama4", "llama4", "language_model.model."),
    "mistral_small": ("mistral3", "mistral", "language_model.model."),
    "ministral3_vision": ("mistral3", "ministral3", "language_model.model."),
    "kimi_k25": ("kimi_k25", "kimi_k2", "language_model.model."),
    "kimi_k2_published": ("kimi_k2", "kimi_k2", ""),
}
"""Models that are published with towers for pictures and sound, or under a name of their own: the
model_type in their configuration, the family of their text model, and what the names of its weights
begin with."""


def make_model(name: str) -> Any:
    """A model of the family `name` in float32, the same every time, which attends eagerly."""
    kind, special = PUBLISHED[name]
    config = AutoConfig.for_model(kind, **_SHAPE | special)
    torch.manual_seed(7)
    build: Any = AutoModelForCausalLM.from_config
    model = build(config, attn_implementation="eager").eval()
    _randomise(model)
    model.generation_config = GenerationConfig(eos_token_id=602, pad_token_id=600)
    return model


def loaded(name: str) -> Loaded:
    """The model of `make_model`, as the loader returns it, without a tokenizer."""
    model = make_model(name)
    model.generation_config = greedy((602,))
    parameters = sum(weight.numel() for weight in model.parameters())
    return Loaded(model, None, name, None, 4096, (602,), parameters, "float32")


@torch.no_grad()
def _randomise(model: Any) -> None:
    """Matrices that keep the size of what they read, and everything else off its neutral value."""
    for layer in model.modules():
        for name, weight in layer.named_parameters(recurse=False):
            if weight.dim() >= 2 and not name.endswith("bias"):
                weight.copy_(torch.randn_like(weight) * _spread(model, layer, name, weight))
            elif name not in {"A_log", "dt_bias"}:  # both are drawn when they are made
                spread = 1.0 if name == "sinks" else 0.2
                weight.add_(torch.randn_like(weight) * spread)
        for name, buffer in layer.named_buffers(recurse=False):
            if name in {"e_score_correction_bias", "layer_scalar"}:
                buffer.add_(torch.randn_like(buffer) * 0.1)
            elif name == "tid2eid":  # the experts of each word, where they are fixed
                order = torch.rand(len(buffer), layer.num_experts).argsort(-1)
                buffer.copy_(order[:, : buffer.shape[1]])
        if getattr(layer, "scaling", None) == 1.0 and hasattr(layer, "k_norm"):
            layer.k_norm.weight *= layer.head_dim**-0.5  # a norm learns the usual scale there


def _spread(model: Any, layer: nn.Module, name: str, weight: Tensor) -> float:
    if isinstance(layer, nn.Embedding):
        scale = getattr(layer, "embed_scale", None)
        return 1 / float(scale or getattr(model.config, "embedding_multiplier", None) or 1)
    if layer is model.get_output_embeddings():
        return 2 / HIDDEN**0.5
    if isinstance(layer, nn.Conv1d):
        return 0.5
    return float(weight.shape[input_axis(name, weight)] ** -0.5)


def input_axis(name: str, weight: Tensor) -> int:
    """The axis along which a matrix, or a stack of experts' matrices, is multiplied.

    Experts are kept as (experts, outputs, inputs), or with the last two the other way about.
    """
    if weight.dim() == 2:
        return 1
    reads_hidden = "gate" in name or "up" in name
    return 2 if (weight.shape[2] == HIDDEN) == reads_hidden else 1


def routers(model: Any) -> set[int]:
    """The ids of the matrices that choose experts or weigh them: few rows, which decide much."""
    names = ("gate", "router", "shared_expert_gate")
    return {
        id(weight)
        for path, layer in model.named_modules()
        for weight in layer.parameters(recurse=False)
        if path.rpartition(".")[2] in names
    }


def matrices(model: Any) -> Iterator[tuple[str, Tensor]]:
    """The name and the weights of what makes a model large: linear layers, experts, embeddings."""
    kept = routers(model)
    for layer in model.modules():
        if not isinstance(layer, nn.Conv1d):
            for name, weight in layer.named_parameters(recurse=False):
                known = weight.dim() == 3 or (weight.dim() == 2 and name == "weight")
                if known and id(weight) not in kept:
                    yield name, weight


@torch.no_grad()
def scaled(model: Any, factor: float) -> Any:
    """A copy of `model` whose every matrix is `factor` times too large."""
    wrong = copy.deepcopy(model)
    for _, weight in matrices(wrong):
        weight.mul_(factor)
    return wrong


@torch.no_grad()
def with_outliers(model: Any) -> Any:
    """A copy of `model` in which a few channels are a hundred times larger, as in published Qwens:
    of what norms hand to attention, and of what down projections read.

    The layers that read them take a hundredth, so the model's words stay the same.
    """
    wild = copy.deepcopy(model)
    channels = list(OUTLIER_CHANNELS)
    for norm, readers in _input_norms(wild):
        shift = 1.0 if _adds_one(norm) else 0.0
        norm.weight[channels] = (norm.weight[channels] + shift) * OUTLIER - shift
        if getattr(norm, "bias", None) is not None:
            norm.bias[channels] *= OUTLIER
        for reader in readers:
            reader.weight[:, channels] /= OUTLIER
    for layer in wild.modules():
        up, down = (getattr(layer, f"{name}_proj", None) for name in ("up", "down"))
        if isinstance(up, nn.Linear) and isinstance(down, nn.Linear):
            up.weight[channels] *= OUTLIER
            down.weight[:, channels] /= OUTLIER
    return wild


def _input_norms(model: Any) -> list[tuple[Any, list[nn.Linear]]]:
    """The norm before each attention, and the linear layers that read what it puts out."""
    outputs: dict[Any, Tensor] = {}
    readers: dict[Any, list[nn.Linear]] = {}

    def put_out(norm: Any, _: Any, output: Tensor) -> None:
        outputs[norm] = output

    def read(linear: Any, inputs: tuple[Tensor]) -> None:
        for norm, output in outputs.items():
            if inputs[0] is output:
                readers.setdefault(norm, []).append(linear)

    hooks = [
        layer.register_forward_hook(put_out)
        for path, layer in model.named_modules()
        if path.endswith("input_layernorm")
    ]
    linears = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    hooks += [linear.register_forward_pre_hook(read) for linear in linears]
    model(input_ids=torch.arange(10, 20)[None], use_cache=False)
    for hook in hooks:
        hook.remove()
    return list(readers.items())


def _adds_one(norm: Any) -> bool:
    """Whether the norm multiplies by one and its weights, as Gemma's does."""
    zeros = {name: torch.zeros_like(weight) for name, weight in norm.named_parameters()}
    row = torch.arange(float(HIDDEN))
    return bool(torch.func.functional_call(norm, zeros, (row,)).any())


def save(folder: Path, model: Any) -> Path:
    """`folder` as it is published, with the tokenizer of the other tiny models."""
    return tiny.save(folder, model)


def save_whole(folder: Path, name: str, model: Any) -> Path:
    """`folder` as `name` of WHOLE is published, around the text model `model`."""
    kind, _, prefix = WHOLE[name]
    save(folder, model)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if prefix:
        ends = {"eos_token_id": config["eos_token_id"], TIED: config[TIED]}
        config = {"model_type": kind, "text_config": config, **ends}
    else:
        config["model_type"] = kind
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    file = folder / "model.safetensors"
    weights = {_name_inside(prefix, key): weight for key, weight in load_file(file).items()}
    if prefix:
        weights["vision_tower.patch_embedding.weight"] = torch.zeros(4, 4)
    save_file(weights, file, metadata={"format": "pt"})
    return folder


def _name_inside(prefix: str, key: str) -> str:
    """A weight's name; the head stands beside the text model, within it or outside."""
    if prefix and key.startswith("model."):
        return prefix + key.removeprefix("model.")
    return prefix.removesuffix("model.") + key if prefix.startswith("language_model.") else key
