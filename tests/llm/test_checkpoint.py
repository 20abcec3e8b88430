import json
from pathlib import Path
from typing import Any

import pytest

from service.llm.checkpoint import FolderCheckpoint, text_name


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("model.layers.0.mlp.up_proj.weight", "model.layers.0.mlp.up_proj.weight"),
        ("language_model.model.layers.0.w", "model.layers.0.w"),
        ("model.language_model.layers.0.w", "model.layers.0.w"),
        ("model.language_model.lm_head.weight", "lm_head.weight"),
        ("language_model.lm_head.weight", "lm_head.weight"),
        ("lm_head.weight", "lm_head.weight"),
        ("model.visual.blocks.0.w", "model.visual.blocks.0.w"),
    ],
)
def test_a_weight_has_its_name_in_the_text_model(key: str, name: str) -> None:
    assert text_name(key) == name


def config_of(folder: Path, **fields: Any) -> Any:
    (folder / "config.json").write_text(json.dumps(fields), encoding="utf-8")
    return FolderCheckpoint(folder).config()


TEXT = {"model_type": "qwen3", "hidden_size": 64, "num_hidden_layers": 2, "vocab_size": 128}


def test_the_text_part_of_a_multimodal_configuration_is_taken(tmp_path: Path) -> None:
    config = config_of(
        tmp_path,
        model_type="qwen3_vl",
        text_config=TEXT | {"model_type": "qwen3_vl_text", "eos_token_id": 5},
        eos_token_id=[7, 8],
        tie_word_embeddings=True,
    )
    assert (config.model_type, config.hidden_size) == ("qwen3", 64)
    assert config.eos_token_id == [7, 8, 5]
    assert config.tie_word_embeddings is True


@pytest.mark.parametrize(("eos", "expected"), [(3, [3]), ([3, 4], [3, 4]), (None, None)])
def test_the_ends_of_an_answer_are_a_list(
    tmp_path: Path, eos: Any, expected: list[int] | None
) -> None:
    config = config_of(
        tmp_path,
        model_type="qwen2_5_vl",
        text_config=TEXT | {"model_type": "qwen2", "eos_token_id": eos},
    )
    assert config.eos_token_id == expected


def test_a_quantisation_that_the_weights_undo_is_not_in_the_configuration(tmp_path: Path) -> None:
    fp8 = {"quant_method": "fp8", "weight_block_size": [128, 128]}
    assert (
        getattr(config_of(tmp_path, **TEXT, quantization_config=fp8), "quantization_config", None)
        is None
    )
    other = {"quant_method": "unheard_of"}
    kept = config_of(tmp_path, **TEXT, quantization_config=other)
    assert kept.quantization_config == other


def test_sampling_settings_are_optional(tmp_path: Path) -> None:
    checkpoint = FolderCheckpoint(tmp_path)
    assert checkpoint.generation_config() is None
    (tmp_path / "generation_config.json").write_text('{"temperature": 0.7, "do_sample": true}')
    assert checkpoint.generation_config().temperature == 0.7
