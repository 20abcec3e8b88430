"""A LoRA adapter's folder: the base that it names, and what keeps it from being used."""

import json
from pathlib import Path
from typing import Any

import pytest

from service.errors import BadSetting
from service.llm.adapter import CONFIG, WEIGHTS, Base, base_of, is_adapter

GOOD = {"peft_type": "LORA", "base_model_name_or_path": "maker/small-model", "revision": "v2"}


def adapter(folder: Path, **changes: Any) -> Path:
    (folder / CONFIG).write_text(json.dumps({**GOOD, **changes}))
    (folder / WEIGHTS).write_bytes(b"weights")
    return folder


@pytest.mark.parametrize("base", ["maker/small-model", "制作者/模型"])
def test_the_base_is_named_with_its_revision(tmp_path: Path, base: str) -> None:
    folder = adapter(tmp_path, base_model_name_or_path=base)
    assert is_adapter(folder)
    assert base_of(folder, "x") == Base(base, "v2")


def test_a_folder_with_a_model_of_its_own_is_not_an_adapter(tmp_path: Path) -> None:
    assert not is_adapter(tmp_path)
    (adapter(tmp_path) / "model.safetensors").write_bytes(b"")
    assert not is_adapter(tmp_path)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"peft_type": "IA3"}, "of the kind IA3; only LoRA"),
        ({"base_model_name_or_path": ""}, "names no base model"),
    ],
)
def test_an_adapter_that_can_not_be_merged_is_refused(
    tmp_path: Path, changes: dict[str, str], says: str
) -> None:
    with pytest.raises(BadSetting, match=f"^model 适配器: .*{says}"):
        base_of(adapter(tmp_path, **changes), "适配器")


def test_pickled_weights_are_not_read(tmp_path: Path) -> None:
    (adapter(tmp_path) / WEIGHTS).rename(tmp_path / "adapter_model.bin")
    with pytest.raises(BadSetting, match="safetensors alone"):
        base_of(tmp_path, "x")
