"""Scheduler: admits requests, forms the batch of each forward pass, and keeps its results.

    waiting ──prefill in chunks──▶ prefix ──fork: its suffix──▶ sequence ──decode──▶ outcome

Admission reserves all the KV cache that a request may need, so that nothing in progress runs out
of it. Sequences come and go between passes; each computes what it would compute alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from service.errors import BadInput, NoRoom
from service.llm.block_manager import BLOCK_SIZE, BlockManager, SlotRange, num_blocks
from service.llm.kv_cache import RecurrentState
from service.llm.prefill import next_chunks
from service.llm.prefix_cache import PrefixCache
from service.llm.running import RunningSequences
from service.llm.sequence import PrefillChunk, Sequence, SharedPrefix
from service.llm.token_cost import FLAT, TokenCost
from service.llm.token_request import (
    FinishedRequest,
    Sampled,
    SamplingParams,
    TokenRequest,
    num_sequences,
    own_prompt,
    span_sizes,
)

MIN_CHUNK_TOKENS = 32
"""Prefilling fewer tokens at once saves no memory worth the time."""
PREFILL_STATES = 4
"""Prefixes of a model with linear attention that may be partly prefilled at the same time."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`kv_tokens`: the size of the KV cache. `rows`: most sequences that are decoded at once.
    `chunk_tokens`: about how many tokens are prefilled between two decode steps; deep in a text, as
    many as `cost` the same."""

    kv_tokens: int
    rows: int
    chunk_tokens: int
    cost: TokenCost = FLAT


@dataclass(frozen=True, slots=True)
class ForwardBatch:
    """One forward pass: chunks to prefill, and sequences that are fed one token each.

    `state_slots`: the recurrent states that it updates; `fresh`: they hold nothing yet.
    """

    chunks: list[PrefillChunk]
    sequences: list[Sequence]
    state_slots: slice
    fresh: bool

    @property
    def rows(self) -> list[PrefillChunk | Sequence]:
        """The chunks and sequences whose logits are needed, in the order of their logits."""
        return [*(chunk for chunk in self.chunks if chunk.is_prompt), *self.sequences]

    @property
    def samplings(self) -> list[SamplingParams]:
        """The use of each of the logits; a chunk that scores a text has several."""
        return [each for row in self.rows for each in row.samplings]


class Scheduler:
    """Holds the requests in progress and their running sequences, and decides what runs next.

    With `recurrent` states, each chunk is prefilled in its own pass, because no other text may
    pass through its state.
    """

    def __init__(
        self, limits: Limits, stops: Iterable[int], state: RecurrentState, recurrent: bool
    ) -> None:
        """`stops`: tokens that end an answer."""
        self._limits, self._state, self._recurrent = limits, state, recurrent
        self._blocks = BlockManager(num_blocks(limits.kv_tokens))
        self._cached = PrefixCache()
        self._chunk_tokens, self._max_rows = limits.chunk_tokens, limits.rows
        self._separate = recurrent  # whether prefill and decode run in passes of their own
        self._free_states = list(range(limits.rows, limits.rows + PREFILL_STATES))
        self._prefixes: dict[str, SharedPrefix] = {}
        self.running = RunningSequences(stops, state, recurrent)

    @property
    def free_tokens(self) -> int:
        return (self._blocks.num_free + self._cached.num_blocks) * BLOCK_SIZE

    @property
    def num_blocks(self) -> int:
        """The size of the KV cache in blocks."""
        return self._blocks.size

    # Admission

    def admit(self, request: TokenRequest) -> None:
        """Admit a request, and reserve all the slots that it may need.

        Raises NoRoom, and BadInput where it can never be answered.
        """
        if request.id in self._prefixes:
            raise BadInput("a request with this id is at work already")
        if max(map(num_sequences, request.branches)) > self._limits.rows:
            raise BadInput("an answer needs more rows than there are")
        num_answers = sum(branch.shares_prefix for branch in request.branches)
        num_answers += sum(prefix.num_open_answers for prefix in self._prefixes.values())
        if self._prefixes and num_answers > self._limits.rows:
            raise NoRoom("as many answers as can be decoded at once are at work")
        self._prefixes[request.id] = self._reserve(request)

    def _reserve(self, request: TokenRequest) -> SharedPrefix:
        sizes = [span_sizes(branch) for branch in request.branches]
        lengths = [tokens for each in sizes for tokens in each]
        cached = self._cached.take(request.prefix)
        own_prompts = self._take_own_prompts(request)
        lengths = lengths if cached else [len(request.prefix), *lengths]
        spans = self._allocate(lengths)
        if spans is None and own_prompts:
            self._keep_own_prompts(request, own_prompts)
            own_prompts = {}
            spans = self._allocate(lengths)
        if spans is None:
            if cached is not None:
                self._keep(request.prefix, cached)
            raise NoRoom(f"{sum(lengths)} tokens of the KV cache are needed")
        rest = iter(spans)
        span = cached or next(rest)
        branch_spans = [[next(rest) for _ in each] for each in sizes]
        num_prefilled = len(request.prefix) if cached else 0
        return SharedPrefix(request, span, branch_spans, own_prompts, num_prefilled)

    def _take_own_prompts(self, request: TokenRequest) -> dict[int, SlotRange]:
        """The spans of prompts that stand alone and are cached, by their branch."""
        found = {
            index: self._cached.take(own_prompt(branch))
            for index, branch in enumerate(request.branches)
        }
        return {index: span for index, span in found.items() if span is not None}

    def _keep(self, tokens: tuple[int, ...], span: SlotRange) -> None:
        """Cache the span of `tokens`, which are prefilled, or free it where they are cached."""
        if not self._cached.put(tokens, span):
            self._blocks.free(span)

    def _keep_own_prompts(self, request: TokenRequest, spans: dict[int, SlotRange]) -> None:
        for index, span in spans.items():
            self._keep(own_prompt(request.branches[index]), span)

    def _allocate(self, lengths: list[int]) -> list[SlotRange] | None:
        """A range for each of `lengths`, evicting cached prefixes where it helps."""
        if sum(max(1, num_blocks(tokens)) for tokens in lengths) > self.free_tokens // BLOCK_SIZE:
            return None
        while (spans := self._blocks.allocate_all(lengths)) is None:
            evicted = self._cached.evict()
            if evicted is None:
                return None
            self._blocks.free(evicted)
        return spans

    def cancel(self, id: str) -> None:
        """Forget a request and free everything that it holds; an unknown id is ignored."""
        prefix = self._prefixes.pop(id, None)
        if prefix is not None:
            self.running.remove_request(prefix)
            self._free(prefix)

    def cancel_all(self) -> None:
        for request_id in list(self._prefixes):
            self.cancel(request_id)

    def cancel_abandoned(self) -> list[FinishedRequest]:
        requests = [prefix.request for prefix in self._prefixes.values()]
        abandoned = [request for request in requests if request.abandoned()]
        for request in abandoned:
            self.cancel(request.id)
        return [FinishedRequest(request, None) for request in abandoned]

    def restart(self) -> None:
        """Restart all requests, because a failed pass leaves states that are partly updated."""
        self.running.sequences.clear()
        for prefix in self._prefixes.values():
            self._free_state(prefix)
            prefix.restart()

    def shrink(self) -> bool:
        """Compute less at once from now on; false when the scheduler is at its minimum."""
        if self._chunk_tokens == MIN_CHUNK_TOKENS and self._max_rows == 1:
            return False
        self._chunk_tokens = max(MIN_CHUNK_TOKENS, self._chunk_tokens // 2)
        self._max_rows = max(1, min(self._max_rows, len(self.running) or self._max_rows) // 2)
        self._separate = True
        return True

    def _free(self, prefix: SharedPrefix) -> None:
        # A recurrent state after the prefix is not kept, and the rest is useless without it.
        if self._recurrent or prefix.num_left:
            self._blocks.free(prefix.span)
        else:
            self._keep(prefix.request.prefix, prefix.span)
        self._keep_own_prompts(prefix.request, prefix.own_prompts)
        for index, spans in enumerate(prefix.branch_spans):
            self._free_branch(prefix, index, spans)
        self._free_state(prefix)

    def _free_branch(self, prefix: SharedPrefix, index: int, spans: list[SlotRange]) -> None:
        """Free a branch's slots, and cache a prompt of its own that they begin with."""
        tokens = own_prompt(prefix.request.branches[index])
        is_read = index in prefix.outcomes and index not in prefix.own_prompts
        if tokens and is_read and not self._recurrent:
            self._keep(tokens, spans[0])
        else:
            self._blocks.free_all(spans)

    # The next pass

    def schedule(self) -> Iterator[ForwardBatch]:
        """The batches of a step: one for everything, or one for each chunk and for decoding.

        Each is formed after the one before is finished.
        """
        together = [] if self._separate else list(self.running.sequences)
        prefixes = list(self._prefixes.values())
        chunks = next_chunks(
            prefixes,
            self._budget(together),
            self._limits.rows - len(self.running),
            self._may_prefill,
            self._limits.cost,
            divides_suffixes=not self._recurrent,  # a suffix's state is its row's, from its end on
        )
        if self._recurrent:
            yield from map(self._with_state, chunks)
            for prefix in prefixes:
                if not prefix.num_left and not prefix.waiting:
                    self._free_state(prefix)
        elif chunks:
            yield ForwardBatch(chunks, together, slice(0, 0), fresh=True)
        if self._separate or not chunks:
            for part in self.running.parts(self._max_rows):
                yield ForwardBatch([], self.running.sequences[part], part, fresh=False)

    def _budget(self, together: list[Sequence]) -> float:
        """The cost of what is prefilled in a pass that decodes these sequences as well.

        The pass has the same size with them as without, because the time until the next one,
        memory and compiled shapes are sized for it.
        """
        decoding = sum(self._limits.cost.at(sequence.position) for sequence in together)
        return max(self._chunk_tokens // 2, self._chunk_tokens - decoding)

    def _may_prefill(self, prefix: SharedPrefix) -> bool:
        if not self._recurrent or prefix.state_slot is not None:
            return True
        if not self._free_states:
            return False
        prefix.state_slot = self._free_states.pop()
        return True

    def _free_state(self, prefix: SharedPrefix) -> None:
        if prefix.state_slot is not None:
            self._free_states.append(prefix.state_slot)
            prefix.state_slot = None

    def _with_state(self, chunk: PrefillChunk) -> ForwardBatch:
        """A pass for one chunk, in the prefix's state or in a copy of it for the next row."""
        slot = chunk.prefix.state_slot
        if chunk.branch is not None:
            origin, slot = slot, len(self.running)
            if chunk.start:
                assert origin is not None  # allocated before the prefix's first chunk
                self._state.copy(origin, slot)
        assert slot is not None
        return ForwardBatch([chunk], [], slice(slot, slot + 1), fresh=not chunk.start)

    # Its results

    def finish(self, batch: ForwardBatch, sampled: list[Sampled]) -> list[FinishedRequest]:
        """Keep what was sampled for each of `batch.samplings`; returns the requests that ended."""
        ended: list[Sequence] = []
        rest = iter(sampled)
        for row in batch.rows:
            if isinstance(row, Sequence):
                ended += [] if self.running.advance(row, next(rest)) else [row]
            else:
                results = list(islice(rest, row.num_logits))
                ended += self.running.fork(row, results, batch.state_slots.start)
        for chunk in batch.chunks:
            chunk.prefix.note_prefilled(chunk)
        self.running.remove(ended)
        done = [prefix for prefix in self._prefixes.values() if not prefix.num_open]
        return [self._finished(prefix) for prefix in done]

    def _finished(self, prefix: SharedPrefix) -> FinishedRequest:
        del self._prefixes[prefix.request.id]
        self._free(prefix)
        outcomes = tuple(prefix.outcomes[index] for index in range(len(prefix.outcomes)))
        return FinishedRequest(prefix.request, outcomes)
