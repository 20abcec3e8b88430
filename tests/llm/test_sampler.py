"""Sampler: the publisher's settings, reproducible tokens, no influence of neighbours."""

import dataclasses
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import GenerationConfig

from service.llm.llm_engine import LLMEngine
from service.llm.sampler import SECOND_TRY_PENALTY, token_sampler
from service.llm.token_request import Generate, Generated, SampleToken, TokenRequest
from service.tasks import DigestAnswer, DigestTask
from tests.support import tiny
from tests.support.engines import answer_alone, ask_worker, finish, request
from tests.support.lanes import one_quick

WORDS, DRAWS = 12, 3000
LOGITS = torch.randn(WORDS, generator=torch.Generator().manual_seed(1)) * 2
PROMPT = (3, 1, 4)
DIGESTS = (DigestTask("en", "short"), DigestTask("zh", "short"))


def drawing(penalty: float = 1.0, seed: int = 0, **settings: Any) -> SampleToken:
    choose = token_sampler(GenerationConfig(do_sample=True, **settings), penalty, seed, PROMPT)
    assert choose is not None
    return choose


def texts(engine: LLMEngine, name: str, passage: str) -> list[str]:
    return said(answer_alone(engine, request(name, passage, DIGESTS)))


def said(answer: Any) -> list[str]:
    return [one.text for one in answer.tasks if isinstance(one, DigestAnswer)]


def test_greedy_needs_no_chooser() -> None:
    assert token_sampler(None, 1.0, 0, PROMPT) is None


@pytest.mark.parametrize(
    "given",
    one_quick(
        [
            {"temperature": 1.5, "top_k": 9, "top_p": 0.95, "min_p": 0.1},
            {"temperature": 0.7, "top_k": 8, "top_p": 0.8},
            {},
            {"temperature": 0.5},
            {"top_k": 3},
            {"top_p": 0.7},
            {"min_p": 0.2},
        ]
    ),
    ids=str,
)
def test_words_are_drawn_as_transformers_would(given: dict[str, Any]) -> None:
    """Against the processors that `generate` itself makes of the same settings."""
    model = tiny.make_model("qwen2")
    settings = GenerationConfig(**{"do_sample": True, "top_k": 0, **given})
    settings._pad_token_tensor = settings._eos_token_tensor = None
    own = model._get_logits_processor(settings, input_ids_seq_length=1, device="cpu")
    likely = own(torch.tensor([[0]]), LOGITS[None].clone())[0].softmax(-1)
    choose = drawing(**{"top_k": 0, **given})
    counted = Counter(choose(LOGITS, [0] * place) for place in range(DRAWS))
    drawn = torch.tensor([counted[word] / DRAWS for word in range(WORDS)])
    assert not counted.keys() - set(likely.nonzero().flatten().tolist())
    # Half of the sum of the errors is about sqrt(words / draws) / 2, which is 0.03.
    assert float((drawn - likely).abs().sum()) / 2 < 0.05


def test_a_draw_depends_on_seed_prompt_and_place_only() -> None:
    def some(choose: SampleToken) -> list[int]:
        return [choose(LOGITS, [0] * place) for place in range(40)]

    first = some(drawing())
    assert some(drawing()) == first
    assert some(drawing(seed=1)) != first
    other = token_sampler(GenerationConfig(do_sample=True), 1.0, 0, (3, 1, 5))
    assert other is not None and some(other) != first
    # An answer that is begun anew, as after a failed pass, is the same answer.
    again = drawing()
    some(again)
    assert some(again) == first


def test_logits_are_left_as_they_are() -> None:
    logits = LOGITS.clone()
    drawing(penalty=1.5, temperature=0.5, top_k=2)(logits, [0, 1])
    assert torch.equal(logits, LOGITS)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_penalty_moves_words_that_were_written(sign: int) -> None:
    choose = token_sampler(None, 1.5, 0, PROMPT)
    assert choose is not None
    logits = torch.full((6,), -90.0)
    logits[2], logits[4] = (6.0, 5.0) if sign > 0 else (-5.0, -6.0)
    assert [choose(logits, []), choose(logits, [2]), choose(logits, [2, 4])] == [2, 4, 2]


def test_the_penalty_lowers_repeats(engine: LLMEngine) -> None:
    opening = engine.encoder.tokens.plain(tiny.ENGLISH)
    chosen = [None, token_sampler(None, 1.3, 0, opening)]
    branches = tuple(Generate(opening[:9], 80, choose) for choose in chosen)
    engine.generator.admit(TokenRequest("a", opening, branches))
    while not (ended := engine.generator.step()):
        pass
    outcomes = ended[0].outcomes
    assert outcomes is not None
    plain, freed = (one.ids for one in outcomes if isinstance(one, Generated))
    assert len(set(freed)) / len(freed) > len(set(plain)) / len(plain)


def test_draws_repeat_whatever_else_is_in_the_batch(folders: dict[str, Path]) -> None:
    settings = tiny.settings(folders["qwen3"], sampling="model")
    engine = LLMEngine(settings)
    passages = {"en": tiny.ENGLISH, "zh": tiny.CHINESE, "short": "Rain."}
    alone = {name: texts(engine, name, passage) for name, passage in passages.items()}
    for order in (list(passages), list(passages)[::-1]):
        for name in order:
            engine.admit(request(name, passages[name], DIGESTS))
        assert {name: said(one) for name, one in finish(engine).items()} == alone
    other = LLMEngine(dataclasses.replace(settings, seed=1))
    assert texts(other, "en", tiny.ENGLISH) != alone["en"]
    greedy = LLMEngine(dataclasses.replace(settings, sampling="greedy"))
    assert texts(greedy, "en", tiny.ENGLISH) != alone["en"]


def test_draws_repeat_after_a_failed_pass(folders: dict[str, Path]) -> None:
    engine = LLMEngine(tiny.settings(folders["qwen3"], sampling="model"))
    alone = texts(engine, "a", tiny.CHINESE)
    passes: list[int] = []

    def fail_once(*_: Any) -> None:
        passes.append(1)
        if len(passes) == 12:
            raise ValueError("kernel")

    hook = engine._loaded.model.register_forward_pre_hook(fail_once)
    try:
        finished = ask_worker(engine, request("a", tiny.CHINESE, DIGESTS))
    finally:
        hook.remove()
    assert len(passes) > 12 and said(finished["a"]) == alone


@pytest.mark.parametrize(("penalty", "expected"), [(1.0, SECOND_TRY_PENALTY), (1.6, 1.6)])
@pytest.mark.parametrize(
    ("passage", "language"), [(tiny.ENGLISH, "en"), (tiny.CHINESE, "zh")], ids=["en", "zh"]
)
def test_a_digest_that_is_asked_again_gets_the_penalty(
    folders: dict[str, Path], passage: str, language: Any, penalty: float, expected: float
) -> None:
    engine = LLMEngine(tiny.settings(folders["qwen3"], repetition_penalty=penalty))
    asked = request("a", passage, [DigestTask(language, "short", fault="It repeats itself.")])
    (prompt,) = engine.encoder.prompts(asked)
    branch = engine.encoder.branch(asked, 0, prompt)
    assert isinstance(branch, Generate) and branch.sample is not None
    logits = torch.zeros(engine.vocabulary)
    # The first is as likely as the second once its penalty is taken off.
    logits[5], logits[7] = expected, 1.0
    factors = torch.ones(engine.vocabulary)
    for factor, word in ((1.01, 5), (0.99, 7)):
        factors[5] = factor
        assert branch.sample(logits * factors, [5]) == word
