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


def test_int8_is_not_for_a_gpu_and_not_for_weights_that_are_quantised_already() -> None:
    plain, quantised = Qwen3Config(), Qwen3Config(quantization_config={"quant_method": "fp8"})
    gpu, cpu = torch.device("cuda"), torch.device("cpu")
    assert choose_dtype("auto", gpu, plain, "m", True) == "bfloat16"
    assert choose_dtype("auto", cpu, quantised, "m", True) == "float32"
    with pytest.raises(BadSetting, match="int8 is for a CPU"):
        choose_dtype("int8", gpu, plain, "m", True)
    with pytest.raises(BadSetting, match="weights of model m are quantised already"):
        choose_dtype("int8", cpu, quantised, "m", True)
