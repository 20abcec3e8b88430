"""Running sequences: forked from prefilled suffixes, advanced by a token a step, then removed.

suffix prefilled ──fork──▶ sequence ──advance──▶ outcome ──remove
"""

from collections.abc import Iterable, Iterator

from service.llm.kv_cache import RecurrentState
from service.llm.sequence import PrefillChunk, Scores, Sequence, SharedPrefix
from service.llm.token_request import (
    Generate,
    Generated,
    Loglikelihood,
    Sampled,
    Scored,
    single_continuation,
)


class RunningSequences:
    """The sequences that are decoded, each in its own row of the decode batch.

    With `recurrent` states, row i owns state slot i.
    """

    def __init__(self, stops: Iterable[int], state: RecurrentState, recurrent: bool) -> None:
        """`stops`: tokens that end an answer."""
        self._stops, self._state, self._recurrent = frozenset(stops), state, recurrent
        self.sequences: list[Sequence] = []

    def __len__(self) -> int:
        return len(self.sequences)

    def parts(self, max_rows: int) -> Iterator[slice]:
        """Ranges of at most `max_rows` rows that cover all sequences.

        The last range comes first, because the last sequences replace those that end.
        """
        end = len(self.sequences)
        while end:
            first = max(0, end - max_rows)
            yield slice(first, end)
            end = first

    def fork(self, chunk: PrefillChunk, results: list[Sampled], slot: int) -> list[Sequence]:
        """Start the sequences of a branch whose suffix was prefilled; returns those that ended.

        `results`: of each of the chunk's logits. `slot`: the recurrent state after the suffix.
        """
        index = chunk.branch
        assert index is not None
        prefix, branch = chunk.prefix, chunk.prefix.request.branches[index]
        if isinstance(branch, Generate):
            _, num_stored, start = chunk.kv_span
            new = Sequence(prefix, index, chunk.span, start, chunk.shared, num_stored)
            self.sequences.append(new)
            return [] if self._append(new, branch, results[0]) else [new]
        if single_continuation(branch):
            prefix.scores[index] = Scores([sum(each.log_probs[0] for each in results)])
        else:
            prefix.scores[index] = Scores(results[0].log_probs)
            self._fork_continuations(chunk, branch, index, slot)
        _settle(prefix, index)
        return []

    def _fork_continuations(
        self, chunk: PrefillChunk, branch: Loglikelihood, index: int, slot: int
    ) -> None:
        prefix, spans = chunk.prefix, iter(chunk.prefix.branch_spans[index][1:])
        shared, start = (*chunk.shared, chunk.kv_span), chunk.start + len(chunk.ids)
        for number, tokens in enumerate(branch.continuations):
            if len(tokens) > 1:
                if self._recurrent and len(self.sequences) > slot:
                    self._state.copy(slot, len(self.sequences))
                new = Sequence(prefix, index, next(spans), start, shared)
                new.next_token, new.forced, new.continuation = tokens[0], tokens[1:], number
                self.sequences.append(new)
                prefix.scores[index].num_open += 1

    def advance(self, sequence: Sequence, result: Sampled) -> bool:
        """Keep the result of the token that was fed; false when the sequence has ended."""
        sequence.num_stored += 1
        branch = sequence.prefix.request.branches[sequence.branch]
        if isinstance(branch, Generate):
            return self._append(sequence, branch, result)
        return _score(sequence, result)

    def _append(self, sequence: Sequence, branch: Generate, sampled: Sampled) -> bool:
        token = sampled.token
        complete = token in self._stops and not branch.ignore_eos
        if not complete:
            sequence.ids.append(token)
            sequence.log_probs += sampled.log_probs
            sequence.next_token = token
            if branch.on_tokens is not None:
                branch.on_tokens(sequence.ids)
            complete = branch.ends is not None and branch.ends(sequence.ids)
        if complete or len(sequence.ids) >= branch.max_tokens:
            outcome = Generated(sequence.ids, complete, sequence.log_probs)
            sequence.prefix.outcomes[sequence.branch] = outcome
            return False
        return True

    def remove(self, ended: list[Sequence]) -> None:
        """Remove sequences; the last one moves into each gap, with its recurrent state."""
        for index in sorted((self.sequences.index(each) for each in ended), reverse=True):
            last = self.sequences.pop()
            if index < len(self.sequences):
                self.sequences[index] = last
                if self._recurrent:
                    self._state.copy(len(self.sequences), index)

    def remove_request(self, prefix: SharedPrefix) -> None:
        """Remove the sequences that fork from `prefix`."""
        self.remove([sequence for sequence in self.sequences if sequence.prefix is prefix])


def _score(sequence: Sequence, result: Sampled) -> bool:
    scores = sequence.prefix.scores[sequence.branch]
    scores.log_probs[sequence.continuation] += result.log_probs[0]
    sequence.next_token, sequence.forced = sequence.forced[0], sequence.forced[1:]
    if sequence.forced:
        return True
    scores.num_open -= 1
    _settle(sequence.prefix, sequence.branch)
    return False


def _settle(prefix: SharedPrefix, index: int) -> None:
    """Set the outcome of a scored branch when none of its continuations is fed any more."""
    scores = prefix.scores[index]
    if not scores.num_open:
        prefix.outcomes[index] = Scored(scores.log_probs)
