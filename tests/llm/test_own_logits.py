"""The logits that `benchmarks.accuracy` measures equal plain transformers' in float32."""

import argparse
import random
from pathlib import Path

import pytest
import torch

from benchmarks.own_logits import CHUNK, diglot, plain
from benchmarks.random_model import build


@pytest.mark.parametrize("shape", ["tiny-qwen2.5", "tiny-qwen3", "tiny-qwen3.5"])
@torch.inference_mode()
def test_logits_read_in_chunks_are_those_of_the_model(shape: str, tmp_path: Path) -> None:
    build(shape, tmp_path)
    rng = random.Random(1)
    ids = [rng.randrange(1000) for _ in range(CHUNK + 20)]
    args = argparse.Namespace(dtype="float32", threads=1)
    torch.testing.assert_close(
        diglot(tmp_path, args)(ids), plain(tmp_path, args)(ids), rtol=1e-3, atol=1e-4
    )
