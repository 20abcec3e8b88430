"""Scheduler: admits requests, forms the batch of each forward pass, and keeps what comes out of it.

    waiting ──prefill in chunks──▶ prefix ──fork: its suffix──▶ sequence ──decode──▶ outcome

Room in the KV cache is reserved for all that a request may need when it is admitted, so that
nothing that has begun runs out of it. Sequences come and go between passes; each computes what it
would compute alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from service.errors import BadInput, NoRoom
from service.llm.block_manager import BLOCK_SIZE, BlockManager, num_blocks
from service.llm.kv_cache import RecurrentState
from service.llm.prefill import next_chunks
from service.llm.sequence import (
    FinishedRequest,
    Generate,
    Generated,
    Loglikelihood,
    PrefillChunk,
    Sampled,
    Scored,
    Scores,
    Sequence,
    SharedPrefix,
    TokenRequest,
    num_sequences,
    span_sizes,
)

MIN_CHUNK_TOKENS = 32
"""Prefilling fewer tokens at once saves no memory worth the time."""
PREFILL_STATES = 4
"""Prefixes of a model with linear attention that may be half prefilled at once."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`kv_tokens`: the size of the KV cache. `rows`: most sequences that are decoded at once.
    `chunk_tokens`: about how many tokens are prefilled between two decode steps."""

    kv_tokens: int
    rows: int
    chunk_tokens: int


@dataclass(frozen=True, slots=True)
class Batch:
    """One forward pass: chunks to prefill, and sequences that are fed a token each.

    `state_slots`: the recurrent states that it changes; `fresh`: they hold nothing yet.
    """

    chunks: list[PrefillChunk]
    sequences: list[Sequence]
    state_slots: slice
    fresh: bool

    @property
    def rows(self) -> list[PrefillChunk | Sequence]:
        """Those whose logits are wanted, in the order of their logits."""
        return [*(chunk for chunk in self.chunks if chunk.is_prompt), *self.sequences]


class Scheduler:
    """Requests at work, and the sequences that are decoded: `running`.

    With `recurrent` states, a text is prefilled in a pass of its own, since nothing else may pass
    through its state, and row i of `running` owns state slot i.
    """

    def __init__(
        self, limits: Limits, stops: Iterable[int], state: RecurrentState, recurrent: bool
    ) -> None:
        """`stops`: tokens that end an answer."""
        self._limits, self._stops = limits, frozenset(stops)
        self._state, self._recurrent = state, recurrent
        self._blocks = BlockManager(num_blocks(limits.kv_tokens))
        self._chunk_tokens, self._max_rows = limits.chunk_tokens, limits.rows
        self._separate = recurrent  # are prefill and decode passes of their own?
        self._free_states = list(range(limits.rows, limits.rows + PREFILL_STATES))
        self._prefixes: dict[str, SharedPrefix] = {}
        self.running: list[Sequence] = []

    @property
    def free_tokens(self) -> int:
        return self._blocks.num_free * BLOCK_SIZE

    @property
    def num_blocks(self) -> int:
        """The size of the KV cache in blocks."""
        return self._blocks.size

    # Requests come and go

    def admit(self, request: TokenRequest) -> None:
        """Take a request in, and reserve all that it may need.

        Raises NoRoom, and BadInput where it can't be answered at all.
        """
        if request.id in self._prefixes:
            raise BadInput("a request with this id is at work already")
        if max(map(num_sequences, request.branches)) > self._limits.rows:
            raise BadInput("an answer needs more rows than there are")
        open_branches = sum(prefix.num_open for prefix in self._prefixes.values())
        if self._prefixes and open_branches + len(request.branches) > self._limits.rows:
            raise NoRoom("as many answers as can be decoded at once are at work")
        self._prefixes[request.id] = self._reserved(request)

    def _reserved(self, request: TokenRequest) -> SharedPrefix:
        sizes = [span_sizes(branch) for branch in request.branches]
        wanted = [len(request.prefix), *(tokens for each in sizes for tokens in each)]
        spans = self._blocks.allocate_all(wanted)
        if spans is None:
            raise NoRoom(f"{sum(wanted)} tokens of the KV cache are needed")
        rest = iter(spans[1:])
        return SharedPrefix(request, spans[0], [[next(rest) for _ in each] for each in sizes])

    def cancel(self, id: str) -> None:
        """Forget a request and free all that it holds; an unknown one is ignored."""
        prefix = self._prefixes.pop(id, None)
        if prefix is not None:
            self._remove([each for each in self.running if each.prefix is prefix])
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
        """Begin all requests again: a pass that broke off leaves states that are half new."""
        self.running.clear()
        for prefix in self._prefixes.values():
            self._free_state(prefix)
            prefix.restart()

    def shrink(self) -> bool:
        """Compute less at once from now on; False when it is the least already."""
        if self._chunk_tokens == MIN_CHUNK_TOKENS and self._max_rows == 1:
            return False
        self._chunk_tokens = max(MIN_CHUNK_TOKENS, self._chunk_tokens // 2)
        self._max_rows = max(1, min(self._max_rows, len(self.running) or self._max_rows) // 2)
        self._separate = True
        return True

    def _free(self, prefix: SharedPrefix) -> None:
        self._blocks.free_all(prefix.spans)
        self._free_state(prefix)

    # The next pass

    def schedule(self) -> Iterator[Batch]:
        """The batches of a step: one for all, or one each for what must not share a pass.

        Each is formed when the one before is finished.
        """
        together = [] if self._separate else list(self.running)
        # As large with rows as without: memory was found for that, and kernels compiled.
        tokens = max(self._chunk_tokens // 2, self._chunk_tokens - len(together))
        free_rows = self._limits.rows - len(self.running)
        prefixes = list(self._prefixes.values())
        chunks = next_chunks(prefixes, tokens, free_rows, self._may_prefill)
        if self._recurrent:
            yield from map(self._with_state, chunks)
            for prefix in prefixes:
                if not prefix.num_left and not prefix.waiting:
                    self._free_state(prefix)
        elif chunks:
            yield Batch(chunks, together, slice(0, 0), fresh=True)
        if self._separate or not chunks:
            yield from self._decode()

    def _decode(self) -> Iterator[Batch]:
        """From behind, since sequences that end are replaced by the last ones."""
        end = len(self.running)
        while end:
            first = max(0, end - self._max_rows)
            yield Batch([], self.running[first:end], slice(first, end), fresh=False)
            end = first

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

    def _with_state(self, chunk: PrefillChunk) -> Batch:
        """A pass of its own, in the prefix's state, or in a copy of it for the next row."""
        slot = chunk.prefix.state_slot
        if chunk.branch is not None:
            origin, slot = slot, len(self.running)
            if chunk.start:
                assert origin is not None  # taken before the prefix's first chunk
                self._state.copy(origin, slot)
        assert slot is not None
        return Batch([chunk], [], slice(slot, slot + 1), fresh=not chunk.start)

    # What came out of it

    def finish(self, batch: Batch, sampled: list[Sampled]) -> list[FinishedRequest]:
        """Keep what was sampled for each of `batch.rows`; returns the requests that ended."""
        ended: list[Sequence] = []
        for row, result in zip(batch.rows, sampled, strict=True):
            if isinstance(row, Sequence):
                row.num_stored += 1
                ended += [] if self._goes_on(row, result) else [row]
            else:
                ended += self._fork(row, result, batch.state_slots.start)
        for chunk in batch.chunks:
            if not chunk.is_prompt:
                chunk.prefix.num_prefilled += len(chunk.ids)
        self._remove(ended)
        done = [prefix for prefix in self._prefixes.values() if not prefix.num_open]
        return [self._finished(prefix) for prefix in done]

    def _fork(self, chunk: PrefillChunk, result: Sampled, slot: int) -> list[Sequence]:
        """Start the sequences of a branch whose suffix was prefilled; returns those that ended.

        `slot`: the recurrent state after the suffix.
        """
        index = chunk.branch
        assert index is not None
        prefix, branch = chunk.prefix, chunk.prefix.request.branches[index]
        if isinstance(branch, Generate):
            new = Sequence(prefix, index, chunk.span, chunk.start, chunk.shared, len(chunk.ids))
            self.running.append(new)
            return [] if self._goes_on(new, result) else [new]
        assert isinstance(result, list)
        prefix.scores[index] = Scores(result)
        self._fork_continuations(chunk, branch, index, slot)
        self._settle(prefix, index)
        return []

    def _fork_continuations(
        self, chunk: PrefillChunk, branch: Loglikelihood, index: int, slot: int
    ) -> None:
        prefix, spans = chunk.prefix, iter(chunk.prefix.branch_spans[index][1:])
        shared, start = (*chunk.shared, chunk.kv_span), chunk.start + len(chunk.ids)
        for number, tokens in enumerate(branch.continuations):
            if len(tokens) > 1:
                if self._recurrent and len(self.running) > slot:
                    self._state.copy(slot, len(self.running))
                new = Sequence(prefix, index, next(spans), start, shared)
                new.next_token, new.forced, new.continuation = tokens[0], tokens[1:], number
                self.running.append(new)
                prefix.scores[index].num_open += 1

    def _goes_on(self, row: Sequence, result: Sampled) -> bool:
        """Keep a sequence's result; False when it has ended."""
        branch = row.prefix.request.branches[row.branch]
        if isinstance(branch, Generate):
            assert isinstance(result, int)
            return self._append(row, branch, result)
        assert isinstance(result, list)
        scores = row.prefix.scores[row.branch]
        scores.log_probs[row.continuation] += result[0]
        row.next_token, row.forced = row.forced[0], row.forced[1:]
        if row.forced:
            return True
        scores.num_open -= 1
        self._settle(row.prefix, row.branch)
        return False

    def _append(self, row: Sequence, branch: Generate, token: int) -> bool:
        complete = token in self._stops and not branch.ignore_eos
        if not complete:
            row.ids.append(token)
            row.next_token = token
            if branch.on_tokens is not None:
                branch.on_tokens(row.ids)
        if complete or len(row.ids) >= branch.max_tokens:
            row.prefix.outcomes[row.branch] = Generated(row.ids, complete)
            return False
        return True

    @staticmethod
    def _settle(prefix: SharedPrefix, index: int) -> None:
        """The branch has its outcome once none of its continuations is fed any more."""
        scores = prefix.scores[index]
        if not scores.num_open:
            prefix.outcomes[index] = Scored(scores.log_probs)

    def _remove(self, ended: list[Sequence]) -> None:
        """Take sequences out; the last one, with its state, moves into each gap."""
        for index in sorted((self.running.index(row) for row in ended), reverse=True):
            last = self.running.pop()
            if index < len(self.running):
                self.running[index] = last
                if self._recurrent:
                    self._state.copy(len(self.running), index)

    def _finished(self, prefix: SharedPrefix) -> FinishedRequest:
        del self._prefixes[prefix.request.id]
        self._free(prefix)
        outcomes = tuple(prefix.outcomes[index] for index in range(len(prefix.outcomes)))
        return FinishedRequest(prefix.request, outcomes)
