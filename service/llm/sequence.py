"""Sequences: a request's shared prefix, the chunks that prefill it, and what forks from it.

TokenRequest (prefix, branches) ─▶ SharedPrefix ─ PrefillChunks ─▶ Sequences ─▶ outcomes
"""

from collections import deque
from collections.abc import Sequence as Tokens
from dataclasses import dataclass, field, replace

from service.llm.attention_metadata import KVSpan, QuerySegment
from service.llm.block_manager import SlotRange
from service.llm.token_request import (
    Generate,
    Outcome,
    SamplingParams,
    TokenRequest,
    prefilled,
    single_continuation,
)


@dataclass(slots=True)
class Scores:
    """Log-probabilities of a branch's continuations so far; `num_open` of them are still fed."""

    log_probs: list[float]
    num_open: int = 0


@dataclass(slots=True, eq=False)
class SharedPrefix:
    """A request in progress.

    `span`: the prefix's slots in the KV cache. `branch_spans`: each branch's slots, one range for
    its suffix and a generated answer, then one for each continuation of several tokens.
    `own_prompts`: by their branch, the spans of prompts that stand alone and are read already.
    `state_slot`: the recurrent state after the prefilled tokens. `waiting`: branches whose suffix
    is not prefilled yet; of the first, `num_suffix_prefilled` tokens are.
    """

    request: TokenRequest
    span: SlotRange
    branch_spans: list[list[SlotRange]]
    own_prompts: dict[int, SlotRange] = field(default_factory=dict)
    num_prefilled: int = 0
    num_suffix_prefilled: int = 0
    state_slot: int | None = None
    waiting: deque[int] = field(init=False)
    outcomes: dict[int, Outcome] = field(init=False)
    scores: dict[int, Scores] = field(init=False)

    def __post_init__(self) -> None:
        self._reset()

    def restart(self) -> None:
        """Forget everything that was computed, and keep the slots."""
        self.num_prefilled, self.num_suffix_prefilled, self.state_slot = 0, 0, None
        self._reset()

    def _reset(self) -> None:
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
    def num_open_answers(self) -> int:
        """Branches without an outcome that share the prefix; the others only give priors."""
        branches = enumerate(self.request.branches)
        return sum(branch.shares_prefix and i not in self.outcomes for i, branch in branches)

    def chunk(self, tokens: int) -> "PrefillChunk":
        """The next `tokens` tokens of the prefix."""
        start = self.num_prefilled
        ids = self.request.prefix[start : start + tokens]
        return PrefillChunk(self, ids, start, self.span, start)

    def branch_chunk(self, index: int) -> "PrefillChunk":
        """The whole suffix of branch `index`, with a single continuation."""
        branch, span = self.request.branches[index], self.branch_spans[index][0]
        if branch.shares_prefix:
            start = len(self.request.prefix)
            shared = (self.span.slot, start, 0)
            return PrefillChunk(self, prefilled(branch), start, span, 0, (shared,), index, True)
        if index not in self.own_prompts:
            return PrefillChunk(self, prefilled(branch), 0, span, 0, (), index, True)
        # The first token of the continuation is predicted after the last of the prompt.
        start = len(branch.suffix) - 1
        shared = (self.own_prompts[index].slot, start, 0)
        return PrefillChunk(self, prefilled(branch)[start:], start, span, 0, (shared,), index, True)

    def next_branch_chunk(self) -> "PrefillChunk":
        """The rest of the first waiting branch's suffix."""
        return self.branch_chunk(self.waiting[0]).after(self.num_suffix_prefilled)

    def note_scheduled(self, chunk: "PrefillChunk") -> None:
        """The branch whose suffix `chunk` ends waits no longer."""
        if chunk.is_prompt:
            self.waiting.popleft()
            self.num_suffix_prefilled = 0

    def note_prefilled(self, chunk: "PrefillChunk") -> None:
        """Count the tokens of a chunk that does not end a prompt."""
        if chunk.branch is None:
            self.num_prefilled += len(chunk.ids)
        elif not chunk.is_prompt:
            self.num_suffix_prefilled += len(chunk.ids)


@dataclass(slots=True)
class PrefillChunk:
    """Some tokens of a prefix, or of a branch's suffix, for one forward pass.

    `start`: the position of the first token. `offset`: tokens in `span` before it. `shared`: spans
    that the tokens attend to besides their own. `branch`: None for a part of the prefix.
    `is_prompt`: whether the chunk ends a prompt, so that logits are needed.
    """

    prefix: SharedPrefix
    ids: Tokens[int]
    start: int
    span: SlotRange
    offset: int
    shared: tuple[KVSpan, ...] = ()
    branch: int | None = None
    is_prompt: bool = False

    def first(self, tokens: int) -> "PrefillChunk":
        """The chunk's first `tokens` tokens, or all of it where logits of the others are needed."""
        if tokens >= len(self.ids):
            return self
        tokens = min(tokens, len(self.ids) - self.num_logits)
        return replace(self, ids=self.ids[:tokens], is_prompt=False) if tokens > 0 else self

    def after(self, tokens: int) -> "PrefillChunk":
        """The chunk without its first `tokens` tokens."""
        start, offset = self.start + tokens, self.offset + tokens
        return replace(self, ids=self.ids[tokens:], start=start, offset=offset)

    @property
    def num_logits(self) -> int:
        """The number of last tokens whose logits are needed."""
        return len(self.samplings)

    @property
    def segment(self) -> QuerySegment:
        slot, spans = self.span.slot + self.offset, (*self.shared, self.kv_span)
        return QuerySegment(slot, self.start, len(self.ids), spans)

    @property
    def samplings(self) -> list[SamplingParams]:
        """The sampling parameters for each of the logits after a branch's suffix."""
        if self.branch is None or not self.is_prompt:
            return []
        branch = self.prefix.request.branches[self.branch]
        if isinstance(branch, Generate):
            return [SamplingParams(branch.sample, scored=branch.scored_tokens > 0)]
        single = single_continuation(branch)
        if single:
            return [SamplingParams(targets=(token,)) for token in single]
        return [SamplingParams(targets=tuple(tokens[0] for tokens in branch.continuations))]

    @property
    def kv_span(self) -> KVSpan:
        """The span that the tokens are stored in, as it is after the chunk is prefilled."""
        return self.span.slot, self.offset + len(self.ids), self.start - self.offset


@dataclass(slots=True, eq=False)
class Sequence:
    """An answer that grows by one token per step: generated, or a continuation that is scored.

    `shared`: spans that it attends to besides its own. `start`: the position of the first token in
    `span`. `num_stored`: tokens in `span`. `log_probs`: those of the first `ids`, where they are
    scored. `forced`: the tokens of a continuation that are not fed yet.
    """

    prefix: SharedPrefix
    branch: int
    span: SlotRange
    start: int
    shared: tuple[KVSpan, ...]
    num_stored: int = 0
    next_token: int = -1
    ids: list[int] = field(default_factory=list)
    log_probs: list[float] = field(default_factory=list)
    forced: tuple[int, ...] = ()
    continuation: int = 0

    @property
    def position(self) -> int:
        """The position of the next token."""
        return self.start + self.num_stored

    @property
    def segment(self) -> QuerySegment:
        """The next token; it attends to itself too."""
        kv_span = (self.span.slot, self.num_stored + 1, self.start)
        slot = self.span.slot + self.num_stored
        return QuerySegment(slot, self.position, 1, (*self.shared, kv_span))

    @property
    def samplings(self) -> list[SamplingParams]:
        """The sampling parameters for the logits of the next token."""
        branch = self.prefix.request.branches[self.branch]
        if isinstance(branch, Generate):
            scored = len(self.ids) < branch.scored_tokens
            return [SamplingParams(branch.sample, self.ids, scored=scored)]
        return [SamplingParams(targets=self.forced[:1])]
