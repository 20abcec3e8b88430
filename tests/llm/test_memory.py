import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import Qwen3MoeConfig, Qwen3MoeForCausalLM

from service import metrics
from service.errors import BadSetting
from service.llm.loader import load
from service.llm.memory import free_memory, is_out_of_memory
from tests.support import tiny


def held(model: Any) -> int:
    """The bytes of every tensor that a loaded model reaches, in its layers' own attributes too."""
    found: dict[int, int] = {}
    seen: set[int] = set()

    def look(thing: Any) -> None:
        if id(thing) in seen:
            return
        seen.add(id(thing))
        if isinstance(thing, torch.Tensor):
            found[id(thing)] = thing.numel() * thing.element_size()
        elif isinstance(thing, dict):
            for inner in thing.values():
                look(inner)
        elif isinstance(thing, list | tuple):
            for inner in thing:
                look(inner)
        elif type(thing).__module__.startswith(("service.llm", "transformers.models", "torch.nn")):
            for inner in [*getattr(thing, "__dict__", {}).values(), *_slots(thing)]:
                look(inner)

    look(model)
    return sum(found.values())


def _slots(thing: Any) -> list[Any]:
    return [getattr(thing, name, None) for name in getattr(type(thing), "__slots__", ())]


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("family", tiny.FAMILIES)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int8"])
def test_the_size_is_told_before_the_weights_are_read(
    tmp_path: Path, family: str, tied: bool, dtype: str
) -> None:
    """A tied embedding is held twice in int8: as in the file to read, in 8 bits to write."""
    model = tiny.make_model(family).to(torch.bfloat16)
    if not tied:
        model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach().clone())
        model.config.tie_word_embeddings = model.config.get_text_config().tie_word_embeddings = (
            False
        )
        model.all_tied_weights_keys = {}
    folder = tiny.save(tmp_path, model)
    loaded = load(tiny.settings(folder, dtype=dtype)).model
    told = metrics.model_memory_bytes._value.get()
    assert 0.95 * told <= held(loaded) <= 1.1 * told  # padding, frequencies


def test_experts_are_counted_as_they_will_be_held(tmp_path: Path) -> None:
    """The files hold them one by one, which once looked like layers that become 8 bits."""
    torch.manual_seed(7)
    config = Qwen3MoeConfig(
        vocab_size=640, hidden_size=64, intermediate_size=64, moe_intermediate_size=64,
        num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, head_dim=16,
        num_experts=16, num_experts_per_tok=2, tie_word_embeddings=False,
    )  # fmt: skip
    folder = tiny.save(tmp_path, Qwen3MoeForCausalLM(config))
    loaded = load(tiny.settings(folder, dtype="int8")).model
    told = metrics.model_memory_bytes._value.get()
    assert 0.95 * told <= held(loaded) <= 1.1 * told


def test_a_model_that_can_never_fit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """A configuration that promises 2^45 weights in a file that holds none."""
    folder = tiny.save(tmp_path / "huge", tiny.make_model("qwen3"))
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"vocab_size": 1 << 40}))
    with pytest.raises(BadSetting, match=r"need \d+\.\d GiB of memory as int8 and"):
        load(tiny.settings(folder, dtype="int8"))
    with pytest.raises(BadSetting, match=r"need 131072\.\d GiB of memory as float32.* dtype int8"):
        load(tiny.settings(folder, dtype="float32"))


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
def test_errors_that_mean_a_lack_of_memory(error: Exception, expected: bool) -> None:
    assert is_out_of_memory(error) is expected


def test_a_real_allocation_that_fails_is_known() -> None:
    with pytest.raises(RuntimeError) as failed:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert is_out_of_memory(failed.value)
