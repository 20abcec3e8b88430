"""Real models: the trial accepts right forks and refuses wrong ones; forked words are the model's.

One text a language, of mixed lengths in one batch. `generate` in float32 is the yardstick.
"""

from pathlib import Path
from typing import Any

import pytest
import torch

from service.llm.capability import prepare
from service.llm.generator import BatchGenerator
from service.llm.loader import load
from service.llm.scheduler import Limits
from service.llm.token_request import Generate, Generated, TokenRequest
from tests.support import tiny
from tests.support.faults import fault, faults_of

pytestmark = [pytest.mark.real_models, pytest.mark.timeout(1800)]
MODELS = ["smollm2", "gemma3_turns"]
SEEDS = range(20)
WORDS = 60


@pytest.fixture
def folder(request: pytest.FixtureRequest) -> Path:
    found: Path = request.getfixturevalue(request.param)
    return found


def loaded(folder: Path, dtype: str) -> tuple[Any, torch.dtype]:
    model = load(tiny.settings(folder, dtype=dtype))
    return model, torch.bfloat16 if dtype == "int8" else model.model.dtype


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int8"])
@pytest.mark.parametrize("folder", MODELS, indirect=True)
def test_the_trial_accepts_it_whatever_is_read(folder: Path, dtype: str) -> None:
    model, stored = loaded(folder, dtype)
    before = model.model.config._attn_implementation
    for seed in SEEDS:
        model.model.set_attn_implementation(before)
        assert prepare(model.model, stored, seed), seed


@pytest.mark.parametrize("dtype", ["float32", "int8"])
@pytest.mark.parametrize("folder", MODELS, indirect=True)
def test_the_trial_refuses_every_fault(folder: Path, dtype: str) -> None:
    model, stored = loaded(folder, dtype)
    for name in faults_of(model.model):
        with fault(name, model.model):
            assert prepare(model.model, stored) is None, name


@pytest.mark.parametrize("folder", MODELS, indirect=True)
def test_forked_words_are_those_of_generate(folder: Path) -> None:
    model, stored = loaded(folder, "float32")
    texts = [tiny.ENGLISH, tiny.CHINESE, tiny.ENGLISH[:60], tiny.CHINESE * 3]
    requests = []
    for number, text in enumerate(texts):
        ids = tuple(model.tokenizer(text)["input_ids"])
        half = len(ids) // 2
        branch = Generate(ids[half:], WORDS, ignore_eos=True)
        requests.append(TokenRequest(str(number), ids[:half], (branch,)))
    expected = {each.id: _by_generate(model.model, each.prompt(0)) for each in requests}
    assert prepare(model.model, stored)
    limits = Limits(kv_tokens=4000, rows=8, chunk_tokens=64)
    batch = BatchGenerator(model.model, model.stops, limits, dtype=stored)
    for each in requests:
        batch.admit(each)
    answers: dict[str, list[int]] = {}
    while len(answers) < len(requests):
        for ended in batch.step():
            assert ended.outcomes and isinstance(ended.outcomes[0], Generated)
            answers[ended.id] = ended.outcomes[0].ids
    assert answers == expected


def _by_generate(model: Any, ids: tuple[int, ...]) -> list[int]:
    prompt = torch.tensor([ids])
    with torch.inference_mode():
        output = model.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            max_new_tokens=WORDS,
            min_new_tokens=WORDS,
            eos_token_id=[],
            do_sample=False,
        )
    written: list[int] = output[0, len(ids) :].tolist()
    return written
