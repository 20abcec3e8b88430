"""Requests in tokens, the shared prefix of each, and the sequences that fork from it.

TokenRequest (prefix, branches) ─▶ SharedPrefix ─ PrefillChunks ─▶ Sequences ─▶ outcomes
"""

from collections import deque
from collections.abc import Callable
from collections.abc import Sequence as Tokens
from dataclasses import dataclass, field

import torch

from service.llm.attention_metadata import KVSpan, QuerySegment
from service.llm.block_manager import Span

SampleToken = Callable[[torch.Tensor, Tokens[int]], int]
"""From the logits (vocabulary,) of the next token and the tokens generated so far, that token."""


@dataclass(frozen=True, slots=True)
class Generate:
    """Generate at most `max_tokens` tokens after `suffix`, which is not empty.

    `shares_prefix`: the suffix goes on after the request's prefix; else it stands by itself.
    `ignore_eos`: no token ends the answer early (for benchmarks).
    """

    suffix: tuple[int, ...]
    max_tokens: int
    sample: SampleToken | None = None
    """None: greedy."""
    on_tokens: Callable[[Tokens[int]], None] | None = None
    """Is told all tokens generated so far, after each."""
    shares_prefix: bool = True
    ignore_eos: bool = False


@dataclass(frozen=True, slots=True)
class Loglikelihood:
    """Score each of `continuations` after `suffix`; none of them is empty, nor is the suffix."""

    suffix: tuple[int, ...]
    continuations: tuple[tuple[int, ...], ...]
    shares_prefix: bool = True


Branch = Generate | Loglikelihood


@dataclass(frozen=True, slots=True)
class Generated:
    """The tokens without the stop token; `complete` when the model ended them itself."""

    ids: list[int]
    complete: bool


@dataclass(frozen=True, slots=True)
class Scored:
    """The log-probability of each continuation as a whole."""

    log_probs: list[float]


Outcome = Generated | Scored


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """What is wanted of a row's logits: the log-probabilities of `targets`, or else a token."""

    sample: SampleToken | None = None
    generated: Tokens[int] = ()
    targets: tuple[int, ...] = ()


Sampled = int | list[float]
"""A token, or the log-probabilities of a row's targets."""


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A prefix that is read once, and the branches that fork from it.

    `abandoned` is asked at every step; when it says so, the request ends without outcomes.
    """

    id: str
    prefix: tuple[int, ...]
    branches: tuple[Branch, ...]
    abandoned: Callable[[], bool] = field(default=lambda: False)

    def prompt(self, index: int) -> tuple[int, ...]:
        """All tokens before the answer of that branch."""
        branch = self.branches[index]
        return (*self.prefix, *branch.suffix) if branch.shares_prefix else branch.suffix


@dataclass(frozen=True, slots=True)
class FinishedRequest:
    """A request that left, with one outcome a branch; None when it was abandoned."""

    request: TokenRequest
    outcomes: tuple[Outcome, ...] | None

    @property
    def id(self) -> str:
        return self.request.id


@dataclass(slots=True)
class Scores:
    """Log-probabilities of a branch's continuations so far, and how many are still fed."""

    log_probs: list[float]
    num_open: int = 0


@dataclass(slots=True, eq=False)
class SharedPrefix:
    """A request at work.

    `span`: the prefix's part of the KV cache. `branch_spans`: each branch's: for its suffix and
    what follows; then for each continuation of several tokens. `state_slot`: where the recurrent
    state of what is prefilled lies. `waiting`: branches whose suffix is not prefilled yet.
    """

    request: TokenRequest
    span: Span
    branch_spans: list[list[Span]]
    num_prefilled: int = 0
    state_slot: int | None = None
    waiting: deque[int] = field(init=False)
    outcomes: dict[int, Outcome] = field(init=False)
    scores: dict[int, Scores] = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Forget everything that was computed; the spans are kept."""
        self.num_prefilled, self.state_slot = 0, None
        self.waiting = deque(range(len(self.request.branches)))
        self.outcomes, self.scores = {}, {}

    @property
    def num_left(self) -> int:
        """Tokens of the prefix that are not prefilled yet."""
        return len(self.request.prefix) - self.num_prefilled

    @property
    def num_open(self) -> int:
        """Branches without an outcome."""
        return len(self.request.branches) - len(self.outcomes)

    @property
    def spans(self) -> list[Span]:
        return [self.span, *(span for spans in self.branch_spans for span in spans)]

    def chunk(self, tokens: int) -> "PrefillChunk":
        """The next `tokens` tokens of the prefix."""
        start = self.num_prefilled
        ids = self.request.prefix[start : start + tokens]
        return PrefillChunk(self, ids, start, self.span, start)

    def branch_chunk(self, index: int) -> "PrefillChunk":
        """The whole suffix of a branch."""
        branch, span = self.request.branches[index], self.branch_spans[index][0]
        if not branch.shares_prefix:
            return PrefillChunk(self, branch.suffix, 0, span, 0, (), index)
        start = len(self.request.prefix)
        shared = (self.span.slot, start, 0)
        return PrefillChunk(self, branch.suffix, start, span, 0, (shared,), index)


@dataclass(slots=True)
class PrefillChunk:
    """Some tokens of a prefix, or a branch's whole suffix, for one forward pass.

    `start`: the position of the first token. `offset`: how many tokens its span holds before it.
    `shared`: what the tokens attend to beside that span. `branch`: None for a part of the prefix.
    """

    prefix: SharedPrefix
    ids: Tokens[int]
    start: int
    span: Span
    offset: int
    shared: tuple[KVSpan, ...] = ()
    branch: int | None = None

    @property
    def is_prompt(self) -> bool:
        """Whether it ends a prompt, so that its last logits are wanted."""
        return self.branch is not None

    @property
    def segment(self) -> QuerySegment:
        slot, spans = self.span.slot + self.offset, (*self.shared, self.kv_span)
        return QuerySegment(slot, self.start, len(self.ids), spans)

    @property
    def sampling(self) -> SamplingParams:
        """What is wanted of the logits after a branch's suffix."""
        assert self.branch is not None
        branch = self.prefix.request.branches[self.branch]
        if isinstance(branch, Generate):
            return SamplingParams(branch.sample)
        return SamplingParams(targets=tuple(tokens[0] for tokens in branch.continuations))

    @property
    def kv_span(self) -> KVSpan:
        """Its own span, as it is once the chunk is prefilled."""
        return self.span.slot, self.offset + len(self.ids), self.start - self.offset


@dataclass(slots=True, eq=False)
class Sequence:
    """An answer that grows by a token a step: generated, or a continuation that is scored.

    `shared`: what it attends to beside its own span. `start`: the position of the first token
    that its span holds. `num_stored`: tokens in its span. `forced`: the tokens of a continuation
    that are not fed yet.
    """

    prefix: SharedPrefix
    branch: int
    span: Span
    start: int
    shared: tuple[KVSpan, ...]
    num_stored: int = 0
    next_token: int = -1
    ids: list[int] = field(default_factory=list)
    forced: tuple[int, ...] = ()
    continuation: int = 0

    @property
    def segment(self) -> QuerySegment:
        """The token that is fed next; it attends to itself too."""
        own = (self.span.slot, self.num_stored + 1, self.start)
        slot, position = self.span.slot + self.num_stored, self.start + self.num_stored
        return QuerySegment(slot, position, 1, (*self.shared, own))

    @property
    def sampling(self) -> SamplingParams:
        branch = self.prefix.request.branches[self.branch]
        if isinstance(branch, Generate):
            return SamplingParams(branch.sample, self.ids)
        return SamplingParams(targets=self.forced[:1])


def span_sizes(branch: Branch) -> list[int]:
    """Tokens of KV cache: for the suffix and what follows it; then for each continuation of
    several tokens, whose last token is never fed."""
    if isinstance(branch, Generate):
        return [len(branch.suffix) + branch.max_tokens]
    long = [len(tokens) - 1 for tokens in branch.continuations if len(tokens) > 1]
    return [len(branch.suffix), *long]


def num_sequences(branch: Branch) -> int:
    """Rows of the batch that a branch may need at once."""
    return max(1, len(span_sizes(branch)) - 1)
