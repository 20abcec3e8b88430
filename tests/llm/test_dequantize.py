"""Dequantisation: checkpoints of 4 and 8 bits are read, and int8 after that as others are."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    GptOssConfig,
    GptOssForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
    Qwen3MoeConfig,
    Qwen3MoeForCausalLM,
)

from service.errors import BadSetting
from service.llm.dequantize import Quantization, dequantized
from service.llm.loader import load
from tests.support import families, quantized_files, tiny, towers
from tests.support.checkpoints import edit_config

WIDE = {"hidden_size": 192, "intermediate_size": 320, "head_dim": 40, "initializer_range": 0.1}
"""More than one block, and blocks at the edges that are smaller."""
Store = Callable[[Path, Any], None]


def qwen3() -> Any:
    torch.manual_seed(7)
    return Qwen3ForCausalLM(Qwen3Config(**towers.TEXT | WIDE))


def qwen3_moe() -> Any:
    torch.manual_seed(7)
    experts = {"moe_intermediate_size": 160, "num_experts": 5, "num_experts_per_tok": 2}
    return Qwen3MoeForCausalLM(Qwen3MoeConfig(**towers.TEXT | WIDE | experts))


def gpt_oss() -> Any:
    torch.manual_seed(7)
    more = {"num_local_experts": 4, "num_experts_per_tok": 2, "sliding_window": 24}
    return GptOssForCausalLM(GptOssConfig(**towers.TEXT | more | {"tie_word_embeddings": False}))


def family(name: str) -> Callable[[], Any]:
    return lambda: families.make_model(name)


def slow(make: Callable[[], Any], store: Store) -> Any:
    return pytest.param(make, store, marks=pytest.mark.slow)


PUBLISHED = [
    (qwen3_moe, quantized_files.fp8_blocks),
    (gpt_oss, quantized_files.mxfp4),
    slow(qwen3, quantized_files.fp8_blocks),
    slow(qwen3, quantized_files.fp8_exponents),
    slow(qwen3, quantized_files.fp8_matrices),
    slow(qwen3, quantized_files.fp8_channels),
    slow(family("deepseek_v3"), quantized_files.fp8_blocks),
    slow(family("minimax_m2"), quantized_files.fp8_blocks),
    slow(family("ministral3"), quantized_files.fp8_matrices),
]


def logits(model: Any) -> torch.Tensor:
    with torch.inference_mode():
        said: torch.Tensor = model(input_ids=torch.tensor([[5, 6, 7, 300, 20]])).logits
    return said


@pytest.mark.parametrize(("make", "store"), PUBLISHED)
def test_a_checkpoint_of_few_bits_is_the_model_of_its_plain_weights(
    tmp_path: Path, make: Callable[[], Any], store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    source = make().eval()
    before = logits(source)
    folder = tiny.save(tmp_path / "model", source)
    store(folder, source)
    assert not torch.allclose(logits(source), before), "the weights were not rounded"
    exact = load(tiny.settings(folder))
    torch.testing.assert_close(logits(exact.model), logits(source), rtol=1e-4, atol=1e-4)
    assert "unknown weights" not in caplog.text
    small = load(tiny.settings(folder, dtype="auto"))
    assert small.dtype == "int8"
    plain = tiny.save(tmp_path / "plain", source)
    torch.testing.assert_close(
        logits(small.model), logits(load(tiny.settings(plain, dtype="int8")).model)
    )


def test_scales_are_read_in_every_shape() -> None:
    """Stacks of matrices too, and blocks at the edge that are smaller."""
    weight = torch.arange(24.0).view(2, 3, 4)
    for scale, factor in [
        (torch.tensor(2.0), torch.full((2, 3, 4), 2.0)),
        (torch.tensor([2.0]), torch.full((2, 3, 4), 2.0)),
        (torch.tensor([[[2.0]], [[3.0]]]), torch.tensor([2.0, 3.0])[:, None, None]),
        (torch.tensor([[[1.0], [2.0], [3.0]]] * 2), torch.tensor([1.0, 2.0, 3.0])[None, :, None]),
        (
            torch.tensor([[[1.0, 2.0], [3.0, 4.0]]] * 2),
            torch.tensor([[1, 1, 1, 2], [1, 1, 1, 2], [3, 3, 3, 4.0]])[None],
        ),
    ]:
        named = {"w": weight.to(torch.float8_e4m3fn), "w_scale_inv": scale}
        plain = dequantized(named, Quantization("fp8", (2, 3)), lambda _: torch.float32)
        assert list(plain) == ["w"]
        assert torch.equal(plain["w"][...], weight.to(torch.float8_e4m3fn).float() * factor)


@pytest.mark.parametrize(
    "about",
    [
        {"quant_method": "awq", "bits": 4},
        {"quant_method": "gptq", "bits": 4},
        {"quant_method": "bitsandbytes", "load_in_4bit": True},
        {"quant_method": "compressed-tensors", "format": "pack-quantized"},
    ],
    ids=lambda about: str(about["quant_method"]),
)
@pytest.mark.parametrize("dtype", ["auto", "int8", "float32"])
def test_another_quantisation_is_refused_with_what_to_take_instead(
    tmp_path: Path, folders: dict[str, Path], about: dict[str, Any], dtype: str
) -> None:
    model = tiny.make_model("qwen3")
    folder = tiny.save(tmp_path / "small", model)
    edit_config(quantization_config=about)(folder)
    with pytest.raises(BadSetting, match=f"quantised as {about['quant_method']}.* GGUF.*remote"):
        load(tiny.settings(folder, dtype=dtype))


PEAK = """
import resource, sys
from tests.support import tiny
from service.llm.loader import load

def now(name):
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name + ":"))

before = now("VmRSS")
load(tiny.settings(sys.argv[1], dtype="int8"))
print(now("VmHWM") - before, now("VmRSS") - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc here")
def test_four_bits_are_never_plain_all_at_once(tmp_path: Path) -> None:
    """Experts of 400 MB in float32, eight layers of them."""
    config = GptOssConfig(
        **towers.TEXT
        | {"hidden_size": 512, "intermediate_size": 512, "num_hidden_layers": 8, "head_dim": 64}
        | {"num_local_experts": 16, "num_experts_per_tok": 2, "tie_word_embeddings": False}
    )
    torch.manual_seed(7)
    source = GptOssForCausalLM(config).eval()
    tiny.save(tmp_path, source)
    quantized_files.mxfp4(tmp_path, source)
    del source
    command = [sys.executable, "-c", PEAK, str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    peak, final = (float(number) for number in done.stdout.split())
    one_layer = 16 * 3 * 512 * 512 * 4 / (1 << 20)
    assert peak - final < 2.5 * one_layer, f"{peak:.0f} MB at most, {final:.0f} MB in the end"
