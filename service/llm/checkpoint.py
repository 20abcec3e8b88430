"""A model out of a folder in Hugging Face format: its configuration, tokenizer and weights.

Of a model that also sees or hears, only the text part: its towers are neither built nor read.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from transformers import AutoConfig, AutoTokenizer, GenerationConfig
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

_SAME_TEXT = {
    "glm4v_moe_text": "glm4_moe",
    "kimi_k2": "deepseek_v3",
    "qwen2_5_vl_text": "qwen2",
    "qwen2_vl_text": "qwen2",
    "qwen3_vl_moe_text": "qwen3_moe",
    "qwen3_vl_text": "qwen3",
}
"""Text models that transformers has as models of their own under another name only: without
pictures they compute the same. A position of three equal axes turns as a plain one."""
_BUILT_IN = {"qwen3_vl_moe_text": {"norm_topk_prob": True}}
"""What the one has in its code and the other in its configuration."""
_TEXT_PART = re.compile(r"^(?:model\.)?language_model\.(?:model\.)?")


class FolderCheckpoint:
    """The model in `folder`. What its files hold is checked by whoever loads it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def config(self) -> Any:
        """The configuration of the text model."""
        named = json.loads((self._folder / "config.json").read_text(encoding="utf-8"))
        text = named.get("text_config", {})
        if "model_type" not in text and named.get("model_type") not in _SAME_TEXT:
            whole = AutoConfig.from_pretrained(self._folder, trust_remote_code=False)
            if whole.get_text_config() is whole:
                return whole
            text = whole.get_text_config().to_dict()
        config = _as_text_model(text or named)
        if config is None:
            return AutoConfig.from_pretrained(self._folder, trust_remote_code=False)
        for field in ("dtype", "torch_dtype", "quantization_config", "tie_word_embeddings"):
            if field in named and field not in text:
                setattr(config, field.removeprefix("torch_"), named[field])
        config.eos_token_id = _ends(named) + _ends(text) or None
        return config

    def tokenizer(self) -> Any:
        """Its tokenizer, with the chat template if there is one."""
        return AutoTokenizer.from_pretrained(self._folder, trust_remote_code=False)

    def generation_config(self) -> Any:
        """How its publisher would draw words; None when the folder does not say."""
        known: Any = GenerationConfig
        there = (self._folder / "generation_config.json").is_file()
        return known.from_pretrained(self._folder) if there else None

    def weights(self, _model: Any, _dtype_of: Callable[[str], torch.dtype]) -> dict[str, Any]:
        """The weights by name, each still in its file until it is sliced.

        transformers would map the files into memory, where every page that was read counts as this
        process's until the last weight is there: a model that is made smaller while it is loaded
        would need its full size after all.
        """
        single = self._folder / "model.safetensors"
        files = {single}
        if not single.is_file():
            index = self._folder / "model.safetensors.index.json"
            shards = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
            files = {self._folder / shard for shard in shards}
        read: Any = safe_open
        opened = [read(file, framework="pt", backend="pread") for file in sorted(files)]
        return {
            _text_name(key): shard.get_slice(key)
            for shard in opened
            for key in shard.keys()  # noqa: SIM118
        }


def _as_text_model(text: dict[str, Any]) -> Any | None:
    """The configuration as that of a model of text alone; None where transformers has none."""
    kind = text["model_type"]
    same = _SAME_TEXT.get(kind, kind)
    if same not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        return None
    if same != kind and kind in CONFIG_MAPPING:  # whose class knows how older files spell things
        text = CONFIG_MAPPING[kind].from_dict(text).to_dict() | _BUILT_IN.get(kind, {})
    return CONFIG_MAPPING[same].from_dict(text | {"model_type": same})


def _ends(named: dict[str, Any]) -> list[int]:
    ids = named.get("eos_token_id")
    return list(ids) if isinstance(ids, list) else [] if ids is None else [ids]


def _text_name(key: str) -> str:
    """A weight's name in the text model alone."""
    inner = _TEXT_PART.sub("", key)
    return key if inner == key else inner if inner.startswith("lm_head.") else f"model.{inner}"
