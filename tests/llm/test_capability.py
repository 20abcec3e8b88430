"""Every model either shares prefixes correctly, or is left unchanged for the fallback path."""

import random
from pathlib import Path
from typing import Any

import pytest
import torch

from service.llm.answers import token_limit, whole_sentences
from service.llm.capability import prepare
from service.llm.fallback import FallbackGenerator
from service.llm.forward import ATTENTION
from service.llm.kernels.build import library
from service.llm.llm_engine import LLMEngine
from service.llm.loader import load
from service.tasks import DigestAnswer, DigestTask, StanceAnswer, StanceTask
from tests.support import tiny
from tests.support.engines import answer_alone, request
from tests.support.faults import fault, faults_of
from tests.support.lanes import one_quick, slow
from tests.support.unforkable import UNLIKE, unlike

FAMILIES = [*tiny.FAMILIES, *map(slow, tiny.OTHERS)]
FORMATS = ["float32", "bfloat16", "int8"]


def logits(model: Any) -> torch.Tensor:
    rng = random.Random(4)
    ids = torch.tensor([[rng.randrange(600) for _ in range(60)]])
    with torch.inference_mode():
        found: torch.Tensor = model(input_ids=ids).logits
    return found


@pytest.mark.parametrize("stored", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_forked(family: str, stored: torch.dtype) -> None:
    model = tiny.make_model(family)
    size = prepare(model, stored)
    config = model.config.get_text_config()
    kinds = getattr(config, "layer_types", None) or ["full_attention"] * 2
    attending = sum(kind != "linear_attention" for kind in kinds)
    depth = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    wide = -(-depth // 16) * 16 if library() else depth  # the kernels keep values in whole vectors
    assert size == attending * config.num_key_value_heads * (depth + wide) * stored.itemsize
    assert model.config._attn_implementation == ATTENTION


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory, folders: dict[str, Path]) -> dict[str, Path]:
    """All families as checkpoints, and a tokenizer with each."""
    root = tmp_path_factory.mktemp("others")
    tokenizer = tiny.make_tokenizer()
    others = {
        name: tiny.save(root / name, tiny.make_model(name), tokenizer) for name in tiny.OTHERS
    }
    strange = {name: tiny.save(root / name, unlike(name), tokenizer) for name in UNLIKE}
    return folders | others | strange


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_forked_in_every_format(
    saved: dict[str, Path], family: str, dtype: str
) -> None:
    loaded = load(tiny.settings(saved[family], dtype=dtype))
    stored = torch.float32 if dtype == "float32" else torch.bfloat16
    assert prepare(loaded.model, stored)
    assert loaded.model.config._attn_implementation == ATTENTION


@pytest.mark.parametrize("dtype", ["float32", "int8"])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_fault_is_seen(
    saved: dict[str, Path], family: str, dtype: str, caplog: pytest.LogCaptureFixture
) -> None:
    loaded = load(tiny.settings(saved[family], dtype=dtype))
    stored = torch.float32 if dtype == "float32" else torch.bfloat16
    before = loaded.model.config._attn_implementation
    for name in faults_of(loaded.model):
        with fault(name, loaded.model):
            assert prepare(loaded.model, stored) is None, name
        assert loaded.model.config._attn_implementation == before
    assert prepare(loaded.model, stored)


def test_windows_are_restored_after_a_trial() -> None:
    model = tiny.make_model("gemma3")
    layer = model.model.layers[0].self_attn
    layer.sliding_window = model.config.sliding_window = 500
    assert prepare(model, torch.float32)
    assert layer.sliding_window == model.config.sliding_window == 500
    assert "forward" not in vars(layer)


def test_weights_are_restored_after_a_trial_in_float32(
    saved: dict[str, Path],
) -> None:
    model = load(tiny.settings(saved["qwen3_5"], dtype="bfloat16")).model
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    assert prepare(model, torch.bfloat16)
    for name, tensor in model.state_dict().items():
        assert tensor.dtype == before[name].dtype and torch.equal(tensor, before[name])


@pytest.mark.parametrize("stored", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("name", UNLIKE)
def test_a_model_that_cannot_be_forked_is_left_as_it_was(
    name: str, stored: torch.dtype, caplog: pytest.LogCaptureFixture
) -> None:
    model = unlike(name)
    before, expected = model.config._attn_implementation, logits(model)
    assert prepare(model, stored) is None
    assert "the model's past can't be forked" in caplog.text
    assert model.config._attn_implementation == before
    assert torch.equal(logits(model), expected)


@pytest.mark.parametrize("stored", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("name", UNLIKE)
def test_small_weights_hide_nothing(name: str, stored: torch.dtype) -> None:
    """Logits that hardly depend on the past are close even when it is lost."""
    assert prepare(unlike(name, spread=0.02), stored) is None


@pytest.mark.parametrize("name", one_quick(UNLIKE))
def test_the_plain_path_writes_the_words_of_generate(saved: dict[str, Path], name: str) -> None:
    engine = LLMEngine(tiny.settings(saved[name]))
    assert isinstance(engine.generator, FallbackGenerator)
    assert engine.identity.path == "plain"
    for passage, language, target in (
        (tiny.ENGLISH, "en", "the bridge"),
        (tiny.CHINESE, "zh", "旧桥"),
    ):
        tasks = [DigestTask("en", "short"), DigestTask("zh", "short"), StanceTask(target)]
        asked = request("a", passage, tasks, language=language)
        *digests, stance = answer_alone(engine, asked).tasks
        for digest, task, prompt in zip(
            digests, tasks, engine.encoder.prompts(asked), strict=False
        ):
            assert isinstance(digest, DigestAnswer) and isinstance(task, DigestTask)
            ids = torch.tensor([prompt.ids])
            output = engine._loaded.model.generate(
                ids, attention_mask=torch.ones_like(ids), max_new_tokens=token_limit(task)
            )
            text = engine.encoder.tokens.text(output[0, len(prompt) :].tolist())
            assert digest.text == (whole_sentences(text) if digest.truncated else text)
        assert isinstance(stance, StanceAnswer) and sum(stance.scores.values()) == pytest.approx(1)


def test_a_model_that_overflows_in_float16_is_told_apart_from_one_that_can_not_be_forked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Gemma's hidden states grow beyond float16 on some texts; then no way of reading is right."""
    for kind, fits in ((torch.bfloat16, True), (torch.float16, False)):
        model = tiny.make_model("gemma3")
        with torch.no_grad():
            for layer in model.model.layers:
                layer.post_feedforward_layernorm.weight.fill_(60_000)
        assert (prepare(model.to(kind), kind) is not None) is fits
    assert "its own numbers overflow in float16; take bfloat16 or float32" in caplog.text
