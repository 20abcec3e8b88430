"""Labels: a stance from what a remote model answers to the question.

Where the server gives log-probabilities of the first token's alternatives, every alternative that
begins one label's word counts for that label. The prompt's own bias is divided out as the local
engine does it (llm/calibration.py), with a floor below both, because a server tells the likeliest
tokens alone.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from service.resources.prompts import stance_words
from service.tasks import LABELS, Label, StanceAnswer

FLOOR = 0.01
"""The share of every distribution that is spread over all labels."""
LEAST_MASS = 0.5
"""Of the probability of all tokens that the labels must have; otherwise the model says more."""
FIELD = "stance"
_UNIFORM = (1 / len(LABELS),) * len(LABELS)


def probabilities(
    alternatives: Mapping[str, float] | None, language: str
) -> Sequence[float] | None:
    """The probabilities of LABELS, which sum to one; None where they can't be told.

    `alternatives`: log-probabilities of tokens in the place of the answer's first.
    """
    mass = dict.fromkeys(LABELS, 0.0)
    words = stance_words(language)
    for token, log_prob in (alternatives or {}).items():
        label = _begun(token, words)
        if label is not None:
            mass[label] += math.exp(min(log_prob, 0.0))
    total = sum(mass.values())
    if total < LEAST_MASS:
        return None
    return [mass[label] / total for label in LABELS]


def _begun(token: str, words: Mapping[Label, str]) -> Label | None:
    """The label whose word, and no other, begins with `token` (or is begun by it)."""
    text = token.strip().strip("\"'*`“”「」").lower()
    found = [label for label in LABELS if text and words[label].startswith(text)]
    return found[0] if len(found) == 1 else None


def calibrated(posterior: Sequence[float], prior: Sequence[float] | None) -> StanceAnswer:
    """The stance; `prior`: the probabilities after an empty passage, None where not known."""
    ratios = [
        _floored(probability) / _floored(bias)
        for probability, bias in zip(posterior, prior or _UNIFORM, strict=True)
    ]
    total = sum(ratios)
    scores = {label: ratio / total for label, ratio in zip(LABELS, ratios, strict=True)}
    return StanceAnswer(max(LABELS, key=lambda label: scores[label]), scores)


def _floored(probability: float) -> float:
    return (1 - FLOOR) * probability + FLOOR / len(LABELS)


def schema(language: str) -> dict[str, Any]:
    """The `response_format` that allows an object with one of the labels' words alone."""
    words = list(stance_words(language).values())
    shape = {
        "type": "object",
        "properties": {FIELD: {"type": "string", "enum": words}},
        "required": [FIELD],
        "additionalProperties": False,
    }
    named = {"name": FIELD, "strict": True, "schema": shape}
    return {"type": "json_schema", "json_schema": named}


def answered(text: str, language: str) -> StanceAnswer | None:
    """The stance that an answer names; None where it names none, or more than one."""
    words = stance_words(language)
    said = _field(text)
    named = [label for label in LABELS if _names(said, words[label])]
    if len(named) != 1:
        return None
    scores = {label: float(label == named[0]) for label in LABELS}
    return StanceAnswer(named[0], scores, method="answer")


def _field(text: str) -> str:
    """The answer's field where it is JSON, else all of it."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return str(found.get(FIELD, "")) if isinstance(found, dict) else text


def _names(text: str, word: str) -> bool:
    if word.isascii():
        return re.search(rf"\b{word}\b", text, re.IGNORECASE) is not None
    return word in text
