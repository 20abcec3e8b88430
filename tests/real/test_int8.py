"""int8 of the real models, as it ships, against the published float32 weights.

The yardsticks are plain transformers in float32, and Q8_0 simulated in torch on the same weights.
"""

from argparse import Namespace
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer

from benchmarks.closeness import Closeness
from benchmarks.own_logits import Logits, diglot, plain, simulated_q8
from tests.support.lighthouse import CHINESE, ENGLISH

pytestmark = [pytest.mark.real_models, pytest.mark.timeout(1200)]

SETTINGS = Namespace(threads=2, dtype="int8")
NEAR = 1.25
"""The largest distance of int8 from the float32 logits, as a multiple of Q8_0's."""


def closeness(folder: Path, text: str, *ways: Logits) -> list[dict[str, float]]:
    """The figures of each of `ways` but the first, held against the first."""
    ids = AutoTokenizer.from_pretrained(folder)(text).input_ids
    figures = []
    with torch.inference_mode():
        reference, *others = (logits(ids) for logits in ways)
        for other in others:
            sums = Closeness()
            sums.add(ids, reference, other)
            figures.append(sums.figures())
    return figures


def assert_near(folder: Path, *texts: str) -> None:
    ways = [way(folder, SETTINGS) for way in (plain, diglot, simulated_q8)]
    for text in texts:
        own, q8_0 = closeness(folder, text, *ways)
        assert own["logits_error"] <= NEAR * q8_0["logits_error"]
        # A hundred tokens: twice the bar that hundreds of sentences are held to, and two standard
        # deviations below that of 91 %.
        assert own["kl"] <= 0.02
        assert own["equal_top1"] >= 0.855


def test_smollm2_is_as_near_as_q8_0(smollm2: Path) -> None:
    assert_near(smollm2, ENGLISH)


def test_gemma3_is_as_near_as_q8_0(gemma3_turns: Path) -> None:
    assert_near(gemma3_turns, ENGLISH, CHINESE)
