"""Gates that a model's digest must pass before anyone sees it.

A digest that fails one is asked for again, once, with the reason; see `pipeline.py`.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from service.article import Document
from service.checks.unsupported import unsupported_numbers
from service.resources.prompts import Prompts
from service.tasks import DIGEST_SIZE, DigestLanguage, DigestTask
from service.text.language import detect

Fault = Literal["empty", "tags", "noise", "echo", "language", "runaway", "loop", "figures"]

# Why a digest can't pass: for the asker's warning, and in the words that the model is told.
FAULTS: Mapping[Fault, Mapping[DigestLanguage, str]] = {
    "empty": {"en": "it was empty", "zh": "摘要是空的"},
    "tags": {"en": "it held tags of the model's own", "zh": "摘要里有标记"},
    "noise": {"en": "it held characters that are no text", "zh": "摘要里有乱码"},
    "echo": {"en": "it repeated the instruction", "zh": "摘要重复了要求"},
    "language": {"en": "it was in the wrong language", "zh": "摘要没有用中文写"},
    "runaway": {"en": "it was far too long", "zh": "摘要太长"},
    "loop": {"en": "it repeated itself", "zh": "摘要不断重复"},
    "figures": {
        "en": "it held figures that the article does not state",
        "zh": "摘要里有文章没有的数字",
    },
}
LOOP_WORDS = 6
LOOP_TIMES = 4
ECHO_WORDS = 8
RUNAWAY = 4
"""A digest may be this many times as long as it was asked to be."""

_TAGS = re.compile(r"</?(?:think|article|tool_call)>|<\|[a-z_]+\|>", re.IGNORECASE)
# Control characters, half a character (tokens that are no UTF-8 together), or a stutter: ),),),),),
_NOISE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffd]|([^\w\s]{1,4})\1{5,}")
_WORDS = re.compile(r"[㐀-鿿]|[^\W_㐀-鿿]+")

Run = tuple[str, ...]


def fault(text: str, task: DigestTask, article: Document, prompts: Prompts) -> Fault | None:
    """The first gate that stops this digest of `article`, or None. Linear in its length."""
    candidate = _Candidate(text, _WORDS.findall(text), task, article, prompts)
    return next((gate for gate, stops in _GATES.items() if stops(candidate)), None)


@dataclass(frozen=True, slots=True)
class _Candidate:
    text: str
    words: list[str]
    task: DigestTask
    article: Document
    prompts: Prompts


def _echoes(candidate: _Candidate) -> bool:
    instruction = _WORDS.findall(candidate.prompts.texts[f"digest.{candidate.task.language}.txt"])
    return not set(_runs(instruction, ECHO_WORDS)).isdisjoint(_runs(candidate.words, ECHO_WORDS))


def _is_foreign(candidate: _Candidate) -> bool:
    return detect(candidate.text).split("-", 1)[0] != candidate.task.language


def _runs_on(candidate: _Candidate) -> bool:
    return (
        len(candidate.words) > RUNAWAY * DIGEST_SIZE[candidate.task.language][candidate.task.length]
    )


def _loops(candidate: _Candidate) -> bool:
    """Whether some run of LOOP_WORDS words comes LOOP_TIMES times."""
    return max(Counter(_runs(candidate.words, LOOP_WORDS)).values(), default=0) >= LOOP_TIMES


def _invents(candidate: _Candidate) -> bool:
    return bool(
        unsupported_numbers(Document.of(candidate.text, candidate.task.language), candidate.article)
    )


_GATES: Mapping[Fault, Callable[[_Candidate], bool]] = {  # the cheap ones first
    "empty": lambda candidate: not candidate.text.strip(),
    "tags": lambda candidate: bool(_TAGS.search(candidate.text)),
    "noise": lambda candidate: bool(_NOISE.search(candidate.text)),
    "echo": _echoes,
    "language": _is_foreign,
    "runaway": _runs_on,
    "loop": _loops,
    "figures": _invents,
}


def _runs(words: list[str], length: int) -> list[Run]:
    return [tuple(words[start : start + length]) for start in range(len(words) - length + 1)]
