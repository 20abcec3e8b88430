"""Tiny LoRA adapters, saved by peft as published ones are."""

import json
import warnings
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model


def save_adapter(folder: Path, model: Any, base: str, **more: Any) -> Any:
    """Save an adapter of `model` that names `base`, and return the model merged with it by peft."""
    targets = {"target_modules": ["q_proj", "v_proj", "down_proj"], **more}
    torch.manual_seed(11)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peft's own, about what it asks of transformers
        adapted: Any = get_peft_model(model, LoraConfig(r=4, lora_alpha=16, **targets))
    for name, weight in adapted.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weight, std=0.3)
    adapted.save_pretrained(folder)
    edit(folder, base_model_name_or_path=base)
    return adapted.merge_and_unload()


def edit(folder: Path, **changes: Any) -> None:
    path = folder / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
