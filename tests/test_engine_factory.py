from importlib.util import find_spec
from pathlib import Path

import pytest

from service.engine_factory import choose
from service.errors import BadSetting
from service.llm.model_files import folder_fault, is_local, public_name
from service.settings import Settings


def make_model(folder: Path, weights: str = "model.safetensors") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "tokenizer.json", weights):
        (folder / name).write_text("{}")
    return folder


@pytest.mark.parametrize("engine", ["extractive", "transformers"])
def test_what_is_asked_for_is_taken(tmp_path: Path, engine: str) -> None:
    chosen = choose(Settings(engine=engine, model=str(tmp_path / "none")))
    assert (chosen.engine, chosen.why) == (engine, "it was asked for")


@pytest.mark.skipif(find_spec("torch") is None, reason="is about a machine that has torch")
def test_a_folder_with_weights_is_taken(tmp_path: Path) -> None:
    chosen = choose(Settings(model=str(make_model(tmp_path / "模型"))))
    assert chosen.engine == "transformers"
    assert chosen.why.endswith("are on this disk")


def test_a_mistyped_folder_is_no_wish_for_the_other_engine(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="model mien: there is no such folder"):
        choose(Settings(model=str(tmp_path / "mien")))


def test_a_folder_with_pickled_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"model old: the folder holds weights as \.bin only"):
        choose(Settings(model=str(make_model(tmp_path / "old", "pytorch_model.bin"))))


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
def test_what_is_a_folder_and_what_a_hub_id(model: str, folder: bool, name: str | None) -> None:
    assert is_local(model) is folder
    if name is not None:
        assert public_name(model) == name


def test_what_is_missing_from_a_folder(tmp_path: Path) -> None:
    assert folder_fault(tmp_path / "none") == "there is no such folder"
    folder = make_model(tmp_path / "mine")
    assert folder_fault(folder) is None
    (folder / "model.safetensors.index.json").write_text("[]")
    assert folder_fault(folder) == "model.safetensors.index.json can't be read"
    (folder / "model.safetensors.index.json").write_text('{"weight_map": {"a": "1", "b": "2"}}')
    assert folder_fault(folder) == "2 of 2 weight files are missing, first 1"
