"""Models that are quantised while they are loaded, in the published formats."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from service.errors import BadSetting
from service.llm.loader import load
from tests.support import tiny
from tests.support.checkpoints import edit_config, rewrite


def saved(folder: Path, family: str, dtype: torch.dtype = torch.bfloat16) -> Path:
    return tiny.save(folder, tiny.make_model(family).to(dtype))


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_a_model_is_loaded_as_int8(tmp_path: Path, family: str) -> None:
    folder = saved(tmp_path, family)
    loaded = load(tiny.settings(folder, dtype="int8"))
    exact = load(tiny.settings(folder)).model
    assert loaded.dtype == "int8" and loaded.model.dtype == torch.float32
    layers = {type(module).__name__ for module in loaded.model.modules()}
    assert {"Int8Linear", "MergedPart", "StoredEmbedding"} <= layers
    # The table is as large as the file has it, and loses nothing.
    table = loaded.model.get_input_embeddings()
    ids = torch.arange(640)[None]
    assert table.weight.dtype == torch.bfloat16
    assert torch.equal(table(ids), exact.get_input_embeddings()(ids))
    with torch.inference_mode():
        found, expected = (m(input_ids=ids[:, :60]).logits for m in (loaded.model, exact))
    error = (found - expected).norm() / expected.norm()
    assert 0 < error < 0.25  # test_families.py holds each family to what Q8_0 would do


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_a_batch_writes_the_words_of_each_row_alone(tmp_path: Path, family: str) -> None:
    loaded = load(tiny.settings(saved(tmp_path, family), dtype="int8"))
    prompts = torch.randint(0, 600, (5, 12), generator=torch.Generator().manual_seed(1))
    how: dict[str, Any] = {"max_new_tokens": 12, "min_new_tokens": 12}
    with torch.inference_mode():
        together = loaded.model.generate(prompts, attention_mask=torch.ones_like(prompts), **how)
        for row, prompt in zip(together, prompts.split(1), strict=True):
            alone = loaded.model.generate(prompt, attention_mask=torch.ones_like(prompt), **how)
            assert torch.equal(alone[0], row)


def test_an_untied_head_and_a_head_that_the_file_repeats(tmp_path: Path) -> None:
    """Some published models are tied and store the table twice all the same."""
    folder = saved(tmp_path, "qwen3")
    tied = load(tiny.settings(folder, dtype="int8")).model
    name = "model.embed_tokens.weight"
    rewrite(folder, lambda weights: weights.update({"lm_head.weight": weights[name].clone()}))
    repeated = load(tiny.settings(folder, dtype="int8")).model
    edit_config(tie_word_embeddings=False)(folder)
    untied = load(tiny.settings(folder, dtype="int8")).model
    ids = torch.arange(50)[None]
    with torch.inference_mode():
        said = [model(input_ids=ids).logits for model in (tied, repeated, untied)]
    assert torch.equal(said[0], said[1]) and torch.equal(said[0], said[2])


@pytest.mark.parametrize("sharded", [False, True])
def test_a_weight_that_is_missing_stops_the_start(tmp_path: Path, sharded: bool) -> None:
    folder = saved(tmp_path, "qwen3")
    gone = "model.layers.1.self_attn.k_proj.weight"
    rewrite(folder, lambda weights: weights.pop(gone))
    if sharded:
        index = '{"weight_map": {"a": "one.safetensors"}}'
        (folder / "model.safetensors.index.json").write_text(index)
        (folder / "model.safetensors").rename(folder / "one.safetensors")
    with pytest.raises(BadSetting, match=rf"1 of its weights .*{gone}"):
        load(tiny.settings(folder, dtype="int8"))


def test_weights_of_another_shape_stop_the_start(tmp_path: Path) -> None:
    folder = saved(tmp_path, "qwen3")
    name = "model.layers.1.mlp.up_proj.weight"
    rewrite(folder, lambda weights: weights.update({name: torch.zeros(70, 32)}))
    with pytest.raises(BadSetting, match="can't be loaded"):
        load(tiny.settings(folder, dtype="int8"))


PEAK = """
import resource, sys
from tests.support import tiny
from service.llm.loader import load

def now(name):
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name + ":"))

before = now("VmRSS")
loaded = load(tiny.settings(sys.argv[1], dtype="int8"))
print(now("VmHWM") - before, now("VmRSS") - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc here")
def test_a_model_never_needs_half_as_much_again_while_it_is_loaded(tmp_path: Path) -> None:
    """250 MB in the file, in a process of its own, which holds nothing else."""
    config = Qwen3Config(
        vocab_size=40_000,
        hidden_size=1024,
        intermediate_size=3072,
        num_hidden_layers=6,
        num_attention_heads=16,
        num_key_value_heads=8,
        head_dim=128,
        tie_word_embeddings=True,
    )
    torch.set_default_dtype(torch.bfloat16)
    try:
        with torch.device("meta"):
            model = Qwen3ForCausalLM(config)
        model.to_empty(device="cpu").tie_weights()
    finally:
        torch.set_default_dtype(torch.float32)
    for weight in model.parameters():
        weight.data.view(torch.int16).random_(0x3C00, 0x3D00)  # 0.008 to 0.03
    tiny.save(tmp_path, model)
    del model
    size = (tmp_path / "model.safetensors").stat().st_size / (1 << 20)
    assert 200 < size < 400
    command = [sys.executable, "-c", PEAK, str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    peak, final = (float(number) for number in done.stdout.split())
    assert 0.6 * size < final < 1.1 * size
    assert peak < 1.5 * final, f"{peak:.0f} MB at most, {final:.0f} MB in the end"
