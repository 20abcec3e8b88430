"""A step reads about as much as it may, and nobody waits for ever."""

from collections import deque
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from service.llm.block_manager import Room
from service.llm.scheduler import next_pieces
from service.llm.sequence import Fork, Job, Score, Write
from service.llm.work import Passage, Piece, rows_of, tail_sizes


def passage(name: str, length: int, *forks: Fork) -> Passage:
    job = Job(name, tuple(range(length)), forks or (Write((1,), 4),))
    sizes = [tail_sizes(fork) for fork in job.forks]
    spans = Room(10_000).take_all([length, *(tokens for size in sizes for tokens in size)])
    assert spans is not None
    rest = iter(spans[1:])
    tails = [[next(rest) for _ in size] for size in sizes]
    return Passage(job, spans, tails, waiting=deque(range(len(job.forks))))


def step(
    passages: list[Passage],
    chunk: int,
    rows: int = 8,
    may_read: Callable[[Passage], bool] = lambda _: True,
) -> list[Piece]:
    """One step's pieces, read."""
    pieces = next_pieces(passages, chunk, rows, may_read)
    for piece in pieces:
        if piece.fork is None:
            piece.passage.read += len(piece.ids)
    return pieces


FORKS = st.one_of(
    st.builds(
        Write, st.lists(st.integers(0, 9), min_size=1, max_size=9).map(tuple), st.integers(1, 9)
    ),
    st.builds(
        Score,
        st.lists(st.integers(0, 9), min_size=1, max_size=9).map(tuple),
        st.lists(
            st.lists(st.integers(0, 9), min_size=1, max_size=4).map(tuple), min_size=1, max_size=4
        ).map(tuple),
    ),
)
JOBS = st.lists(
    st.tuples(st.integers(0, 100), st.lists(FORKS, min_size=1, max_size=4)), min_size=1, max_size=7
)


@given(jobs=JOBS, chunk=st.integers(1, 60), rows=st.integers(4, 8))
def test_every_token_is_read_once_in_order(
    jobs: list[tuple[int, list[Fork]]], chunk: int, rows: int
) -> None:
    passages = [passage(str(n), length, *forks) for n, (length, forks) in enumerate(jobs)]
    lengths = sum(one.left for one in passages)
    suffixes = [(one, place) for one in passages for place in range(len(one.job.forks))]
    begun: list[tuple[Passage, int]] = []
    steps = 0
    while any(one.left or one.waiting for one in passages):
        before = {id(one): one.read for one in passages}
        pieces = step(passages, chunk, rows)
        steps += 1
        assert pieces, "something is left, and rows are free"
        forks = [piece for piece in pieces if piece.fork is not None]
        parts = [piece for piece in pieces if piece.fork is None]
        needed = sum(rows_of(one.passage.job.forks[one.fork or 0]) for one in forks)
        assert needed <= rows
        for piece in forks:
            assert piece.fork is not None
            job = piece.passage.job
            assert not piece.passage.left, "a fork begins where its passage ends"
            assert piece.ids == job.forks[piece.fork].suffix
            assert piece.start == len(job.passage) and piece.offset == 0
            assert piece.seen == (piece.passage.look,)
            begun.append((piece.passage, piece.fork))
        assert len({id(piece.passage) for piece in parts}) == len(parts)
        for piece in parts:
            assert piece.start == before[id(piece.passage)] == piece.offset
            assert tuple(piece.ids) == piece.passage.job.passage[piece.start :][: len(piece.ids)]
            assert piece.ids, "an empty piece is no work"
        left = chunk - sum(len(piece.ids) for piece in forks)
        assert sum(len(piece.ids) for piece in parts) <= max(0, left)
    assert len(begun) == len(suffixes) and len(set(begun)) == len(begun)
    rooms = sum(rows_of(fork) for one in passages for fork in one.job.forks)
    tokens = sum(len(fork.suffix) for one in passages for fork in one.job.forks)
    assert steps <= lengths // chunk + tokens // chunk + rooms + len(passages) + 1


@given(lengths=st.lists(st.integers(1, 300), min_size=1, max_size=8), chunk=st.integers(1, 200))
def test_no_token_of_a_step_is_left_unused_while_something_is_unread(
    lengths: list[int], chunk: int
) -> None:
    passages = [passage(str(n), length) for n, length in enumerate(lengths)]
    read = sum(len(piece.ids) for piece in step(passages, chunk))
    assert read == min(chunk, sum(lengths))


@given(lengths=st.lists(st.integers(1, 300), min_size=2, max_size=8), chunk=st.integers(1, 200))
def test_the_oldest_gets_half(lengths: list[int], chunk: int) -> None:
    passages = [passage(str(n), length) for n, length in enumerate(lengths)]
    step(passages, chunk)
    assert passages[0].read >= min(lengths[0], -(-chunk // 2))


def test_a_short_passage_ends_before_the_long_one_it_came_behind() -> None:
    long, short = passage("long", 900), passage("short", 60)
    steps = 0
    while short.left:
        step([long, short], 40)
        steps += 1
    assert steps == 3 and long.left


def test_a_long_passage_ends_while_short_ones_keep_arriving() -> None:
    """At least half of every step is its own."""
    passages = [passage("long", 900)]
    for number in range(900 // 20):
        passages.append(passage(f"short {number}", 100))
        step(passages, 40)
    assert not passages[0].left


def test_short_ones_end_shortest_first() -> None:
    passages = [passage("oldest", 500), passage("long", 90), passage("short", 30)]
    step(passages, 60)
    assert [one.read for one in passages] == [30, 0, 30]


def test_what_others_leave_goes_to_the_oldest() -> None:
    passages = [passage("oldest", 500), passage("short", 10)]
    step(passages, 100)
    assert [one.read for one in passages] == [90, 10]


def test_a_fork_that_finds_no_rows_is_not_overtaken() -> None:
    """Else one that needs many rows would wait as long as ones that need few arrive."""
    wide = passage("wide", 0, Score((1,), ((1, 2), (3, 4), (5, 6))))
    narrow = passage("narrow", 0, Write((1,), 4))
    unread = passage("unread", 10)
    assert step([wide, narrow, unread], 50, rows=2) == []
    assert [piece.passage for piece in step([wide, narrow, unread], 50, rows=3)] == [wide]


def test_nothing_is_read_while_no_row_is_free() -> None:
    assert step([passage("one", 10)], 50, rows=0) == []


def test_a_suffix_is_read_whole_however_long_it_is() -> None:
    long = passage("one", 0, Write(tuple(range(70)), 4))
    (piece,) = step([long, passage("two", 10)], 20)
    assert len(piece.ids) == 70


def test_only_what_may_be_read_is_read_and_asked_for() -> None:
    """Being asked takes a reader: who has nothing to read is not asked."""
    asked: list[Passage] = []

    def may_read(one: Passage) -> bool:
        asked.append(one)
        return one.job.id != "second"

    first, second, done = passage("first", 10), passage("second", 10), passage("done", 0)
    step([done, first, second], 50, may_read=may_read)
    assert asked == [first, second]
    assert first.left == 0 and second.left == 10
