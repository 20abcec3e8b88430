"""Token requests: a prefix, the branches that fork from it, and the outcome of each branch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch

SampleToken = Callable[[torch.Tensor, Sequence[int]], int]
"""From the logits (vocabulary,) of the next token and the tokens generated so far, that token."""


@dataclass(frozen=True, slots=True)
class Generate:
    """A branch that generates at most `max_tokens` tokens after `suffix`, which is not empty.

    `shares_prefix`: whether the suffix continues the request's prefix or stands alone.
    `ends`: from all tokens generated so far, whether the answer ends with the last of them.
    `ignore_eos`: no token ends the answer early (for benchmarks).
    `scored_tokens`: the log-probabilities of the first so many tokens are kept.
    """

    suffix: tuple[int, ...]
    max_tokens: int
    sample: SampleToken | None = None
    """None: greedy."""
    on_tokens: Callable[[Sequence[int]], None] | None = None
    """Called after each token with all tokens generated so far."""
    ends: Callable[[Sequence[int]], bool] | None = None
    shares_prefix: bool = True
    ignore_eos: bool = False
    scored_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Loglikelihood:
    """A branch that scores each of `continuations` after `suffix`; none of these is empty.

    A single continuation is scored in one pass, with the suffix; several fork after it.
    """

    suffix: tuple[int, ...]
    continuations: tuple[tuple[int, ...], ...]
    shares_prefix: bool = True


Branch = Generate | Loglikelihood


@dataclass(frozen=True, slots=True)
class Generated:
    """The tokens without the stop token; `complete` when the model ended the answer itself.

    `log_probs`: those of the first tokens, as many as the branch wants scored. A generator may
    leave them out.
    """

    ids: list[int]
    complete: bool
    log_probs: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Scored:
    """The log-probability of each continuation as a whole."""

    log_probs: list[float]


Outcome = Generated | Scored


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A prefix that is prefilled once, and the branches that fork from it.

    `abandoned` is called at every step; once it returns true, the request ends without outcomes.
    """

    id: str
    prefix: tuple[int, ...]
    branches: tuple[Branch, ...]
    abandoned: Callable[[], bool] = field(default=lambda: False)

    def prompt(self, index: int) -> tuple[int, ...]:
        """All tokens before the answer of branch `index`."""
        branch = self.branches[index]
        return (*self.prefix, *branch.suffix) if branch.shares_prefix else branch.suffix


@dataclass(frozen=True, slots=True)
class FinishedRequest:
    """A request that ended, with an outcome for each branch; None when it was abandoned."""

    request: TokenRequest
    outcomes: tuple[Outcome, ...] | None

    @property
    def id(self) -> str:
        return self.request.id


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """The use of a row's logits: the log-probabilities of `targets`, or else the next token.

    `scored`: with the log-probability of that token.
    """

    sample: SampleToken | None = None
    generated: Sequence[int] = ()
    targets: tuple[int, ...] = ()
    scored: bool = False


@dataclass(frozen=True, slots=True)
class Sampled:
    """The next token of a row, and the log-probabilities that its sampling parameters ask for."""

    token: int
    log_probs: list[float] = field(default_factory=list)


def single_continuation(branch: Branch) -> tuple[int, ...]:
    """The continuation that is scored in the suffix's own pass; empty where there is none."""
    if isinstance(branch, Loglikelihood) and len(branch.continuations) == 1:
        return branch.continuations[0]
    return ()


def own_prompt(branch: Branch) -> tuple[int, ...]:
    """The prompt of a branch that stands alone and scores a single continuation, else empty.

    Other requests ask with the same prompt (nothing instead of an article), so it is worth keeping,
    unless it is a single token, which is read again to predict the continuation.
    """
    alone = single_continuation(branch) and not branch.shares_prefix
    return branch.suffix if alone and len(branch.suffix) > 1 else ()


def prefilled(branch: Branch) -> tuple[int, ...]:
    """The tokens that are prefilled at once: the suffix, and a single continuation but its last."""
    return (*branch.suffix, *single_continuation(branch)[:-1])


def span_sizes(branch: Branch) -> list[int]:
    """The slots of the KV cache that a branch needs.

    The first span holds the suffix and a generated answer or a single continuation; else each
    continuation of several tokens has its own. A continuation's last token is never fed.
    """
    if isinstance(branch, Generate):
        return [len(branch.suffix) + branch.max_tokens]
    if single_continuation(branch):
        return [len(prefilled(branch))]
    long = [len(tokens) - 1 for tokens in branch.continuations if len(tokens) > 1]
    return [len(branch.suffix), *long]


def num_sequences(branch: Branch) -> int:
    """Rows of the decode batch that a branch may need at once."""
    return max(1, len(span_sizes(branch)) - 1)
