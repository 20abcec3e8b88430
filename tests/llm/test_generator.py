"""Batch generator: in any batch an answer equals that of its prompt alone; no slot is lost.

The reference is transformers' own `generate` and forward pass, one prompt at a time.
"""

import dataclasses
import itertools
import random
from collections.abc import Callable, Sequence

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from service.errors import BadInput, NoRoom
from service.llm.generator import BatchGenerator
from service.llm.scheduler import MIN_CHUNK_TOKENS, PREFILL_STATES, Limits
from service.llm.token_request import (
    FinishedRequest,
    Generate,
    Generated,
    Loglikelihood,
    Outcome,
    Scored,
    TokenRequest,
)
from tests.support import tiny
from tests.support.lanes import slow
from tests.support.references import STOPS, Family, family
from tests.support.traffic import (
    REQUESTS,
    ROOMS,
    VISITS,
    WIDE,
    Traffic,
    Visit,
    agree,
    bound,
    expected,
    is_empty,
    make_generator,
    run,
    words,
)

pytestmark = pytest.mark.usefixtures("one_thread")

FAMILIES = ["qwen3", "qwen3_5", *map(slow, ("qwen2", *tiny.OTHERS))]


@pytest.fixture(params=FAMILIES)
def model(request: pytest.FixtureRequest) -> Family:
    return family(request.param)


@pytest.fixture(params=[True, False], ids=["native", "torch"])
def native(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


# Answers and their probabilities


@pytest.mark.parametrize("count", [1, 4, 10])
def test_every_answer_is_that_of_its_prompt_alone(model: Family, native: bool, count: int) -> None:
    batch = make_generator(model, native=native)
    outcomes = run(batch, REQUESTS[:count], bound(REQUESTS[:count], WIDE))
    for request in REQUESTS[:count]:
        agree(outcomes[request.id], expected(model, request))
    is_empty(batch, WIDE)


def test_an_answer_ends_where_its_branch_says(model: Family, native: bool) -> None:
    generates = [branch for request in REQUESTS for branch in request.branches
                 if isinstance(branch, Generate)]  # fmt: skip
    branch = dataclasses.replace(generates[0], ends=lambda ids: len(ids) == 3, ignore_eos=True)
    request = TokenRequest("a", REQUESTS[0].prefix, (branch,))
    batch = make_generator(model, native=native)
    (outcome,) = run(batch, [request], bound([request], WIDE))["a"]
    assert isinstance(outcome, Generated)
    assert (len(outcome.ids), outcome.complete) == (3, True)
    is_empty(batch, WIDE)


def test_the_first_tokens_of_an_answer_are_scored_as_a_continuation_is(
    model: Family, native: bool
) -> None:
    """Beside an answer that is not scored, and by scoring the same tokens afterwards."""
    batch = make_generator(model, native=native)
    prefix = words(random.Random(8), 30)
    wanted = (0, 3, 99)
    branches = tuple(Generate((11 + n, 12), 6, scored_tokens=most) for n, most in enumerate(wanted))
    written = run(batch, [TokenRequest("written", prefix, branches)], 20)["written"] or ()
    for branch, outcome in zip(branches, written, strict=True):
        assert isinstance(outcome, Generated) and len(outcome.ids) > 3
        count = len(outcome.log_probs)
        assert count == min(branch.scored_tokens, len(outcome.ids))
        if count:
            again = Loglikelihood(branch.suffix, (tuple(outcome.ids[:count]),))
            (scored,) = run(batch, [TokenRequest("scored", prefix, (again,))], 20)["scored"] or ()
            assert isinstance(scored, Scored)
            assert scored.log_probs == pytest.approx([sum(outcome.log_probs)], abs=2e-3, rel=1e-4)


def test_the_reference_is_not_monotonous(model: Family) -> None:
    """Noise, but varied enough to tell answers apart, and no word wins by a hair."""
    said = [
        one.ids
        for request in REQUESTS
        for one in expected(model, request)
        if isinstance(one, Generated) and len(one.ids) > 4
    ]
    assert len({tuple(ids) for ids in said}) == len(said) > 5
    assert sum(len(set(ids)) > 4 for ids in said) > len(said) / 2


@pytest.mark.parametrize("name", ["qwen3", "qwen3_5", "gemma2"])
def test_thirty_two_answers_of_one_passage(name: str) -> None:
    model = family(name)
    rng = random.Random(5)
    branches = tuple(Generate(words(rng, 1 + n % 9), 1 + n % 6) for n in range(32))
    request = TokenRequest("wide", words(rng, 70), branches)
    batch = make_generator(model)
    outcomes = run(batch, [request], 100)
    agree(outcomes["wide"], expected(model, request))
    is_empty(batch, WIDE)


def test_more_answers_than_rows_take_turns(model: Family) -> None:
    limits = Limits(kv_tokens=2_000, rows=3, chunk_tokens=64)
    rng = random.Random(6)
    branches = (
        Generate((11,), 6),
        Loglikelihood((12, 13), ((21, 22), (23, 24, 25), (26, 27))),
        Generate((14,), 3),
    )
    request = TokenRequest("many", words(rng, 20), branches * 2)
    batch = make_generator(model, limits)
    rows = 0
    batch.admit(request)
    ended: list[FinishedRequest] = []
    while not ended:
        ended = batch.step()
        rows = max(rows, batch.num_running)
    assert rows <= 3
    agree(ended[0].outcomes, expected(model, request))
    is_empty(batch, limits)


def test_a_stop_ends_its_own_answer_only(model: Family, native: bool) -> None:
    """The stops are words that these answers are known to say; `generate` is told them too."""
    writes = [
        request
        for request in REQUESTS
        if all(isinstance(branch, Generate) for branch in request.branches)
    ][:4]
    said = [
        one.ids
        for request in writes
        for one in expected(model, request, ())
        if isinstance(one, Generated)
    ]
    long = [ids for ids in said if len(ids) > 3]
    stops = (long[0][2], long[-1][3], long[1][0])
    outcomes = run(make_generator(model, native=native, stops=stops), writes, 200)
    completes = set()
    for request in writes:
        reference = expected(model, request, stops)
        agree(outcomes[request.id], reference)
        completes |= {one.complete for one in reference if isinstance(one, Generated)}
    assert completes == {True, False}


@pytest.mark.parametrize("chunk", [1, 7, 16, 100])
def test_the_size_of_a_chunk_changes_nothing(model: Family, chunk: int) -> None:
    limits = dataclasses.replace(WIDE, chunk_tokens=chunk)
    requests = REQUESTS[2:5]
    outcomes = run(make_generator(model, limits), requests, bound(requests, limits))
    for request in requests:
        agree(outcomes[request.id], expected(model, request))


def test_a_bfloat16_cache_rounds_only_keys_and_values(model: Family, native: bool) -> None:
    """Keys, values, queries and weights."""
    batch = BatchGenerator(model.forked, STOPS, WIDE, dtype=torch.bfloat16, native=native)
    writes = [
        dataclasses.replace(
            request,
            branches=tuple(branch for branch in request.branches if isinstance(branch, Generate)),
        )
        for request in REQUESTS[:5]
    ]
    writes = [request for request in writes if request.branches]
    outcomes = run(batch, writes, bound(writes, WIDE))
    for request in writes:
        reference = [
            model.written((*request.prefix, *branch.suffix), branch.max_tokens, rounds=True)
            for branch in request.branches
            if isinstance(branch, Generate)
        ]
        assert list(outcomes[request.id] or ()) == reference


def test_computing_less_at_once_changes_nothing(model: Family) -> None:
    """Memory ran out: the same rows, in smaller lots, also while they grow."""
    batch = make_generator(model)
    requests = REQUESTS[:6]
    for request in requests:
        batch.admit(request)
    outcomes: dict[str, tuple[Outcome, ...] | None] = {}
    shrunk = 0
    for step in range(bound(requests, dataclasses.replace(WIDE, chunk_tokens=32))):
        outcomes |= {one.id: one.outcomes for one in batch.step()}
        shrunk += step % 3 == 0 and batch.shrink()
    assert shrunk >= 2 and not batch.shrink()
    for request in requests:
        agree(outcomes[request.id], expected(model, request))
    is_empty(batch, WIDE)


def test_less_at_once_is_less_at_once() -> None:
    """At the least, a pass holds a few tokens of a passage or one row, and never both."""
    model = family("qwen3")
    batch = make_generator(model)
    while batch.shrink():
        pass
    passes: list[tuple[int, int]] = []

    def note(_: object, __: object, given: dict[str, torch.Tensor]) -> None:
        rows, tokens = given["input_ids"].shape
        passes.append((rows, tokens))

    hook = model.forked.register_forward_pre_hook(note, with_kwargs=True)
    batch.admit(TokenRequest("short", (10,), (Generate((5,), 20), Generate((6,), 20))))
    while batch.num_running < 2:
        batch.step()
    batch.admit(TokenRequest("long", tuple(range(10, 140)), (Generate((5,), 4), Generate((6,), 4))))
    ended: list[FinishedRequest] = []
    while len(ended) < 2:
        ended += batch.step()
    hook.remove()
    assert max(tokens for _, tokens in passes) == MIN_CHUNK_TOKENS
    assert max(rows for rows, _ in passes) == 1
    assert batch.stats.mixed_tokens == 0


@pytest.mark.parametrize("name", ["qwen3", "qwen3_5"])
def test_prefill_and_decode_share_a_pass(name: str) -> None:
    """In models without recurrent state, prefill and decode share a pass."""
    model = family(name)
    batch = make_generator(model)
    batch.admit(
        TokenRequest("first", tuple(range(10, 30)), (Generate((5,), 40), Generate((6,), 40)))
    )
    while batch.num_running < 2:
        batch.step()
    passes: list[tuple[int, ...]] = []

    def note(_: object, __: object, given: dict[str, torch.Tensor]) -> None:
        passes.append(tuple(given["input_ids"].shape))

    hook = model.forked.register_forward_pre_hook(note, with_kwargs=True)
    read, written = batch.stats.prefill_tokens, batch.stats.decode_tokens
    batch.admit(TokenRequest("second", tuple(range(10, 25)), (Generate((7,), 40),)))
    batch.step()
    hook.remove()
    assert passes == ([(1, 17)] if name == "qwen3" else [(1, 15), (2, 1)])
    assert batch.stats.prefill_tokens == read + 15
    assert batch.stats.decode_tokens == written + 2
    assert batch.stats.mixed_tokens == (2 if name == "qwen3" else 0)


def test_a_choice_of_ones_own(native: bool) -> None:
    """Its logits are those of a plain forward pass, and so are its words."""
    model = family("qwen3")
    passage, suffix = REQUESTS[3].prefix, (30, 31)
    seen: list[list[int]] = []

    def second(logits: torch.Tensor, ids: Sequence[int]) -> int:
        plain = model.logits((*passage, *suffix, *ids))[-1]
        torch.testing.assert_close(logits, plain, rtol=1e-3, atol=1e-3)
        return int(logits.topk(2).indices[1])

    watched = Generate(suffix, 9, second, lambda ids: seen.append(list(ids)))
    greedy = Generate(suffix, 9)
    request = TokenRequest("chosen", passage, (watched, greedy))
    (one, other) = run(make_generator(model, native=native), [request], 50)["chosen"] or ()
    assert isinstance(one, Generated) and len(one.ids) > 2
    assert seen == [one.ids[:count] for count in range(1, len(one.ids) + 1)]
    assert one != other
    agree([other], [model.outcome(passage, greedy)])


# Admission and cancellation


@pytest.mark.parametrize("name", ["qwen3", "qwen3_5", "gemma3"])
@given(visits=VISITS, limits=ROOMS, native=st.booleans())
def test_any_order_of_coming_and_going(
    name: str, visits: list[Visit], limits: Limits, native: bool
) -> None:
    model = family(name)
    traffic = Traffic(make_generator(model, limits, native))
    most = bound([REQUESTS[visit.request] for visit in visits], limits) + 26 + len(visits)
    requests = traffic.run(visits, most)
    for key, outcomes in traffic.outcomes.items():
        visit = visits[int(key)]
        if outcomes is None:
            assert visit.asks and traffic.is_left(key, visit)
        else:
            agree(outcomes, expected(model, requests[key]))
    for key, request in requests.items():
        left = visits[int(key)].leaves is not None
        assert left or traffic.outcomes[request.id] is not None
    is_empty(traffic.batch, limits)


@pytest.mark.parametrize("name", ["qwen3", "qwen3_5"])
def test_rows_end_in_every_order(name: str) -> None:
    """Four answers, ended in each of the orders that there are: gaps are filled from behind."""
    model = family(name)
    passage = REQUESTS[4].prefix
    batch = make_generator(model)
    for order in itertools.permutations(range(1, 5)):
        branches = [Generate((20 + n,), 2 * place) for n, place in enumerate(order)]
        request = TokenRequest("one", passage, tuple(branches))
        agree(run(batch, [request], 40)["one"], expected(model, request))
    is_empty(batch, WIDE)


@pytest.mark.parametrize("name", ["qwen3", "qwen3_5"])
def test_a_job_may_be_cancelled_after_any_step(name: str) -> None:
    """The others stay as they would be; the room is free at once."""
    model = family(name)
    stays, goes = REQUESTS[2], REQUESTS[5]
    for when in range(14):
        batch = make_generator(model, dataclasses.replace(WIDE, chunk_tokens=16))
        batch.admit(stays)
        free = batch.free_tokens
        batch.admit(goes)
        outcomes = [one for _ in range(when) for one in batch.step()]
        batch.cancel(goes.id)
        if stays.id not in [one.id for one in outcomes]:
            assert batch.free_tokens == free
            outcomes += [one for _ in range(80) for one in batch.step()]
        (kept,) = [one.outcomes for one in outcomes if one.id == stays.id]
        agree(kept, expected(model, stays))
        is_empty(batch, WIDE)


@pytest.mark.parametrize("name", ["qwen3", "qwen3_5"])
@pytest.mark.parametrize("where", ["choose", "watch", "abandoned"])
def test_a_caller_that_raises_is_cancelled_with_everybody(name: str, where: str) -> None:
    """Nothing is left of that step, and the batch goes on."""
    model = family(name)
    batch = make_generator(model)

    def break_down(*_: object) -> int:
        if batch.num_running > 2:
            raise RuntimeError("broken")
        return 33

    def watch(_: Sequence[int]) -> None:
        break_down()

    def abandoned() -> bool:
        return break_down() == 0

    branch = Generate(
        (11,), 9, break_down if where == "choose" else None, watch if where == "watch" else None
    )
    broken = TokenRequest("broken", REQUESTS[4].prefix, (Generate((12,), 9), branch))
    if where == "abandoned":
        broken = dataclasses.replace(broken, abandoned=abandoned)
    for request in (REQUESTS[2], broken, REQUESTS[5]):
        batch.admit(request)
    with pytest.raises(RuntimeError, match="broken"):
        for _ in range(20):
            batch.step()
    batch.cancel_all()
    is_empty(batch, WIDE)
    agree(run(batch, [REQUESTS[5]], 200)[REQUESTS[5].id], expected(model, REQUESTS[5]))


# Fairness


def steps_until(
    batch: BatchGenerator, arriving: Callable[[int], TokenRequest | None], most: int
) -> dict[str, int]:
    """In which step each request ends, while `arriving` brings new ones."""
    ended: dict[str, int] = {}
    for step in range(most):
        request = arriving(step)
        if request is not None:
            batch.admit(request)
        for one in batch.step():
            ended[one.id] = step
    return ended


@pytest.mark.parametrize("name", ["qwen3", "qwen3_5"])
def test_a_short_passage_behind_a_long_one_ends_first(name: str) -> None:
    rng = random.Random(8)
    long = TokenRequest("long", words(rng, 800), (Generate((11,), 2),))
    short = TokenRequest("short", words(rng, 20), (Generate((11,), 2),))
    batch = make_generator(family(name), dataclasses.replace(WIDE, chunk_tokens=40))
    ended = steps_until(batch, {0: long, 2: short}.get, 25)
    assert ended["short"] <= 2 + 4 and ended["long"] >= 800 // 40


@pytest.mark.parametrize("name", ["qwen3", "qwen3_5"])
def test_a_long_passage_ends_while_short_ones_keep_arriving(name: str) -> None:
    """At half the pace at worst."""
    rng = random.Random(8)
    batch = make_generator(family(name), dataclasses.replace(WIDE, chunk_tokens=40))

    def arriving(step: int) -> TokenRequest:
        if step == 0:
            return TokenRequest("long", words(rng, 600), (Generate((11,), 2),))
        return TokenRequest(f"short {step}", words(rng, 30), (Generate((11,), 2),))

    ended = steps_until(batch, arriving, 36)
    assert ended["long"] <= 600 // 20 + 3
    assert len(ended) > 20


def test_a_short_passage_overtakes_many_long_ones() -> None:
    """More long ones than there are readers of a model with linear attention."""
    rng = random.Random(8)
    batch = make_generator(family("qwen3_5"), dataclasses.replace(WIDE, chunk_tokens=40))
    for number in range(PREFILL_STATES + 1):
        batch.admit(TokenRequest(f"long {number}", words(rng, 240), (Generate((11,), 2),)))
    ended = steps_until(
        batch, {0: TokenRequest("short", words(rng, 20), (Generate((11,), 2),))}.get, 40
    )
    assert min(ended.values()) < ended["short"] < max(ended.values())


# Impossible requests


def test_a_request_without_room_changes_nothing_and_is_admitted_later() -> None:
    model = family("qwen3")
    limits = Limits(kv_tokens=112, rows=8, chunk_tokens=64)
    batch = make_generator(model, limits)
    first = TokenRequest("first", tuple(range(20, 80)), (Generate((11,), 9),))
    second = dataclasses.replace(first, id="second")
    batch.admit(first)
    free = batch.free_tokens
    with pytest.raises(NoRoom):
        batch.admit(second)
    assert batch.free_tokens == free
    outcomes = run(batch, [second], 50) if batch.cancel(first.id) is None else {}
    agree(outcomes["second"], expected(model, second))
    is_empty(batch, limits)


def test_an_answer_that_needs_more_rows_than_there_are() -> None:
    batch = make_generator(family("qwen3"), dataclasses.replace(WIDE, rows=2))
    score = Loglikelihood((1,), ((11, 12), (13, 14), (15, 16)))
    with pytest.raises(BadInput):
        batch.admit(TokenRequest("wide", (1, 2), (score,)))
    assert batch.free_tokens == WIDE.kv_tokens


@pytest.mark.parametrize("name", ["qwen3", "qwen3_5"])
def test_a_passage_may_be_empty(name: str, native: bool) -> None:
    """Forks that have nothing in common."""
    model = family(name)
    request = TokenRequest(
        "empty", (), (Generate((11, 12), 5), Loglikelihood((13,), ((21, 22), (23,))))
    )
    batch = make_generator(model, native=native)
    agree(run(batch, [request, REQUESTS[2]], 100)["empty"], expected(model, request))
    is_empty(batch, WIDE)


def test_an_unknown_job_is_ignored() -> None:
    batch = make_generator(family("qwen3"))
    batch.cancel("unknown")
    batch.cancel_all()
    is_empty(batch, WIDE)
