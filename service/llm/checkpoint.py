"""Folder checkpoint: configuration, tokenizer and weights of a folder in Hugging Face format.

Of a multimodal model only the text model is read: its vision and audio towers are not built.
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

from service.llm.dequantize import Quantization, dequantized

_SAME_TEXT = {
    "glm4v_text": "glm4",
    "glm4v_moe_text": "glm4_moe",
    "kimi_k2": "deepseek_v3",
    "qwen2_5_vl_text": "qwen2",
    "qwen2_vl_text": "qwen2",
    "qwen3_vl_moe_text": "qwen3_moe",
    "qwen3_vl_text": "qwen3",
}
"""Text models that transformers can build on their own only under another model's name. Without
pictures both compute the same: a rotary position of three equal axes is a plain one."""
_BUILT_IN = {
    "glm4v_text": {"attention_bias": True},
    "qwen3_vl_moe_text": {"norm_topk_prob": True},
}
"""Settings that the first model has in its code and the other in its configuration."""
_TEXT_PART = re.compile(r"^(?:model\.)?language_model\.(?:model\.)?")


class FolderCheckpoint:
    """The checkpoint in `folder`. The loader handles the errors that its files cause."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def config(self) -> Any:
        """The configuration of the text model, without the quantisation that `weights` undoes."""
        config = self._text_config()
        quantization = Quantization.of(self._json())
        if quantization and quantization.readable:
            for part in {id(part): part for part in (config, config.get_text_config())}.values():
                vars(part).pop("quantization_config", None)
        return config

    def _json(self) -> Any:
        return json.loads((self._folder / "config.json").read_text(encoding="utf-8"))

    def _text_config(self) -> Any:
        outer = self._json()
        text = outer.get("text_config", {})
        if "model_type" not in text and outer.get("model_type") not in _SAME_TEXT:
            whole = AutoConfig.from_pretrained(self._folder, trust_remote_code=False)
            if whole.get_text_config() is whole:
                return whole
            text = whole.get_text_config().to_dict()
        config = _as_text_model(text or outer)
        if config is None:
            return AutoConfig.from_pretrained(self._folder, trust_remote_code=False)
        for field in ("dtype", "torch_dtype", "quantization_config", "tie_word_embeddings"):
            if field in outer and field not in text:
                setattr(config, field.removeprefix("torch_"), outer[field])
        config.eos_token_id = _eos_ids(outer) + _eos_ids(text) or None
        return config

    def tokenizer(self) -> Any:
        """The model's tokenizer, with its chat template if there is one."""
        return AutoTokenizer.from_pretrained(self._folder, trust_remote_code=False)

    def generation_config(self) -> Any:
        """The publisher's sampling settings; None when the folder has none."""
        generation_config: Any = GenerationConfig
        if not (self._folder / "generation_config.json").is_file():
            return None
        return generation_config.from_pretrained(self._folder)

    def weights(self, _model: Any, dtype_of: Callable[[str], torch.dtype]) -> dict[str, Any]:
        """The weights by name; each stays in its file until it is sliced.

        Those of 4 or 8 bits come as `dtype_of(name)`, others in the format of their file.

        transformers would map the files into memory, where every page that was read counts as this
        process's until the last weight is loaded. A model that is quantised while it is loaded
        would need memory for its full size after all.
        """
        single = self._folder / "model.safetensors"
        files = {single}
        if not single.is_file():
            index = self._folder / "model.safetensors.index.json"
            names = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
            files = {self._folder / name for name in names}
        open_file: Any = safe_open
        shards = [open_file(file, framework="pt", backend="pread") for file in sorted(files)]
        weights = {
            text_name(key): shard.get_slice(key)
            for shard in shards
            for key in shard.keys()  # noqa: SIM118
        }
        quantization = Quantization.of(self._json())
        return dequantized(weights, quantization, dtype_of) if quantization else weights


def _as_text_model(text: dict[str, Any]) -> Any | None:
    """The configuration of a text-only model; None where transformers has no such model."""
    kind = text["model_type"]
    same = _SAME_TEXT.get(kind, kind)
    if same not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        return None
    if same != kind and kind in CONFIG_MAPPING:  # its class knows the field names of older files
        text = CONFIG_MAPPING[kind].from_dict(text).to_dict() | _BUILT_IN.get(kind, {})
    return CONFIG_MAPPING[same].from_dict(text | {"model_type": same})


def _eos_ids(config: dict[str, Any]) -> list[int]:
    ids = config.get("eos_token_id")
    return list(ids) if isinstance(ids, list) else [] if ids is None else [ids]


def text_name(key: str) -> str:
    """A weight's name in the text-only model."""
    inner = _TEXT_PART.sub("", key)
    return key if inner == key else inner if inner.startswith("lm_head.") else f"model.{inner}"
