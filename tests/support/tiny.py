"""Tiny models with random weights, saved exactly as published ones are.

What they write is noise. They prove the plumbing (loading, prompts, padding, batches, limits,
scores), never the quality of a digest.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    GenerationConfig,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3_5Config,
    Qwen3_5ForConditionalGeneration,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from service.resources.prompts import load_prompts
from service.settings import Settings

ENGLISH = """The city council voted on Tuesday to close the old bridge over the river Linden for
eighteen months. Engineers found cracks in three of its nine piers in March. The mayor
said the repair would cost 41.5 million crowns, a third more than was planned."""
CHINESE = """市议会周二投票决定，将林登河上的旧桥关闭十八个月。
工程师今年三月在九个桥墩中的三个发现了裂缝。市长艾达·布鲁克说，维修将花费4150万克朗，比原计划多出三分之一。商户反对这一决定，担心生意受损。"""

# In the shape of Qwen's own: turns between <|im_start|> and <|im_end|>, and an empty thought
# where thinking is switched off.
CHAT_TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}"
    "{%- if enable_thinking is defined and enable_thinking is false %}"
    "{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}{%- endif %}"
)
ALWAYS_THINKS = CHAT_TEMPLATE.partition("{%- if enable")[0] + "{{- '<think>\\n' }}{%- endif %}"
_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
FAMILIES = ["qwen2", "qwen3", "qwen3_5"]
OTHERS = ["llama", "mistral", "gemma2", "gemma3"]
"""Families that the batch must read as well; only their models are made, no checkpoint."""
WINDOW = 24
"""Tokens that a sliding layer of these sees."""


def make_tokenizer(chat_template: str | None = CHAT_TEMPLATE, more: Sequence[str] = ()) -> Any:
    """A byte-level BPE with Qwen's pipeline and its added tokens, special and not."""
    backend = Tokenizer(BPE())
    backend.normalizer = normalizers.NFC()
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORDS), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    backend.decoder = decoders.ByteLevel()
    trainer = BpeTrainer(
        vocab_size=600,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = load_prompts().texts
    # Examples hold many characters, of which 600 tokens have room for few.
    prompts = [text for name, text in texts.items() if not name.startswith("translate.")]
    backend.train_from_iterator([ENGLISH, CHINESE, *prompts, *more], trainer)
    for word in ("<|endoftext|>", "<|im_start|>", "<|im_end|>"):
        backend.add_special_tokens([AddedToken(word, special=True)])
    for word in ("<tool_call>", "</tool_call>", "<think>", "</think>"):
        backend.add_tokens([AddedToken(word, special=False, normalized=False)])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    tokenizer.chat_template = chat_template
    return tokenizer


def make_model(family: str, vocabulary: int = 640, context: int = 4096) -> Any:
    """Two to four layers of `family`; weights large enough that words vary."""
    torch.manual_seed(7)
    shape: dict[str, Any] = {
        "vocab_size": vocabulary,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": context,
        "initializer_range": 0.3,
        "tie_word_embeddings": True,
    }
    model: Any
    if family == "qwen2":
        model = Qwen2ForCausalLM(Qwen2Config(num_hidden_layers=2, **shape))
    elif family == "qwen3":
        model = Qwen3ForCausalLM(Qwen3Config(num_hidden_layers=2, head_dim=16, **shape))
    elif family == "qwen3_5":
        model = Qwen3_5ForConditionalGeneration(_vision_language(shape))
    else:
        model = _other(family, shape | {"num_hidden_layers": 2})
    # As publishers do: sampling by default, which Diglot must not follow.
    model.generation_config = GenerationConfig(
        do_sample=True, temperature=0.7, top_p=0.8, top_k=20, repetition_penalty=1.1
    )
    return model.eval()


def make_wide_model(family: str) -> Any:
    """A tiny model whose layers are wide enough for 8 bits, and whose norms are not all alike."""
    config = make_model(family).config
    text = config.get_text_config()
    text.hidden_size, text.intermediate_size = 64, 128
    if hasattr(config, "vision_config"):
        config.vision_config.out_hidden_size = 64
    torch.manual_seed(1)
    model = type(make_model(family))(config).eval()
    for name, parameter in model.named_parameters():
        if "norm" in name:
            parameter.data.uniform_(0.5, 1.5)
    return model


def _other(family: str, shape: dict[str, Any]) -> Any:
    if family == "llama":
        return LlamaForCausalLM(LlamaConfig(**shape))
    if family == "mistral":
        return MistralForCausalLM(MistralConfig(sliding_window=WINDOW, **shape))
    # One layer of each kind, the heads wider than the model, and caps low enough to be reached.
    gemma = shape | {"head_dim": 16, "query_pre_attn_scalar": 12, "sliding_window": WINDOW}
    gemma |= {"layer_types": ["sliding_attention", "full_attention"], "tie_word_embeddings": False}
    if family == "gemma2":
        caps = {"attn_logit_softcapping": 4.0, "final_logit_softcapping": 8.0}
        return Gemma2ForCausalLM(Gemma2Config(**caps, **gemma))
    return Gemma3ForCausalLM(Gemma3TextConfig(**gemma))


def _vision_language(shape: dict[str, Any]) -> Any:
    """A whole vision-language checkpoint, as Qwen3.5 is published; three layers of four linear."""
    text = shape | {
        "num_hidden_layers": 4,
        "head_dim": 16,
        "linear_num_key_heads": 2,
        "linear_num_value_heads": 4,
        "linear_key_head_dim": 8,
        "linear_value_head_dim": 16,
        "eos_token_id": 600,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 10_000.0,
            "partial_rotary_factor": 0.5,
            "mrope_section": [2, 1, 1],
            "mrope_interleaved": True,
        },
    }
    vision = {
        "depth": 1,
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_heads": 2,
        "out_hidden_size": 32,
        "num_position_embeddings": 16,
    }
    return Qwen3_5Config(text_config=text, vision_config=vision, tie_word_embeddings=True)


def save(folder: Path, model: Any, tokenizer: Any | None = None) -> Path:
    """`folder` with everything that a published model comes with."""
    model.save_pretrained(folder)
    (tokenizer or make_tokenizer()).save_pretrained(folder)
    return folder


def settings(model: Path | str, **changes: Any) -> Settings:
    return Settings(
        engine="transformers",
        model=str(model),
        device="cpu",
        **{"threads": 1, "dtype": "float32", **changes},
    )
