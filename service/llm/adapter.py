"""LoRA adapters: which base model a folder's adapter belongs to, and whether it can be used.

Imports neither torch nor peft.
"""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from service.errors import BadSetting

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"


class Base(NamedTuple):
    """The model that an adapter changes: a hub id or a folder, and its revision."""

    model: str
    revision: str | None


def is_adapter(folder: Path) -> bool:
    """Whether `folder` holds an adapter and no model of its own."""
    return (folder / CONFIG).is_file() and not any(folder.glob("model*.safetensors*"))


def base_of(folder: Path, name: str) -> Base:
    """The base model of the adapter in `folder`. Raises BadSetting for one that can't be used."""
    config = _config(folder, name)
    if fault := _fault(folder, config):
        raise BadSetting(f"model {name}: {fault}")
    model = str(config["base_model_name_or_path"])
    beside = folder / model
    if beside.is_dir():  # a path is relative to where it was trained, or was moved with the adapter
        model = str(beside)
    return Base(model, config.get("revision"))


def _config(folder: Path, name: str) -> dict[str, Any]:
    try:
        found = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise BadSetting(f"model {name}: {CONFIG} can't be read") from error
    return found if isinstance(found, dict) else {}


def _fault(folder: Path, config: dict[str, Any]) -> str | None:
    kind = config.get("peft_type")
    if kind != "LORA":
        return f"its adapter is of the kind {kind}; only LoRA adapters can be merged into a model"
    if not config.get("base_model_name_or_path"):
        return f"its adapter names no base model (base_model_name_or_path in {CONFIG})"
    if not (folder / WEIGHTS).is_file():
        return (
            f"its adapter has no {WEIGHTS}. A .bin file can run code, so Diglot reads safetensors"
            " alone"
        )
    if find_spec("peft") is None:
        return (
            "it is a LoRA adapter, and peft, which merges it into"
            f" {config['base_model_name_or_path']}, is not installed: pip install peft"
        )
    return None
