"""Loader: tiny models in the published formats are loaded completely, or refused with a reason."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import (
    DeepseekV3Config,
    DeepseekV3ForCausalLM,
    Gemma3nForCausalLM,
    Gemma3nTextConfig,
)

from service.errors import BadSetting
from service.llm.hub import find
from service.llm.loader import load
from tests.support import tiny, towers
from tests.support.checkpoints import edit_config, rewrite


def logits(model: Any) -> torch.Tensor:
    with torch.inference_mode():
        said: torch.Tensor = model(input_ids=torch.tensor([[5, 6, 7, 300, 20]])).logits
    return said


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_the_loaded_model_computes_the_logits_of_the_saved_one(tmp_path: Path, family: str) -> None:
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


@pytest.mark.parametrize("family", towers.MODELS)
def test_of_a_model_that_sees_only_the_text_part_is_loaded(
    tmp_path: Path, family: str, caplog: pytest.LogCaptureFixture
) -> None:
    source = towers.MODELS[family]()
    folder = tiny.save(tmp_path / "model", source)
    loaded = load(tiny.settings(folder))
    assert type(loaded.model).__name__.endswith("ForCausalLM")
    towered = [name for name, _ in loaded.model.named_parameters() if "vis" in name]
    assert towered == []
    torch.testing.assert_close(logits(loaded.model), logits(source), rtol=1e-4, atol=1e-5)
    assert loaded.stops == (602,)
    assert "unknown weights" not in caplog.text
    in_8_bits = logits(load(tiny.settings(folder, dtype="int8")).model)
    assert (in_8_bits - logits(source)).norm() / logits(source).norm() < 0.15


def test_a_flat_configuration_as_qwen2_5_vl_is_published(tmp_path: Path) -> None:
    """The text's fields stand beside the tower's, and turns of three axes have an old name."""
    source = towers.MODELS["qwen2_5_vl"]()
    folder = tiny.save(tmp_path / "model", source)
    path = folder / "config.json"
    named = json.loads(path.read_text())
    text = named.pop("text_config")
    rope = text.pop("rope_parameters")
    old = {
        "rope_theta": rope["rope_theta"],
        "rope_scaling": {"type": "mrope", "mrope_section": [2, 1, 1]},
    }
    path.write_text(json.dumps(text | named | old))
    torch.testing.assert_close(
        logits(load(tiny.settings(folder)).model), logits(source), rtol=1e-4, atol=1e-5
    )


def test_a_tower_that_wants_a_library_of_pictures_is_not_built(tmp_path: Path) -> None:
    """Gemma 3n as published: its whole configuration can't be made without timm."""
    shape = {k: v for k, v in towers.TEXT.items() if k != "num_hidden_layers"}
    config = Gemma3nTextConfig(
        **shape, num_hidden_layers=2, layer_types=["sliding_attention", "full_attention"],
        sliding_window=24, num_kv_shared_layers=0, hidden_size_per_layer_input=8, laurel_rank=4,
        vocab_size_per_layer_input=640, activation_sparsity_pattern=[0.0, 0.0],
    )  # fmt: skip
    torch.manual_seed(7)
    source = Gemma3nForCausalLM(config).eval()
    folder = tiny.save(tmp_path / "model", source)
    rewrite(folder, lambda weights: rename(weights, "model.", "model.language_model."))
    path = folder / "config.json"
    vision = {"model_type": "gemma3n_vision", "architecture": "mobilenetv5_300m_enc"}
    named = {"model_type": "gemma3n", "text_config": json.loads(path.read_text())}
    path.write_text(json.dumps(named | {"vision_config": vision, "eos_token_id": [602, 1]}))
    loaded = load(tiny.settings(folder))
    torch.testing.assert_close(logits(loaded.model), logits(source), rtol=0, atol=0)
    assert loaded.stops == (602, 1)


def rename(weights: dict[str, torch.Tensor], old: str, new: str) -> None:
    for name in [name for name in weights if name.startswith(old)]:
        weights[new + name.removeprefix(old)] = weights.pop(name)


def test_kimi_k2_is_a_deepseek_v3(tmp_path: Path) -> None:
    config = DeepseekV3Config(
        **{k: v for k, v in towers.TEXT.items() if k not in {"head_dim", "num_key_value_heads"}},
        **towers.EXPERTS, num_key_value_heads=4, q_lora_rank=16, kv_lora_rank=16,
        qk_rope_head_dim=8, qk_nope_head_dim=8, v_head_dim=8,
    )  # fmt: skip
    torch.manual_seed(7)
    source = DeepseekV3ForCausalLM(config).eval()
    folder = tiny.save(tmp_path / "model", source)
    edit_config(model_type="kimi_k2")(folder)
    torch.testing.assert_close(
        logits(load(tiny.settings(folder)).model), logits(source), rtol=0, atol=0
    )


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


def drop_norm(folder: Path) -> None:
    rewrite(folder, lambda weights: weights.pop("model.layers.1.input_layernorm.weight"))


def to_pickle(folder: Path) -> None:
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


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
        (edit_config(model_type="qwen99"), r"config\.json can't be used .*qwen99.*engine remote"),
        (edit_config(model_type="vit"), r"can't be loaded .*AutoModelForCausalLM.*engine remote"),
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


def to_pointers(folder: Path) -> None:
    (folder / "model.safetensors").write_text(
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    )


def to_adapter(folder: Path) -> None:
    (folder / "config.json").rename(folder / "adapter_config.json")
    (folder / "model.safetensors").rename(folder / "adapter_model.safetensors")


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (to_pointers, r"model\.safetensors is a Git LFS pointer .* `git lfs pull`"),
        (to_adapter, r"only LoRA adapters can be merged"),
    ],
)
def test_a_common_mistake_has_a_next_step(
    tmp_path: Path, folders: dict[str, Path], mistake: Callable[[Path], Any], said: str
) -> None:
    folder = copy(folders["qwen3"], tmp_path)
    mistake(folder)
    with pytest.raises(BadSetting, match=said):
        load(tiny.settings(folder))


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
