"""Forked words: what the batch engine writes, beside transformers' `generate` on the same model.

The texts are English and Chinese sample articles of mixed lengths, each with two continuations that
share it. `generate`, which reads a text alone and whole, is the yardstick. In bfloat16 two correct
computations differ where two tokens are nearly as likely; `generate` in a padded batch shows by how
much.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

from benchmarks.engines import ROOT
from service.llm.capability import prepare, recordable
from service.llm.cuda_graphs import recorder_on
from service.llm.generator import BatchGenerator
from service.llm.loader import load
from service.llm.scheduler import Limits
from service.llm.token_request import Generate, Generated, TokenRequest
from service.settings import Settings

ARTICLES = (
    "01-metro-extension",
    "03-reservoir-water-price",
    "04-stadium-bond",
    "07-harbour-page",
    "12-marathon-heat",
    "05-open-weights",
)
LENGTHS = (640, 96, 320)
"""Tokens of an article, in turns."""
SUFFIXES = ("\n\nIn short:", "\n\n简而言之：")
WORDS = 60
ALONE, PADDED, EAGER, RECORDED = "generate", "generate, padded", "forked", "forked, recorded"


@dataclass(frozen=True, slots=True)
class Text:
    """An article's tokens and those of the continuations that follow it."""

    prefix: tuple[int, ...]
    suffixes: tuple[tuple[int, ...], ...]

    @property
    def prompts(self) -> list[list[int]]:
        return [[*self.prefix, *suffix] for suffix in self.suffixes]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Rows with the yardstick's words, of all rows; the share of words before the first other."""

    equal: int
    rows: int
    share: float

    @classmethod
    def of(cls, found: Sequence[Sequence[int]], expected: Sequence[Sequence[int]]) -> "Agreement":
        pairs = list(zip(found, expected, strict=True))
        same = sum(_leading(*pair) for pair in pairs)
        return cls(sum(one == other for one, other in pairs), len(pairs), same / len(pairs) / WORDS)

    def __str__(self) -> str:
        return f"{self.equal} of {self.rows} ({self.share:.0%})"


def _leading(one: Sequence[int], other: Sequence[int]) -> int:
    """The number of equal tokens at the beginning of both."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


def texts(folder: Path) -> list[Text]:
    """The sample texts in the tokens of the model of `folder`."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    after = tuple(
        tuple(tokenizer(suffix, add_special_tokens=False)["input_ids"]) for suffix in SUFFIXES
    )
    found = []
    for number, name in enumerate(ARTICLES):
        ids = tokenizer((ROOT / "seeds" / f"{name}.txt").read_text())["input_ids"]
        found.append(Text(tuple(ids[: LENGTHS[number % len(LENGTHS)]]), after))
    return found


def written(folder: Path, dtype: str, device: str) -> dict[str, list[list[int]]]:
    """The tokens that each way writes, a row for each prompt of `texts`.

    RECORDED is missing where steps are not recorded. Raises RuntimeError where the model does not
    fork.
    """
    read = texts(folder)
    by_generate = _by_generate(
        folder, dtype, device, [ids for text in read for ids in text.prompts]
    )
    return by_generate | _forked(folder, dtype, device, read)


def _by_generate(
    folder: Path, dtype: str, device: str, prompts: Sequence[list[int]]
) -> dict[str, list[list[int]]]:
    model = plain_model(folder, dtype, device)
    alone = [_generated(model, [ids])[0] for ids in prompts]
    return {ALONE: alone, PADDED: _generated(model, prompts)}


def plain_model(folder: Path, dtype: str, device: str) -> Any:
    """The model as transformers loads it; greedy, without a token that ends an answer."""
    settings: Any = GenerationConfig
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype))
    model = model.to(device).eval()
    model.generation_config = settings(do_sample=False, pad_token_id=0)
    return model


@torch.inference_mode()
def _generated(model: Any, prompts: Sequence[list[int]]) -> list[list[int]]:
    longest = max(map(len, prompts))
    padded = [[0] * (longest - len(ids)) + ids for ids in prompts]
    mask = [[0] * (longest - len(ids)) + [1] * len(ids) for ids in prompts]
    output = model.generate(
        input_ids=torch.tensor(padded, device=model.device),
        attention_mask=torch.tensor(mask, device=model.device),
        max_new_tokens=WORDS,
    )
    rows: list[list[int]] = output[:, longest:].tolist()
    return rows


def _forked(
    folder: Path, dtype: str, device: str, read: Sequence[Text]
) -> dict[str, list[list[int]]]:
    loaded = load(Settings(model=str(folder), dtype=dtype, device=device))
    stored = loaded.model.dtype
    if prepare(loaded.model, stored) is None:
        raise RuntimeError(f"{folder.name} does not fork in {dtype}")
    answers = {EAGER: _answers(loaded.model, stored, read, recorded=False)}
    recorder = recorder_on(loaded.model.device)
    if recorder is not None and recordable(loaded.model, stored, recorder):
        answers[RECORDED] = _answers(loaded.model, stored, read, recorded=True)
    return answers


def _answers(
    model: Any, stored: torch.dtype, read: Sequence[Text], *, recorded: bool
) -> list[list[int]]:
    tokens = sum(len(text.prefix) + sum(map(len, text.suffixes)) for text in read)
    rows = sum(len(text.suffixes) for text in read)
    limits = Limits(kv_tokens=2 * (tokens + rows * WORDS) + 4096, rows=rows, chunk_tokens=256)
    generator = BatchGenerator(model, (), limits, dtype=stored)
    recorder = recorder_on(model.device) if recorded else None
    if recorder is not None:
        generator.record_steps(recorder)
    rows_written = answer(generator, [(text.prefix, text.suffixes) for text in read], WORDS)
    if recorder is not None and not generator.replayed_steps:
        raise RuntimeError("no step was replayed")
    return rows_written


def answer(
    generator: BatchGenerator,
    prompts: Sequence[tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]],
    new: int,
) -> list[list[int]]:
    """Exactly `new` tokens after each of a prompt's suffixes; a prompt is a prefix and these."""
    for number, (prefix, suffixes) in enumerate(prompts):
        branches = tuple(Generate(suffix, new, ignore_eos=True) for suffix in suffixes)
        generator.admit(TokenRequest(f"{number:04}", prefix, branches))
    answers: dict[str, list[list[int]]] = {}
    while len(answers) < len(prompts):
        for each in generator.step():
            outcomes = each.outcomes or ()
            answers[each.id] = [one.ids for one in outcomes if isinstance(one, Generated)]
    return [row for name in sorted(answers) for row in answers[name]]
