"""Families with unusual attention, with shared prefixes: the tokens are those of `generate`."""

import random
from typing import Any

import pytest
import torch

from service.llm.capability import prepare
from service.llm.generator import BatchGenerator
from service.llm.kernels.build import library
from service.llm.scheduler import Limits
from service.llm.token_request import Generate, Generated, TokenRequest
from tests.support import families
from tests.support.faults import fault

pytestmark = pytest.mark.slow

SINKS = ["gpt_oss"]
SHARED_KEYS = ["gemma3n", "gemma4_shared_kv"]
LATENT = ["deepseek_v2", "deepseek_v3", "kimi_k2", "glm4.7_flash", "minicpm3"]
NATIVE = [False, pytest.param(True, marks=pytest.mark.skipif(library() is None, reason="no C"))]
WORDS = 24


def words(rng: random.Random, count: int) -> tuple[int, ...]:
    return tuple(rng.randrange(10, 590) for _ in range(count))


def make_requests() -> list[TokenRequest]:
    """Passages around a block and a window, and far apart; two branches each."""
    rng = random.Random(9)
    return [
        TokenRequest(
            str(size),
            words(rng, size),
            (Generate(words(rng, 5), WORDS), Generate(words(rng, 9), WORDS)),
        )
        for size in (1, 16, 23, 40, 75)
    ]


REQUESTS = make_requests()


def by_generate(model: Any, ids: tuple[int, ...]) -> list[int]:
    prompt = torch.tensor([ids])
    with torch.inference_mode():
        output = model.generate(
            prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=WORDS, do_sample=False
        )
    written: list[int] = output[0, len(ids) :].tolist()
    return [token for token in written if token != 602]


@pytest.mark.parametrize("native", NATIVE)
@pytest.mark.parametrize("name", SINKS + SHARED_KEYS + LATENT)
def test_forked_words_are_those_of_generate(name: str, native: bool) -> None:
    model = families.make_model(name)
    expected = {
        request.id: [by_generate(model, request.prompt(index)) for index in (0, 1)]
        for request in REQUESTS
    }
    assert prepare(model, torch.float32)
    limits = Limits(kv_tokens=4000, rows=12, chunk_tokens=48)
    batch = BatchGenerator(model, (602,), limits, dtype=torch.float32, native=native)
    for request in REQUESTS:
        batch.admit(request)
    answers: dict[str, list[list[int]]] = {}
    while len(answers) < len(REQUESTS):
        for ended in batch.step():
            outcomes = [one for one in ended.outcomes or () if isinstance(one, Generated)]
            answers[ended.id] = [one.ids for one in outcomes]
    assert answers == expected


@pytest.mark.parametrize("name", SINKS + SHARED_KEYS + LATENT[:1])
@pytest.mark.parametrize("stored", [torch.float32, torch.bfloat16], ids=str)
def test_faults_are_seen_in_them_too(name: str, stored: torch.dtype) -> None:
    model = families.make_model(name)
    for what in ("a neighbour's keys", "a past read twice", "rotation off by one"):
        with fault(what, model):
            assert prepare(model, stored) is None, what
    assert prepare(model, stored)


def test_dropped_sinks_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trial reads the plain way with sinks, and the forked way without."""
    from service.llm import forward

    params = forward.AttentionParams
    monkeypatch.setattr(forward, "AttentionParams", lambda *given: params(*given[:3]))
    assert prepare(families.make_model("gpt_oss"), torch.float32) is None
