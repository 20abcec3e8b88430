"""Loading, with tiny models in the published formats: the weights arrive, or it is said why not."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import Qwen3Config

from service.errors import BadSetting
from service.llm import loader
from service.llm.hub import find
from service.llm.loader import load
from tests.llm import tiny


def logits(model: Any) -> torch.Tensor:
    with torch.inference_mode():
        said: torch.Tensor = model(input_ids=torch.tensor([[5, 6, 7, 300, 20]])).logits
    return said


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_the_loaded_model_computes_what_the_saved_one_did(tmp_path: Path, family: str) -> None:
    source = tiny.make_model(family)
    loaded = load(tiny.settings(tiny.save(tmp_path / "model", source)))
    torch.testing.assert_close(logits(loaded.model), logits(source), rtol=0, atol=0)
    assert loaded.name == "model" and (loaded.revision or "").startswith("sha256:")
    assert loaded.context == 4096
    assert loaded.model.dtype == torch.float32


def test_a_vision_language_checkpoint_is_loaded_without_its_vision_tower(
    folders: dict[str, Path], caplog: pytest.LogCaptureFixture
) -> None:
    folder = folders["qwen3_5"]
    names = load_file(folder / "model.safetensors").keys()
    assert any(name.startswith("model.language_model.") for name in names)
    assert any(name.startswith("model.visual.") for name in names)
    loaded = load(tiny.settings(folder))
    assert type(loaded.model).__name__ == "Qwen3_5ForCausalLM"
    assert not any("visual" in name for name, _ in loaded.model.named_parameters())
    assert "unknown weights" not in caplog.text


def test_the_ends_of_turn_and_document_both_stop(folders: dict[str, Path]) -> None:
    """Qwen3.5's text configuration names <|endoftext|> alone; the tokenizer names <|im_end|>."""
    assert load(tiny.settings(folders["qwen3_5"])).stops == (602, 600)


def test_sharded_weights_in_bfloat16(tmp_path: Path) -> None:
    source = tiny.make_model("qwen3").to(torch.bfloat16)
    source.save_pretrained(tmp_path, max_shard_size="40KB")
    tiny.make_tokenizer().save_pretrained(tmp_path)
    assert len(list(tmp_path.glob("*.safetensors"))) > 1
    loaded = load(tiny.settings(tmp_path))
    assert loaded.model.dtype == torch.float32  # a CPU computes bfloat16 slowly
    torch.testing.assert_close(dict(loaded.model.state_dict()), dict(source.float().state_dict()))
    assert load(tiny.settings(tmp_path, dtype="bfloat16")).model.dtype == torch.bfloat16


def test_a_newer_checkpoint_brings_weights_that_are_left_out(
    tmp_path: Path, folders: dict[str, Path], caplog: pytest.LogCaptureFixture
) -> None:
    """Published Qwen3.5 checkpoints also hold heads that guess several tokens (mtp.*)."""
    folder = copy(folders["qwen3_5"], tmp_path)
    rewrite(folder, lambda weights: weights.update({"mtp.fc.weight": torch.zeros(2, 2)}))
    load(tiny.settings(folder))
    assert "unknown weights" not in caplog.text
    rewrite(folder, lambda weights: weights.update({"strange.weight": torch.zeros(2, 2)}))
    load(tiny.settings(folder))
    assert "unknown weights, first strange.weight" in caplog.text


def copy(source: Path, target: Path) -> Path:
    return Path(shutil.copytree(source, target / "copied"))


def rewrite(folder: Path, change: Callable[[dict[str, torch.Tensor]], Any]) -> None:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def drop_norm(folder: Path) -> None:
    rewrite(folder, lambda weights: weights.pop("model.layers.1.input_layernorm.weight"))


def to_pickle(folder: Path) -> None:
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def edit_config(**changes: Any) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return edit


def truncate_weights(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])


def lose_a_shard(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    index = {"weight_map": {"a": "model-1-of-2.safetensors", "b": "model-2-of-2.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "model-2-of-2.safetensors").write_bytes(b"")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (drop_norm, r"1 of its weights .*model\.layers\.1\.input_layernorm"),
        (to_pickle, r"\.bin only.* safetensors"),
        (lambda folder: (folder / "config.json").unlink(), r"no config\.json"),
        (lambda folder: (folder / "config.json").write_text("{"), r"config\.json can't be used"),
        (edit_config(model_type="qwen99"), r"config\.json can't be used .*qwen99"),
        (edit_config(model_type="vit"), r"can't be loaded .*AutoModelForCausalLM"),
        (edit_config(hidden_size=64), r"can't be loaded|weights are not in the files"),
        (lambda folder: (folder / "tokenizer.json").unlink(), r"no tokenizer"),
        (lambda folder: (folder / "tokenizer.json").write_text("{}"), r"tokenizer can't be loaded"),
        (lambda folder: (folder / "chat_template.jinja").unlink(), r"no chat template"),
        (truncate_weights, r"can't be loaded"),
        (lose_a_shard, r"1 of 2 weight files are missing, first model-1-of-2"),
        (lambda folder: (folder / "model.safetensors").unlink(), r"no weights"),
    ],
)
def test_a_broken_folder_stops_the_start_and_says_why(
    tmp_path: Path, folders: dict[str, Path], damage: Callable[[Path], Any], said: str
) -> None:
    folder = copy(folders["qwen3"], tmp_path)
    damage(folder)
    with pytest.raises(BadSetting, match=said) as refused:
        load(tiny.settings(folder))
    assert str(tmp_path) not in str(refused.value)
    assert "copied" in str(refused.value)


def test_code_that_comes_with_a_model_is_never_run(
    tmp_path: Path, folders: dict[str, Path]
) -> None:
    folder = copy(folders["qwen3"], tmp_path)
    trace = tmp_path / "it-ran"
    (folder / "evil.py").write_text(f"open({str(trace)!r}, 'w').close()")
    code = {"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model"}
    edit_config(auto_map=code)(folder)
    load(tiny.settings(folder))  # qwen3 is known, so its own code is not needed
    edit_config(auto_map=code, model_type="evil")(folder)
    with pytest.raises(BadSetting, match=r"config\.json can't be used"):
        load(tiny.settings(folder))
    assert not trace.exists()


def test_an_unknown_folder(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="model nowhere: there is no such folder"):
        load(tiny.settings(tmp_path / "nowhere"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there(folders: dict[str, Path]) -> None:
    settings = tiny.Settings(model=str(folders["qwen3"]), device="cuda", threads=1)
    with pytest.raises(BadSetting, match="torch sees no GPU"):
        load(settings)


def test_on_a_cpu_auto_is_int8(folders: dict[str, Path]) -> None:
    assert load(tiny.settings(folders["qwen3"], dtype="auto")).dtype == "int8"
    assert load(tiny.settings(folders["qwen3"], dtype="bfloat16")).dtype == "bfloat16"


def test_a_cpu_without_a_kernel_for_int8_takes_float32_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cpu = torch.device("cpu")
    assert loader._dtype("bfloat16", cpu, Qwen3Config(), "m", False) == "bfloat16"
    assert caplog.text == ""
    assert loader._dtype("auto", cpu, Qwen3Config(), "m", False) == "float32"
    assert caplog.text.count("without the compiled kernels") == 1
    with pytest.raises(BadSetting, match="int8 needs the compiled kernels"):
        loader._dtype("int8", cpu, Qwen3Config(), "m", False)


def test_int8_is_not_for_a_gpu_and_not_for_weights_that_are_quantised_already() -> None:
    plain, quantised = Qwen3Config(), Qwen3Config(quantization_config={"quant_method": "fp8"})
    gpu, cpu = torch.device("cuda"), torch.device("cpu")
    assert loader._dtype("auto", gpu, plain, "m", True) == "bfloat16"
    assert loader._dtype("auto", cpu, quantised, "m", True) == "float32"
    with pytest.raises(BadSetting, match="int8 is for a CPU"):
        loader._dtype("int8", gpu, plain, "m", True)
    with pytest.raises(BadSetting, match="weights of model m are quantised already"):
        loader._dtype("int8", cpu, quantised, "m", True)


def test_a_retrained_model_in_the_same_folder_is_another_revision(tmp_path: Path) -> None:
    settings = tiny.settings(tiny.save(tmp_path / "model", tiny.make_model("qwen3")))
    first = find(settings)
    assert first == find(settings)
    retrained = tiny.make_model("qwen3")
    with torch.no_grad():
        for weights in retrained.parameters():
            weights.add_(0.01)
    tiny.save(tmp_path / "model", retrained)
    assert first != find(settings)
