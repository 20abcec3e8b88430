import json
from pathlib import Path

import pytest
import torch

from service.errors import BadSetting
from service.llm.loader import load
from service.llm.memory import (
    free_memory,
    is_out_of_memory,
    parameters,
    refuse_if_too_large,
    weight_bytes,
)
from tests.llm import tiny


def test_a_model_that_can_never_fit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """A head that promises 2^50 weights; the file itself holds none."""
    head = json.dumps({"w": {"dtype": "F32", "shape": [1 << 25, 1 << 25], "data_offsets": [0, 0]}})
    file = len(head).to_bytes(8, "little") + head.encode()
    (tmp_path / "model.safetensors").write_bytes(file)
    assert parameters(tmp_path) == 1 << 50
    with pytest.raises(BadSetting, match=r"need 1048576\.0 GiB of memory as int8 "):
        refuse_if_too_large(tmp_path, "int8", torch.device("cpu"), "huge")
    with pytest.raises(BadSetting, match=r"need 4194304\.0 GiB of memory as float32"):
        refuse_if_too_large(tmp_path, "float32", torch.device("cpu"), "huge")


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_the_size_in_8_bits_is_told_before_the_weights_are_read(
    tmp_path: Path, family: str, tied: bool
) -> None:
    """A tied embedding is held twice: in the file's own format to read, in 8 bits to write."""
    model = tiny.make_model(family).to(torch.bfloat16)
    head = 640 * 32
    if not tied:
        model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach().clone())
        model.config.tie_word_embeddings = model.config.get_text_config().tie_word_embeddings = (
            False
        )
        model.all_tied_weights_keys = {}
    folder = tiny.save(tmp_path, model)
    linear = other = 0
    for key, weight in load(tiny.settings(folder)).model.named_parameters():
        if "embed" in key or "lm_head" in key:
            continue
        linear += weight.numel() * (weight.dim() == 2)
        other += weight.numel() * (weight.dim() != 2)
    assert weight_bytes(folder, "int8") == head * 2 + head + linear + other * 4
    assert weight_bytes(folder, "bfloat16") == 2 * parameters(folder)


@pytest.mark.parametrize(
    ("limit", "free"), [("1000000", 800_000), ("max", None), ("500000", 300_000), ("10", 0)]
)
def test_a_container_has_less_than_its_machine(
    tmp_path: Path, limit: str, free: int | None
) -> None:
    """Pages of files count as free: a model that was just read fills memory with them."""
    (tmp_path / "memory.max").write_text(limit + "\n")
    (tmp_path / "memory.current").write_text("300000\n")
    (tmp_path / "memory.stat").write_text("anon 200000\nfile 100000\n")
    found = free_memory(tmp_path)
    assert found == free if free is not None else found is not None and found > 1 << 20


def test_without_control_groups_the_machine_counts(tmp_path: Path) -> None:
    found = free_memory(tmp_path)
    assert found is not None and found > 1 << 20


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), True),
        (RuntimeError("CUDA error: out of memory"), True),
        (RuntimeError("shape mismatch"), False),
        (ValueError("can't allocate memory"), False),
    ],
)
def test_which_errors_are_a_lack_of_memory(error: Exception, expected: bool) -> None:
    assert is_out_of_memory(error) is expected


def test_a_real_allocation_that_fails_is_known() -> None:
    with pytest.raises(RuntimeError) as failed:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert is_out_of_memory(failed.value)
