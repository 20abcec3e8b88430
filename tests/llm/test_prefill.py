"""Chunked prefill: a step fills its token budget, and no request starves."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from service.llm.block_manager import BlockManager
from service.llm.prefill import next_chunks
from service.llm.sequence import PrefillChunk, SharedPrefix
from service.llm.token_request import (
    Branch,
    Generate,
    Loglikelihood,
    TokenRequest,
    num_sequences,
    prefilled,
    span_sizes,
)


def prefix(name: str, length: int, *branches: Branch) -> SharedPrefix:
    request = TokenRequest(name, tuple(range(length)), branches or (Generate((1,), 4),))
    sizes = [span_sizes(branch) for branch in request.branches]
    spans = BlockManager(10_000).allocate_all(
        [length, *(tokens for size in sizes for tokens in size)]
    )
    assert spans is not None
    rest = iter(spans[1:])
    return SharedPrefix(request, spans[0], [[next(rest) for _ in size] for size in sizes])


def step(
    prefixes: list[SharedPrefix],
    tokens: int,
    rows: int = 8,
    may_prefill: Callable[[SharedPrefix], bool] = lambda _: True,
) -> list[PrefillChunk]:
    """One step's chunks, read."""
    chunks = next_chunks(prefixes, tokens, rows, may_prefill)
    for chunk in chunks:
        if chunk.branch is None:
            chunk.prefix.num_prefilled += len(chunk.ids)
    return chunks


FORKS = st.one_of(
    st.builds(
        Generate,
        st.lists(st.integers(0, 9), min_size=1, max_size=9).map(tuple),
        st.integers(1, 9),
        shares_prefix=st.booleans(),
    ),
    st.builds(
        Loglikelihood,
        st.lists(st.integers(0, 9), min_size=1, max_size=9).map(tuple),
        st.lists(
            st.lists(st.integers(0, 9), min_size=1, max_size=4).map(tuple), min_size=1, max_size=4
        ).map(tuple),
    ),
)
REQUESTS = st.lists(
    st.tuples(st.integers(0, 100), st.lists(FORKS, min_size=1, max_size=4)), min_size=1, max_size=7
)


@given(requests=REQUESTS, tokens=st.integers(1, 60), rows=st.integers(4, 8))
def test_every_token_is_read_once_in_order(
    requests: list[tuple[int, list[Branch]]], tokens: int, rows: int
) -> None:
    prefixes = [prefix(str(n), length, *branches) for n, (length, branches) in enumerate(requests)]
    lengths = sum(one.num_left for one in prefixes)
    suffixes = [(one, index) for one in prefixes for index in range(len(one.request.branches))]
    begun: list[tuple[SharedPrefix, int]] = []
    steps = 0
    while any(one.num_left or one.waiting for one in prefixes):
        before = {id(one): one.num_prefilled for one in prefixes}
        chunks = step(prefixes, tokens, rows)
        steps += 1
        assert chunks, "something is left, and rows are free"
        branches = [chunk for chunk in chunks if chunk.branch is not None]
        parts = [chunk for chunk in chunks if chunk.branch is None]
        needed = sum(
            num_sequences(one.prefix.request.branches[one.branch or 0]) for one in branches
        )
        assert needed <= rows
        for chunk in branches:
            assert chunk.branch is not None
            request = chunk.prefix.request
            assert not chunk.prefix.num_left, "a branch begins where its passage ends"
            branch = request.branches[chunk.branch]
            assert chunk.ids == prefilled(branch) and chunk.offset == 0
            assert chunk.start == (len(request.prefix) if branch.shares_prefix else 0)
            shared = ((chunk.prefix.span.slot, len(request.prefix), 0),)
            assert chunk.shared == (shared if branch.shares_prefix else ())
            begun.append((chunk.prefix, chunk.branch))
        assert len({id(chunk.prefix) for chunk in parts}) == len(parts)
        for chunk in parts:
            assert chunk.start == before[id(chunk.prefix)] == chunk.offset
            assert tuple(chunk.ids) == chunk.prefix.request.prefix[chunk.start :][: len(chunk.ids)]
            assert chunk.ids, "an empty chunk is no work"
        left = tokens - sum(len(chunk.ids) for chunk in branches)
        assert sum(len(chunk.ids) for chunk in parts) <= max(0, left)
    assert len(begun) == len(suffixes) and len(set(begun)) == len(begun)
    rooms = sum(num_sequences(branch) for one in prefixes for branch in one.request.branches)
    suffix_tokens = sum(len(branch.suffix) for one in prefixes for branch in one.request.branches)
    assert steps <= lengths // tokens + suffix_tokens // tokens + rooms + len(prefixes) + 1


@given(lengths=st.lists(st.integers(1, 300), min_size=1, max_size=8), tokens=st.integers(1, 200))
def test_no_token_of_a_step_is_left_unused_while_something_is_unread(
    lengths: list[int], tokens: int
) -> None:
    prefixes = [prefix(str(n), length) for n, length in enumerate(lengths)]
    read = sum(len(chunk.ids) for chunk in step(prefixes, tokens))
    assert read == min(tokens, sum(lengths))


@given(lengths=st.lists(st.integers(1, 300), min_size=2, max_size=8), tokens=st.integers(1, 200))
def test_the_oldest_gets_half(lengths: list[int], tokens: int) -> None:
    prefixes = [prefix(str(n), length) for n, length in enumerate(lengths)]
    step(prefixes, tokens)
    assert prefixes[0].num_prefilled >= min(lengths[0], -(-tokens // 2))


def test_a_short_passage_ends_before_the_long_one_it_came_behind() -> None:
    long, short = prefix("long", 900), prefix("short", 60)
    steps = 0
    while short.num_left:
        step([long, short], 40)
        steps += 1
    assert steps == 3 and long.num_left


def test_a_long_passage_ends_while_short_ones_keep_arriving() -> None:
    """At least half of every step is its own."""
    prefixes = [prefix("long", 900)]
    for number in range(900 // 20):
        prefixes.append(prefix(f"short {number}", 100))
        step(prefixes, 40)
    assert not prefixes[0].num_left


def test_short_ones_end_shortest_first() -> None:
    prefixes = [prefix("oldest", 500), prefix("long", 90), prefix("short", 30)]
    step(prefixes, 60)
    assert [one.num_prefilled for one in prefixes] == [30, 0, 30]


def test_spare_tokens_go_to_the_oldest() -> None:
    prefixes = [prefix("oldest", 500), prefix("short", 10)]
    step(prefixes, 100)
    assert [one.num_prefilled for one in prefixes] == [90, 10]


def test_a_fork_that_finds_no_rows_is_not_overtaken() -> None:
    """Else one that needs many rows would wait as long as ones that need few arrive."""
    wide = prefix("wide", 0, Loglikelihood((1,), ((1, 2), (3, 4), (5, 6))))
    narrow = prefix("narrow", 0, Generate((1,), 4))
    unread = prefix("unread", 10)
    assert step([wide, narrow, unread], 50, rows=2) == []
    assert [chunk.prefix for chunk in step([wide, narrow, unread], 50, rows=3)] == [wide]


def test_nothing_is_read_while_no_row_is_free() -> None:
    assert step([prefix("one", 10)], 50, rows=0) == []


def test_a_suffix_is_read_whole_however_long_it_is() -> None:
    long = prefix("one", 0, Generate(tuple(range(70)), 4))
    (chunk,) = step([long, prefix("two", 10)], 20)
    assert len(chunk.ids) == 70


def test_prefill_stays_within_its_budget() -> None:
    """Being asked takes a state slot: what has nothing left to prefill is not asked."""
    asked: list[SharedPrefix] = []

    def may_prefill(one: SharedPrefix) -> bool:
        asked.append(one)
        return one.request.id != "second"

    first, second, done = prefix("first", 10), prefix("second", 10), prefix("done", 0)
    step([done, first, second], 50, may_prefill=may_prefill)
    assert asked == [first, second]
    assert first.num_left == 0 and second.num_left == 10
