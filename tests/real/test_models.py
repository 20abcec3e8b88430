"""The folders of the real models hold the models that were published: by their perplexity.

The expected figures are llama.cpp's, from the published files and the same texts as ids: it also
makes the same tokens of them. It computes in 8 bits, hence the tolerance.
"""

import math
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.support.lighthouse import CHINESE, ENGLISH

pytestmark = [pytest.mark.real_models, pytest.mark.timeout(1200)]


def perplexity(folder: Path, text: str) -> float:
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = torch.tensor([AutoTokenizer.from_pretrained(folder)(text).input_ids])
    with torch.inference_mode():
        return math.exp(model(input_ids=ids, labels=ids).loss)


def test_perplexity_smollm2(smollm2: Path) -> None:
    assert perplexity(smollm2, ENGLISH) == pytest.approx(17.97, rel=0.02)


@pytest.mark.parametrize(("text", "expected"), [(ENGLISH, 13.43), (CHINESE, 55.62)])
def test_perplexity_gemma3(gemma3: Path, text: str, expected: float) -> None:
    assert perplexity(gemma3, text) == pytest.approx(expected, rel=0.02)
