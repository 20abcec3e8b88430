"""Closeness of logits to those of the float32 weights, the figures of `accuracy`."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

ROWS = 64
"""Tokens whose distributions are compared at once."""


@dataclass(slots=True)
class Closeness:
    """Sums over the tokens that were added, of all texts.

    `kl`: nats, from the float32 distribution to the other. `nll`: nats, of the next token.
    `errors`: for each token the norm of the difference of the logits over the norm of the
    float32 ones, less their mean.
    """

    tokens: int = 0
    kl: float = 0.0
    equal: int = 0
    reference_nll: float = 0.0
    nll: float = 0.0
    errors: list[float] = field(default_factory=list)

    def add(self, ids: Sequence[int], reference: torch.Tensor, other: torch.Tensor) -> None:
        """Add a text: its tokens, and two sets of logits (tokens, vocabulary)."""
        following = torch.tensor(ids[1:])[:, None]
        for rows in torch.arange(len(following)).split(ROWS):
            self._add(following[rows], reference[rows].float(), other[rows].float())

    def _add(self, following: torch.Tensor, reference: torch.Tensor, other: torch.Tensor) -> None:
        expected, found = reference.log_softmax(-1), other.log_softmax(-1)
        self.tokens += len(following)
        self.kl += float((expected.exp() * (expected - found)).sum(-1).double().sum())
        self.equal += int((reference.argmax(-1) == other.argmax(-1)).sum())
        self.reference_nll -= float(expected.gather(-1, following).double().sum())
        self.nll -= float(found.gather(-1, following).double().sum())
        spread = (reference - reference.mean(-1, keepdim=True)).norm(dim=-1)
        self.errors += ((other - reference).norm(dim=-1) / spread).tolist()

    def figures(self) -> dict[str, float]:
        """The means over all tokens, and the median of their errors."""
        before, after = (math.exp(nll / self.tokens) for nll in (self.reference_nll, self.nll))
        return {
            "tokens": self.tokens,
            "kl": self.kl / self.tokens,
            "equal_top1": self.equal / self.tokens,
            "reference_perplexity": before,
            "perplexity": after,
            "logits_error": float(torch.tensor(self.errors).median()),
        }


def windows(sentences: Sequence[str], size: int, language: str) -> list[str]:
    """Texts of `size` sentences each (the last may be shorter), joined as the language does."""
    gap = "" if language == "zh" else " "
    starts = range(0, len(sentences), size)
    return [gap.join(sentences[start : start + size]) for start in starts]


HEAD = ("engine", "KL", "equal top-1", "perplexity", "change", "logits' error", "beside Q8_0")


def table(figures: dict[str, dict[str, float]], peer: str) -> str:
    """A Markdown table, one line per engine. `peer`: the engine that errors are divided by."""
    rows: list[Sequence[Any]] = [HEAD, ["---"] * len(HEAD)]
    for engine, of in figures.items():
        change = of["perplexity"] / of["reference_perplexity"] - 1
        ratio = of["logits_error"] / figures[peer]["logits_error"] if peer in figures else None
        rows.append(
            (
                engine,
                f"{of['kl']:.4f}",
                f"{of['equal_top1']:.1%}",
                f"{of['reference_perplexity']:.2f} → {of['perplexity']:.2f}",
                f"{change:+.2%}",
                f"{of['logits_error']:.4f}",
                "" if ratio is None else f"{ratio:.2f}",
            )
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
