"""The folders of the real models hold the models that were published: by their perplexity.

The expected figures are llama.cpp's, from the published files and the same texts as ids: it also
makes the same tokens of them. It computes in 8 bits, hence the tolerance.
"""

import math
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

pytestmark = [pytest.mark.real_models, pytest.mark.timeout(1200)]

ENGLISH = """\
The old lighthouse at the mouth of the river was built in 1871, and for more than a hundred years \
a keeper lived there with his family. In the winter of 1962 the sea froze, and for eleven days no \
ship could reach the harbour. Since 1984 the lamp has been switched on and off by a computer in \
the town hall. The council now wants to open the tower to visitors, who would have to climb 142 \
steps. Some residents fear that the narrow road along the cliff can't carry so many cars."""
CHINESE = """\
这座古老的灯塔建于1871年，位于河口，一百多年来一直有守塔人和他的家人住在那里。1962年冬天海面结冰，\
整整十一天没有一艘船能够进港。自1984年以来，灯的开关由镇政府的一台计算机控制。现在镇议会希望向游客\
开放灯塔，游客需要爬142级台阶。一些居民担心，悬崖边那条狭窄的道路容纳不了这么多汽车。"""


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
