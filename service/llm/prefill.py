"""Chunked prefill: chooses the tokens that are prefilled next.

Suffixes of prefilled prefixes come first, because they become sequences; then prefixes.
"""

from collections.abc import Callable

from service.llm.sequence import PrefillChunk, SharedPrefix
from service.llm.token_request import num_sequences


def next_chunks(
    prefixes: list[SharedPrefix],
    tokens: int,
    free_rows: int,
    may_prefill: Callable[[SharedPrefix], bool],
) -> list[PrefillChunk]:
    """Chunks of about `tokens` tokens from `prefixes`, which are ordered oldest first.

    A suffix is prefilled whole, when its sequences fit into `free_rows`; a prefix in chunks, when
    `may_prefill` allows it. Without free rows no prefix is prefilled, because nothing could fork
    from it.
    """
    chunks, rows = _branch_chunks(prefixes, free_rows)
    left = tokens - sum(len(chunk.ids) for chunk in chunks)
    if left > 0 and rows < free_rows:
        unfinished = [prefix for prefix in prefixes if prefix.num_left and may_prefill(prefix)]
        chunks += [prefix.chunk(count) for prefix, count in _shares(unfinished, left)]
    return chunks


def _branch_chunks(prefixes: list[SharedPrefix], free_rows: int) -> tuple[list[PrefillChunk], int]:
    """The suffixes whose sequences fit into `free_rows`, and the rows that they take."""
    chunks: list[PrefillChunk] = []
    rows = 0
    for prefix in prefixes:
        while prefix.waiting and not prefix.num_left:
            needed = num_sequences(prefix.request.branches[prefix.waiting[0]])
            if rows + needed > free_rows:
                return chunks, free_rows
            rows += needed
            chunks.append(prefix.branch_chunk(prefix.waiting.popleft()))
    return chunks, rows


def _shares(unfinished: list[SharedPrefix], tokens: int) -> list[tuple[SharedPrefix, int]]:
    """Divide `tokens` among prefixes: half to the oldest, so that it finishes, the rest to the
    shortest, so that short requests do not wait behind long ones; any remainder to the oldest."""
    if not unfinished:
        return []
    oldest, *others = unfinished
    first = min(oldest.num_left, -(-tokens // 2)) if others else min(oldest.num_left, tokens)
    left = tokens - first
    shares = []
    for prefix in sorted(others, key=lambda prefix: prefix.num_left):
        if left:
            shares.append((prefix, min(prefix.num_left, left)))
            left -= shares[-1][1]
    return [(oldest, first + min(left, oldest.num_left - first)), *shares]
