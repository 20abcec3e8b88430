"""The shipped engine compared with the published model, for every family.

Both engines, with their stores and kernels, read texts in chunks, fork from them and write on, word
by given word; the logits are compared with one forward pass of plain transformers in float32. How
far 8 bits may be away from it is asked of a simulation of llama.cpp's Q8_0 in plain torch.
"""

import gc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import torch
from gguf import GGMLQuantizationType, quants
from torch import Tensor
from transformers import AutoModelForCausalLM

from service.llm.capability import prepare
from service.llm.llm_engine import LLMEngine
from service.llm.token_request import Generate, Generated, TokenRequest
from tests.support import families, q8_0, tiny

pytestmark = pytest.mark.slow

LENGTH, PASSAGE, SUFFIX = 64, 40, 9
"""Tokens of a text, and of its parts that are prefilled; the rest is decoded."""
CHUNK = 32
SHORT_ANSWER = 3
PROMPTS = (20, 41)
ANSWER = 6
EXACT = 1e-4
"""Of the length of a token's logits: float32 that is summed up in another order."""
NEAR = 1.25
"""The largest error of the engine in 8 bits, in multiples of Q8_0's. It rounds keys and
values as well, and a rounding that falls the other way changes later ones."""
OUTLIERS = [
    name for name in families.PUBLISHED if name not in {"gemma3n", "minimax_m1", "deepseek_v4"}
]
"""Not those that outliers would make another model: where more than linear layers read what the
norm before attention puts out, or what goes into the down projection is clamped."""


@pytest.fixture(autouse=True, scope="module")
def quick() -> Iterator[None]:
    """One thread, because the models are small, and a frozen heap, because the loader collects
    garbage twice for each of some two hundred models."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
    torch.set_num_threads(threads)


def make_texts() -> Tensor:
    """(2, LENGTH): English and Chinese."""
    tokenizer = tiny.make_tokenizer()
    return torch.tensor([tokenizer.encode(text)[:LENGTH] for text in (tiny.ENGLISH, tiny.CHINESE)])


TEXTS = make_texts()


@torch.inference_mode()
def plain_logits(model: Any) -> Tensor:
    """(texts, tokens, words) of one forward pass of `model` over TEXTS."""
    found: Tensor = model(input_ids=TEXTS, use_cache=False).logits
    return found


@dataclass
class Family:
    """The published model, its folder, and what it says of TEXTS."""

    name: str
    root: Path

    @cached_property
    def model(self) -> Any:
        return families.make_model(self.name)

    @cached_property
    def logits(self) -> Tensor:
        return plain_logits(self.model)

    @cached_property
    def q8_0(self) -> Tensor:
        return q8_0.logits(self.model, TEXTS)

    @cached_property
    def folder(self) -> Path:
        return families.save(self.root / self.name, self.model)

    @cached_property
    def engine(self) -> LLMEngine:
        """In float32."""
        return start(self.folder, "float32")


@pytest.fixture(scope="module", params=families.PUBLISHED)
def family(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Family:
    """pytest runs all tests of one before it makes the next."""
    return Family(request.param, tmp_path_factory.mktemp("families"))


# The engine


def start(folder: Path, dtype: str) -> LLMEngine:
    return LLMEngine(tiny.settings(folder, dtype=dtype, read_tokens=CHUNK))


@dataclass
class Given:
    """Lets an answer be written that is known before, and keeps the logits that it is written by:
    those after token `first` of the text, and so on."""

    text: Sequence[int]
    first: int
    limit: int
    logits: list[Tensor] = field(default_factory=list)

    def __call__(self, logits: Tensor, written: Sequence[int]) -> int:
        if len(written) < self.limit:  # a static batch asks until its longest row ends
            self.logits.append(logits.float().clone())
        following = self.first + 1 + len(written)
        return self.text[following] if following < len(self.text) else 0


def engine_logits(engine: LLMEngine) -> tuple[list[tuple[int, int]], Tensor]:
    """Reads each of TEXTS up to PASSAGE and writes twice from there, all at once: after a longer
    suffix to the end, and after one token a little.

    Returns the text and the token of each row, and the rows (rows, words).
    """
    answers: list[tuple[int, Given]] = []
    for number, text in enumerate(TEXTS.tolist()):
        last = PASSAGE + SUFFIX - 1
        long, short = Given(text, last, LENGTH - last), Given(text, PASSAGE, SHORT_ANSWER)
        forks = tuple(
            Generate(tuple(text[PASSAGE : one.first + 1]), one.limit, one) for one in (long, short)
        )
        engine.generator.admit(TokenRequest(f"text {number}", tuple(text[:PASSAGE]), forks))
        answers += [(number, long), (number, short)]
    ended = 0
    while ended < len(TEXTS):
        ended += len(engine.generator.step())
    where = [(number, one.first + n) for number, one in answers for n in range(one.limit)]
    return where, torch.stack([row for _, one in answers for row in one.logits])


def engine_words(engine: LLMEngine, prompts: list[list[int]]) -> list[list[int]]:
    """The tokens generated after each prompt, all prompts together."""
    for number, prompt in enumerate(prompts):
        request = TokenRequest(f"{number}", tuple(prompt[:-1]), (Generate((prompt[-1],), ANSWER),))
        engine.generator.admit(request)
    words: dict[str, list[int]] = {}
    while len(words) < len(prompts):
        for one in engine.generator.step():
            (written,) = one.outcomes or ()
            assert isinstance(written, Generated)
            words[one.id] = written.ids
    return [words[f"{number}"] for number in range(len(prompts))]


def errors(found: Tensor, expected: Tensor) -> Tensor:
    """(rows,): how far the logits of each token are away, of their length."""
    return (found - expected).norm(dim=-1) / expected.norm(dim=-1)


@dataclass
class Comparison:
    """The errors of int8 and of Q8_0 against float32: the median over the tokens, and how
    many of them have another likeliest word."""

    path: str
    error: float
    flips: int
    allowed_error: float
    allowed_flips: int

    @classmethod
    def of(cls, folder: Path, expected: Tensor, simulated: Tensor) -> "Comparison":
        """`folder` in 8 bits; the others are (texts, tokens, words)."""
        engine = start(folder, "int8")
        where, found = engine_logits(engine)
        rows = [torch.stack([one[place] for place in where]) for one in (expected, simulated)]
        (right, allowed), best = rows, rows[0].argmax(-1)
        return cls(
            engine.generator.path,
            float(errors(found, right).median()),
            int((found.argmax(-1) != best).sum()),
            float(errors(allowed, right).median()) * NEAR,
            int((allowed.argmax(-1) != best).sum() * NEAR) + 3,
        )


# Comparison


def test_the_simulation_rounds_as_llama_cpp_does() -> None:
    """Its own conversion in Python keeps each scale in 16 bits, so numbers differ by 2**-11."""
    numbers = torch.randn(6, 96, generator=torch.Generator().manual_seed(2))
    numbers[0, :32] = 0
    numbers[1, 40] = 100
    quantized = quants.quantize(numbers.numpy(), GGMLQuantizationType.Q8_0)
    expected = torch.from_numpy(quants.dequantize(quantized, GGMLQuantizationType.Q8_0))
    torch.testing.assert_close(q8_0.rounded(numbers), expected, rtol=2**-11, atol=0)
    columns = q8_0.rounded(numbers.T.contiguous(), 0)
    assert torch.equal(columns, q8_0.rounded(numbers).T)


def test_float32_is_the_published_model(family: Family) -> None:
    assert family.engine.generator.path == "forked" or family.name in families.PLAIN
    where, found = engine_logits(family.engine)
    expected = torch.stack([family.logits[place] for place in where])
    assert errors(found, expected).max() < EXACT


def test_positions_that_a_longer_text_would_turn_are_not_forked() -> None:
    """All that the trial reads is within the first set of factors, so nothing is off there."""
    config = families.make_model("phi3_longrope").config
    config.original_max_position_embeddings = 2048
    config.rope_parameters["original_max_position_embeddings"] = 2048
    build: Any = AutoModelForCausalLM.from_config
    assert prepare(build(config).eval(), torch.float32) is None


def test_words_are_generates_alone_and_in_a_batch(family: Family) -> None:
    prompts = [text[:length] for text in TEXTS.tolist() for length in PROMPTS]
    expected = []
    for prompt in prompts:
        ids = torch.tensor([prompt])
        with torch.inference_mode():
            said = family.model.generate(
                ids, attention_mask=torch.ones_like(ids), max_new_tokens=ANSWER, do_sample=False
            )[0, len(prompt) :].tolist()
        expected.append(said[: said.index(602)] if 602 in said else said)
    assert engine_words(family.engine, prompts[:1]) == expected[:1]
    assert engine_words(family.engine, prompts) == expected


def test_int8_is_as_near_as_q8_0(family: Family) -> None:
    compared = Comparison.of(family.folder, family.logits, family.q8_0)
    assert compared.path == "forked" or family.name in families.PLAIN
    assert 0 < compared.error <= compared.allowed_error
    assert compared.flips <= compared.allowed_flips


@pytest.mark.parametrize("family", OUTLIERS, indirect=True)
def test_int8_is_as_near_as_q8_0_where_few_channels_are_large(
    family: Family, tmp_path: Path
) -> None:
    wild = families.with_outliers(family.model)
    expected = plain_logits(wild)
    assert errors(expected, family.logits).max() < EXACT, "the outliers make it another model"
    folder = families.save(tmp_path, wild)
    compared = Comparison.of(folder, expected, q8_0.logits(wild, TEXTS))
    assert 0 < compared.error <= compared.allowed_error
    assert compared.flips <= compared.allowed_flips


def test_scales_that_are_a_tenth_too_large_are_noticed(family: Family, tmp_path: Path) -> None:
    """The bound is worth something: all weights a tenth too large are the same 8 bits, and scales
    that are a tenth too large."""
    wrong = families.save(tmp_path, families.scaled(family.model, 1.1))
    compared = Comparison.of(wrong, family.logits, family.q8_0)
    assert compared.error > 1.2 * compared.allowed_error


@pytest.mark.parametrize(
    ("family", "name"),
    [pytest.param(inner, name, id=name) for name, (_, inner, _) in families.WHOLE.items()],
    indirect=["family"],
)
def test_a_text_model_is_found_inside_its_published_wrapper(
    family: Family, name: str, tmp_path: Path
) -> None:
    folder = families.save_whole(tmp_path, name, family.model)
    where, found = engine_logits(start(folder, "float32"))
    expected = torch.stack([family.logits[place] for place in where])
    assert errors(found, expected).max() < EXACT
    compared = Comparison.of(folder, family.logits, family.q8_0)
    assert 0 < compared.error <= compared.allowed_error
