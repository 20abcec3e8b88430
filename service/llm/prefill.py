"""Chunked prefill: chooses the tokens that are prefilled next.

Suffixes of prefilled prefixes come first, because they become sequences; then prefixes. What a pass
may cost is bounded, so that a pass deep in a long text, whose tokens attend to many others, has
fewer tokens than one at its start.
"""

from collections.abc import Callable

from service.llm.sequence import PrefillChunk, SharedPrefix
from service.llm.token_cost import TokenCost
from service.llm.token_request import num_sequences


def next_chunks(  # noqa: PLR0913, PLR0917  # each is one side of the same choice
    prefixes: list[SharedPrefix],
    budget: float,
    free_rows: int,
    may_prefill: Callable[[SharedPrefix], bool],
    cost: TokenCost,
    divides_suffixes: bool,
) -> list[PrefillChunk]:
    """Chunks that cost about `budget` together, from `prefixes`, which are ordered oldest first.

    A suffix is prefilled when its sequences fit into `free_rows`: whole, unless it alone exceeds
    the budget and `divides_suffixes`. A prefix is prefilled in chunks, when `may_prefill` allows
    it. Without free rows no prefix is prefilled, because nothing could fork from it.
    """
    chunks, rows = _branch_chunks(prefixes, budget, free_rows, cost, divides_suffixes)
    left = budget - sum(_total(chunk, cost) for chunk in chunks)
    if left >= 1 and rows < free_rows:
        unfinished = [prefix for prefix in prefixes if prefix.num_left and may_prefill(prefix)]
        # A token that exceeds the budget is read all the same, where nothing else is.
        shares = _shares(unfinished, left, cost, least=0 if chunks else 1)
        chunks += [prefix.chunk(tokens) for prefix, tokens in shares if tokens]
    return chunks


def _total(chunk: PrefillChunk, cost: TokenCost) -> float:
    return len(chunk.ids) * cost.at(chunk.start)


def _branch_chunks(
    prefixes: list[SharedPrefix],
    budget: float,
    free_rows: int,
    cost: TokenCost,
    divides_suffixes: bool,
) -> tuple[list[PrefillChunk], int]:
    """The suffixes, or the part of one, that come next, and the rows that their sequences take."""
    chunks: list[PrefillChunk] = []
    rows, left = 0, budget
    for prefix in prefixes:
        while prefix.waiting and not prefix.num_left:
            needed = num_sequences(prefix.request.branches[prefix.waiting[0]])
            if rows + needed > free_rows:
                return chunks, free_rows
            chunk = prefix.next_branch_chunk()
            if chunks and _total(chunk, cost) > left:
                return chunks, rows
            if divides_suffixes:
                chunk = chunk.first(max(1, cost.affordable(budget, chunk.start)))
            prefix.note_scheduled(chunk)
            chunks.append(chunk)
            rows += needed
            left -= _total(chunk, cost)
            if not chunk.is_prompt:
                return chunks, rows
    return chunks, rows


def _shares(
    unfinished: list[SharedPrefix], budget: float, cost: TokenCost, least: int
) -> list[tuple[SharedPrefix, int]]:
    """Divide `budget` among prefixes: half to the oldest, `least` tokens or more, so that it
    finishes; the rest to the shortest, so that short requests do not wait behind long ones; any
    remainder to the oldest."""
    if not unfinished:
        return []
    oldest, *others = unfinished
    half = -(-budget // 2) if others else budget
    first = max(least, _tokens(oldest, half, cost))
    left = budget - first * cost.at(oldest.num_prefilled)
    shares = []
    for prefix in sorted(others, key=lambda prefix: prefix.num_left):
        shares.append((prefix, _tokens(prefix, left, cost)))
        left -= shares[-1][1] * cost.at(prefix.num_prefilled)
    spare = cost.affordable(left, oldest.num_prefilled)
    return [(oldest, min(oldest.num_left, first + spare)), *shares]


def _tokens(prefix: SharedPrefix, budget: float, cost: TokenCost) -> int:
    """The number of its next tokens that `budget` allows."""
    return min(prefix.num_left, cost.affordable(budget, prefix.num_prefilled))
