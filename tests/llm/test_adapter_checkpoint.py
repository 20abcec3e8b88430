"""LoRA adapters as the model: merged into the base that they name, or it is said why not."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from service.article import Article
from service.errors import BadSetting
from service.llm.hub import find
from service.llm.loader import load
from service.serving.service import Service
from service.tasks import Options
from tests.support import tiny
from tests.support.adapters import edit, save_adapter
from tests.support.lanes import one_quick


def logits(model: Any) -> torch.Tensor:
    with torch.inference_mode():
        said: torch.Tensor = model(input_ids=torch.tensor([[5, 6, 7, 300, 20]])).logits
    return said


@pytest.mark.parametrize("family", one_quick(reversed(tiny.FAMILIES)))
@pytest.mark.parametrize("more", [{}, {"use_rslora": True}, {"use_dora": True}])
def test_the_loaded_model_computes_the_logits_of_peft(
    tmp_path: Path, folders: dict[str, Path], family: str, more: dict[str, Any]
) -> None:
    """One of the families is published with a tower; its adapter names modules of the whole."""
    adapter = tmp_path / "adapter"
    merged = save_adapter(adapter, tiny.make_model(family), str(folders[family]), **more)
    loaded = load(tiny.settings(adapter))
    torch.testing.assert_close(logits(loaded.model), logits(merged), rtol=1e-4, atol=1e-4)
    plain = logits(tiny.make_model(family))
    assert (logits(loaded.model) - plain).abs().max() > 0.1
    assert loaded.name == "adapter"


def test_an_adapter_works_in_int8(tmp_path: Path, folders: dict[str, Path]) -> None:
    adapter = tmp_path / "adapter"
    merged = save_adapter(adapter, tiny.make_model("qwen3"), str(folders["qwen3"]))
    loaded = load(tiny.settings(adapter, dtype="int8"))
    assert loaded.dtype == "int8"
    off = (logits(loaded.model) - logits(merged)).abs().mean()
    assert off < 0.2 * logits(merged).std()


def test_a_pattern_and_a_trained_head_are_taken(tmp_path: Path, folders: dict[str, Path]) -> None:
    adapter = tmp_path / "adapter"
    pattern = r".*language_model.*\.(q_proj|o_proj)"
    merged = save_adapter(
        adapter, tiny.make_model("qwen3_5"), str(folders["qwen3_5"]), target_modules=pattern
    )
    torch.testing.assert_close(
        logits(load(tiny.settings(adapter)).model), logits(merged), rtol=1e-4, atol=1e-4
    )


def test_the_tokenizer_that_an_adapter_brings_is_taken(
    tmp_path: Path, folders: dict[str, Path]
) -> None:
    adapter = tmp_path / "adapter"
    save_adapter(adapter, tiny.make_model("qwen3"), str(folders["qwen3"]))
    own = "{% for message in messages %}{{ message.content }}{% endfor %}答:"
    tiny.make_tokenizer(own).save_pretrained(adapter)
    assert load(tiny.settings(adapter)).tokenizer.chat_template == own


@pytest.mark.slow
@pytest.mark.parametrize("text", [tiny.ENGLISH, tiny.CHINESE], ids=["en", "zh"])
def test_an_article_is_digested_by_an_adapted_model(
    tmp_path: Path, folders: dict[str, Path], text: str
) -> None:
    from service.engine_factory import load_engine

    adapter = tmp_path / "news-lora"
    save_adapter(adapter, tiny.make_model("qwen3"), str(folders["qwen3"]))
    service = Service(tiny.settings(adapter), load_engine)
    service.open()
    identity = service.wait()
    assert identity.model == "news-lora"
    assert " on sha256:" in (identity.revision or "")
    assert service.submit(Article(text), Options()).result(100).digests
    service.close(10)


def test_a_base_may_lie_beside_the_adapter(tmp_path: Path) -> None:
    base = tiny.save(tmp_path / "base", tiny.make_model("qwen3"))
    adapter = tmp_path / "adapter"
    save_adapter(adapter, tiny.make_model("qwen3"), "../base")
    found = find(tiny.settings(adapter))
    assert found is not None and found.folder.resolve() == base and found.adapter == adapter


def test_another_adapter_is_another_revision(tmp_path: Path, folders: dict[str, Path]) -> None:
    revisions = set()
    for name, more in [("a", {}), ("b", {"target_modules": ["q_proj"]})]:
        save_adapter(tmp_path / name, tiny.make_model("qwen3"), str(folders["qwen3"]), **more)
        found = find(tiny.settings(tmp_path / name))
        assert found is not None
        revisions.add(found.revision)
    assert len(revisions) == 2


def without_weights(folder: Path) -> None:
    (folder / "adapter_model.safetensors").unlink()


def pointer(folder: Path) -> None:
    (folder / "adapter_model.safetensors").write_text("version https://git-lfs.github.com/spec/v1")


def of_another_model(folder: Path) -> None:
    path = folder / "adapter_model.safetensors"
    weights = {name.replace("layers.1", "layers.9"): w for name, w in load_file(path).items()}
    save_file(weights, path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda folder: edit(folder, base_model_name_or_path=None), "names no base model"),
        (
            lambda folder: edit(folder, base_model_name_or_path="/no/模型"),
            "/no/模型 is not on this",
        ),
        (lambda folder: edit(folder, peft_type="PROMPT_TUNING"), "only LoRA adapters"),
        (lambda folder: (folder / "adapter_config.json").write_text("{"), "can't be read"),
        (without_weights, "has no adapter_model.safetensors"),
        (pointer, "adapter_model.safetensors is a Git LFS pointer"),
        (of_another_model, "can't be loaded|does not fit its base model"),
    ],
)
def test_an_adapter_that_can_not_be_used_says_why(
    tmp_path: Path, folders: dict[str, Path], change: Any, says: str
) -> None:
    adapter = tmp_path / "adapter"
    save_adapter(adapter, tiny.make_model("qwen3"), str(folders["qwen3"]))
    change(adapter)
    with pytest.raises(BadSetting, match=says):
        load(tiny.settings(adapter))


def test_without_peft_the_error_names_the_package(
    tmp_path: Path, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = tmp_path / "adapter"
    save_adapter(adapter, tiny.make_model("qwen3"), str(folders["qwen3"]))
    monkeypatch.setattr("service.llm.adapter.find_spec", lambda _: None)
    with pytest.raises(BadSetting, match="pip install peft"):
        load(tiny.settings(adapter))
