"""Model files: folders and hub ids told apart, and missing files."""

from pathlib import Path

import pytest

from service.llm.model_files import folder_fault, is_local, public_name
from tests.support.hub import empty_model


@pytest.mark.parametrize(
    ("model", "folder", "name"),
    [
        ("Qwen/Qwen3.5-2B", False, "Qwen/Qwen3.5-2B"),
        ("gpt2", False, "gpt2"),
        ("/srv/models/mine", True, "mine"),
        ("./mine", True, "mine"),
        ("a/b/c", True, "c"),
        ("模型", True, "模型"),
        ("", True, None),
    ],
)
def test_folders_and_hub_ids_are_told_apart(model: str, folder: bool, name: str | None) -> None:
    assert is_local(model) is folder
    if name is not None:
        assert public_name(model) == name


def test_files_missing_from_a_folder(tmp_path: Path) -> None:
    assert folder_fault(tmp_path / "none") == "there is no such folder"
    folder = empty_model(tmp_path / "mine")
    assert folder_fault(folder) is None
    (folder / "model.safetensors.index.json").write_text("[]")
    assert folder_fault(folder) == "model.safetensors.index.json can't be read"
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "1", "b": "2"}}')
    assert folder_fault(folder) == "2 of 2 weight files are missing, first 1"
