"""Whose tokens are read next? Suffixes of what was read, for they become rows; then passages."""

from collections.abc import Callable, Iterable

from service.llm.work import Passage, Piece, rows_of


def next_pieces(
    passages: Iterable[Passage], chunk: int, free_rows: int, may_read: Callable[[Passage], bool]
) -> list[Piece]:
    """What one step reads: about `chunk` tokens, of forks that find one of `free_rows` each and of
    passages that `may_read`.

    A suffix is never parted. Passages are read only while rows are free, since nothing could fork
    from them.
    """
    passages = list(passages)
    pieces, rows = _forks(passages, free_rows)
    left = chunk - sum(len(piece.ids) for piece in pieces)
    if left > 0 and rows < free_rows:
        unread = [one for one in passages if one.left and may_read(one)]
        pieces += [_part(passage, count) for passage, count in _shares(unread, left)]
    return pieces


def _forks(passages: list[Passage], free_rows: int) -> tuple[list[Piece], int]:
    """The suffixes that find rows, oldest first, and how many rows they take."""
    pieces: list[Piece] = []
    rows = 0
    for passage in passages:
        while passage.waiting and not passage.left:
            fork = passage.job.forks[passage.waiting[0]]
            if rows + rows_of(fork) > free_rows:
                return pieces, free_rows
            rows += rows_of(fork)
            place = passage.waiting.popleft()
            span, start = passage.tails[place][0], len(passage.job.passage)
            pieces.append(Piece(passage, fork.suffix, start, span, 0, (passage.look,), place))
    return pieces, rows


def _shares(unread: list[Passage], tokens: int) -> list[tuple[Passage, int]]:
    """Deal out `tokens`: half to the oldest, so that it ends; the rest to the shortest, so that
    short work does not wait behind long; what is left over to the oldest again."""
    if not unread:
        return []
    oldest, *others = unread
    first = min(oldest.left, -(-tokens // 2)) if others else min(oldest.left, tokens)
    left = tokens - first
    shares = []
    for one in sorted(others, key=lambda one: one.left):
        if left:
            shares.append((one, min(one.left, left)))
            left -= shares[-1][1]
    return [(oldest, first + min(left, oldest.left - first)), *shares]


def _part(passage: Passage, count: int) -> Piece:
    ids = passage.job.passage[passage.read : passage.read + count]
    return Piece(passage, ids, passage.read, passage.spans[0], passage.read)
