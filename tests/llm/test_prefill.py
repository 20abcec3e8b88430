"""Chunked prefill: a step fills its token budget, and no request starves."""

from collections import defaultdict
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from service.llm.block_manager import BlockManager
from service.llm.prefill import next_chunks
from service.llm.sequence import PrefillChunk, SharedPrefix
from service.llm.token_cost import FLAT, TokenCost
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
    cost: TokenCost = FLAT,
    divides_suffixes: bool = True,
) -> list[PrefillChunk]:
    """One step's chunks, read."""
    chunks = next_chunks(prefixes, tokens, rows, may_prefill, cost, divides_suffixes)
    for chunk in chunks:
        chunk.prefix.note_prefilled(chunk)
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


COSTS = st.builds(TokenCost, st.floats(0, 0.1), st.floats(0, 0.1), st.integers(0, 20))


@given(
    requests=REQUESTS, tokens=st.integers(1, 60), rows=st.integers(4, 8), cost=COSTS,
    divides=st.booleans(),
)  # fmt: skip
def test_every_token_is_read_once_in_order(
    requests: list[tuple[int, list[Branch]]],
    tokens: int,
    rows: int,
    cost: TokenCost,
    divides: bool,
) -> None:
    prefixes = [prefix(str(n), length, *branches) for n, (length, branches) in enumerate(requests)]
    read: dict[tuple[SharedPrefix, int | None], list[int]] = defaultdict(list)
    num_ended = 0
    while any(one.num_left or one.waiting for one in prefixes):
        chunks = step(prefixes, tokens, rows, cost=cost, divides_suffixes=divides)
        assert chunks, "something is left, and rows are free"
        assert len({(chunk.prefix, chunk.branch) for chunk in chunks}) == len(chunks)
        begun = [chunk for chunk in chunks if chunk.branch is not None]
        assert (
            sum(num_sequences(one.prefix.request.branches[one.branch or 0]) for one in begun)
            <= rows
        )
        for chunk in chunks:
            text = read[chunk.prefix, chunk.branch]
            assert chunk.ids, "an empty chunk is no work"
            assert chunk.offset == len(text), "a chunk begins where the last one ended"
            check_place(chunk)
            text += chunk.ids
        num_ended += sum(chunk.is_prompt for chunk in chunks)
        assert_within(chunks, tokens, cost, divides)
    for one in prefixes:
        assert read[one, None] == list(one.request.prefix)
        for index, branch in enumerate(one.request.branches):
            assert read[one, index] == list(prefilled(branch))
    assert num_ended == sum(len(one.request.branches) for one in prefixes)


def check_place(chunk: PrefillChunk) -> None:
    """A suffix begins where its prefix ends, and attends to it, unless it stands alone."""
    if chunk.branch is None:
        assert chunk.start == chunk.offset and not chunk.is_prompt
        return
    request = chunk.prefix.request
    assert not chunk.prefix.num_left
    shares_prefix = request.branches[chunk.branch].shares_prefix
    assert chunk.start == chunk.offset + (len(request.prefix) if shares_prefix else 0)
    shared = ((chunk.prefix.span.slot, len(request.prefix), 0),)
    assert chunk.shared == (shared if shares_prefix else ())


def assert_within(chunks: list[PrefillChunk], budget: int, cost: TokenCost, divides: bool) -> None:
    """A step costs its budget at most, or has a single chunk that can't be smaller."""
    total = sum(len(chunk.ids) * cost.at(chunk.start) for chunk in chunks)
    if total > budget:
        (chunk,) = chunks
        least = max(1, chunk.num_logits)
        assert len(chunk.ids) == least or (not divides and chunk.is_prompt)


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


def test_a_suffix_is_divided_only_where_a_step_can_t_hold_it() -> None:
    one = prefix("one", 0, Generate(tuple(range(15)), 4), Generate(tuple(range(50)), 4))
    parts = [[(chunk.branch, len(chunk.ids)) for chunk in step([one], 20)] for _ in range(4)]
    assert parts == [[(0, 15)], [(1, 20)], [(1, 20)], [(1, 10)]]


def test_the_tokens_that_are_scored_are_read_at_once() -> None:
    """Their logits are those of one pass."""
    one = prefix("one", 0, Loglikelihood(tuple(range(10)), (tuple(range(20)),)))
    parts = [[(len(chunk.ids), chunk.num_logits) for chunk in step([one], 8)] for _ in range(3)]
    assert parts == [[(8, 0)], [(1, 0)], [(20, 20)]]


def test_a_suffix_whose_state_is_its_row_s_is_read_whole() -> None:
    long = prefix("one", 0, Generate(tuple(range(70)), 4))
    (chunk,) = step([long, prefix("two", 10)], 20, divides_suffixes=False)
    assert len(chunk.ids) == 70 and chunk.is_prompt


def test_a_step_deep_in_a_text_reads_fewer_tokens() -> None:
    """Each costs more: one after 100 others as much as two without any."""
    one, cost = prefix("one", 1000), TokenCost(per_token=0.01)
    sizes = [len(step([one], 64, cost=cost)[0].ids) for _ in range(4)]
    assert sizes == [64, 39, 31, 27]


def test_a_short_text_gets_its_half_beside_a_deep_one() -> None:
    deep, short = prefix("deep", 1000), prefix("short", 100)
    deep.num_prefilled = 900
    step([deep, short], 40, cost=TokenCost(per_token=0.01))
    assert (deep.num_prefilled, short.num_prefilled) == (902, 20)


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
