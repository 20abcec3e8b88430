"""Adapter checkpoint: a folder's model with a LoRA adapter merged into it by peft."""

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from service.errors import BadSetting
from service.llm.adapter import WEIGHTS
from service.llm.checkpoint import FolderCheckpoint, text_name

_PREFIX = "base_model.model."
_LORA = re.compile(r"\.lora_\w+.*$")
_TOWER = re.compile(r"\b(?:visual|vision\w*|audio\w*)\.")


class AdapterCheckpoint(FolderCheckpoint):
    """The checkpoint in `folder`, changed by the adapter in `adapter`."""

    def __init__(self, folder: Path, adapter: Path, name: str) -> None:
        super().__init__(folder)
        self._adapter = adapter
        self._name = name

    def tokenizer(self) -> Any:
        """The tokenizer that the adapter was trained with, where it brings one."""
        own = any((self._adapter / file).is_file() for file in ("tokenizer.json", "vocab.json"))
        return FolderCheckpoint(self._adapter).tokenizer() if own else super().tokenizer()

    def weights(self, model: Any, dtype_of: Callable[[str], torch.dtype]) -> dict[str, Any]:
        """The merged weights, in the number format of the files."""
        plain = super().weights(model, dtype_of)
        stored = getattr(model.config, "dtype", None) or torch.float32
        whole: Any = type(model).from_pretrained(
            None, config=model.config, state_dict=plain, dtype=stored
        )
        merged: dict[str, Any] = self._merge(whole).state_dict()
        # A table that is used twice stands in the files once.
        return {name: merged.get(name, weight) for name, weight in plain.items()}

    def _merge(self, model: Any) -> Any:
        from peft import LoraConfig, get_peft_model, set_peft_model_state_dict

        weights = {
            _PREFIX + text_name(name.removeprefix(_PREFIX)): weight
            for name, weight in load_file(self._adapter / WEIGHTS).items()
            if not _TOWER.search(name)
        }
        config: Any = LoraConfig.from_pretrained(str(self._adapter))
        # By their names: a pattern may be about the model with its towers.
        config.target_modules = sorted(
            {_LORA.sub("", name).removeprefix(_PREFIX) for name in weights if ".lora_" in name}
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # peft's own, about what it asks of transformers
            adapted: Any = get_peft_model(model, config)
            result: Any = set_peft_model_state_dict(adapted, weights)
        if result.unexpected_keys:
            raise BadSetting(
                f"model {self._name}: its adapter does not fit its base model:"
                f" {len(result.unexpected_keys)} weights find no place, first"
                f" {result.unexpected_keys[0].removeprefix(_PREFIX)}"
            )
        return adapted.merge_and_unload()
