"""What the batch is asked, in tokens: one passage, and the answers that fork from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch

Choose = Callable[[torch.Tensor, Sequence[int]], int]
"""Logits (words,) of the next token and the tokens written so far; returns the next token."""


@dataclass(frozen=True, slots=True)
class Write:
    """Go on after `suffix` by at most `limit` tokens. `watch` gets all that is written so far."""

    suffix: tuple[int, ...]
    limit: int
    choose: Choose | None = None
    """None: the likeliest token, always."""
    watch: Callable[[Sequence[int]], None] | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """How likely is each of `answers` after `suffix`? No answer is empty."""

    suffix: tuple[int, ...]
    answers: tuple[tuple[int, ...], ...]


Fork = Write | Score


@dataclass(frozen=True, slots=True)
class Written:
    """The tokens without the one that ended them; `complete` when the model ended it."""

    ids: list[int]
    complete: bool


@dataclass(frozen=True, slots=True)
class Scored:
    """The log-probability of each answer's whole string."""

    weights: list[float]


Outcome = Written | Scored


@dataclass(frozen=True, slots=True)
class Job:
    """A passage and its forks. No suffix is empty.

    `abandoned` is asked at every step, and frees all that the job holds when it says so.
    """

    id: str
    passage: tuple[int, ...]
    forks: tuple[Fork, ...]
    abandoned: Callable[[], bool] = field(default=lambda: False)


@dataclass(frozen=True, slots=True)
class Ended:
    """A job that left the batch, with one outcome a fork; None when it was abandoned."""

    job: Job
    outcomes: tuple[Outcome, ...] | None

    @property
    def id(self) -> str:
        return self.job.id
