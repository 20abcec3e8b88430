"""The number format of the weights: by setting, device and kernels."""

import pytest
import torch
from transformers import Qwen3Config

from service.errors import BadSetting
from service.llm.weight_format import choose_dtype


def test_a_cpu_without_a_kernel_for_int8_takes_float32_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    cpu = torch.device("cpu")
    assert choose_dtype("bfloat16", cpu, Qwen3Config(), "m", False) == "bfloat16"
    assert caplog.text == ""
    assert choose_dtype("auto", cpu, Qwen3Config(), "m", False) == "float32"
    assert caplog.text.count("without the compiled kernels") == 1
    with pytest.raises(BadSetting, match="int8 needs the compiled kernels"):
        choose_dtype("int8", cpu, Qwen3Config(), "m", False)


def test_int8_is_not_for_a_gpu() -> None:
    gpu = torch.device("cuda")
    assert choose_dtype("auto", gpu, Qwen3Config(), "m", True) == "bfloat16"
    with pytest.raises(BadSetting, match="int8 is for a CPU"):
        choose_dtype("int8", gpu, Qwen3Config(), "m", True)


@pytest.mark.parametrize("setting", ["auto", "int8", "float32"])
def test_weights_that_stay_quantised_are_refused_on_a_cpu(setting: str) -> None:
    """FP8 and MXFP4 are plain by then (test_dequantize.py)."""
    quantised = Qwen3Config(quantization_config={"quant_method": "awq"})
    with pytest.raises(BadSetting, match="model m: its weights are quantised as awq"):
        choose_dtype(setting, torch.device("cpu"), quantised, "m", True)
