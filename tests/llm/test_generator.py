"""Whoever shares a batch, each answer is what its prompt alone gives, and nothing is left behind.

The reference is transformers' own `generate` and forward pass, one prompt at a time.
"""

import dataclasses
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from service.errors import BadInput, NoRoom
from service.llm.generator import LEAST_CHUNK, READERS, Batch, Limits
from service.llm.sequence import Ended, Fork, Job, Outcome, Score, Write, Written
from tests.llm import tiny
from tests.llm.references import LONGEST, STOPS, Family, family

FAMILIES = [*tiny.FAMILIES, *tiny.OTHERS]
LENGTHS = [1, 2, 15, 16, 17, 23, 24, 25, 40, 63, 64, 65, 90, 130]
"""Around a block (16), a window (24) and a chunk of linear attention (64), and far apart."""
WIDE = Limits(tokens=16_000, rows=40, chunk=64)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(params=FAMILIES)
def model(request: pytest.FixtureRequest) -> Family:
    return family(request.param)


@pytest.fixture(params=[True, False], ids=["native", "torch"])
def native(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def words(chance: random.Random, count: int) -> tuple[int, ...]:
    return tuple(chance.randrange(10, 600) for _ in range(count))


def make_jobs(count: int) -> list[Job]:
    """The same jobs every time: passages of all lengths, each with one to three forks."""
    chance = random.Random(11)
    jobs = []
    for number in range(count):
        forks: list[Fork] = []
        for _ in range(1 + number % 3):
            suffix = words(chance, chance.choice([1, 5, 16, 20]))
            if chance.random() < 0.3:
                answers = tuple(words(chance, length) for length in (2, 1, 4))
                forks.append(Score(suffix, answers))
            else:
                forks.append(Write(suffix, chance.randrange(1, LONGEST + 1)))
        length = LENGTHS[(number * 5) % len(LENGTHS)]
        jobs.append(Job(f"job {number}", words(chance, length), tuple(forks)))
    return jobs


JOBS = make_jobs(10)


def expected(model: Family, job: Job, stops: Sequence[int] = STOPS) -> list[Outcome]:
    return [model.outcome(job.passage, fork, stops) for fork in job.forks]


def agree(got: Sequence[Outcome] | None, reference: list[Outcome]) -> None:
    """Words are the same words; log-probabilities differ by rounding alone."""
    assert got is not None and len(got) == len(reference)
    for one, other in zip(got, reference, strict=True):
        if isinstance(other, Written):
            assert one == other
        else:
            assert not isinstance(one, Written)
            assert one.weights == pytest.approx(other.weights, abs=2e-3, rel=1e-4)


def make_batch(
    model: Family, limits: Limits = WIDE, native: bool = True, stops: Sequence[int] = STOPS
) -> Batch:
    return Batch(model.forked, stops, limits, dtype=torch.float32, native=native)


def bound(jobs: list[Job], limits: Limits) -> int:
    """Steps within which all of these end: each step reads a chunk, or all that is left, or writes
    a word of an answer."""
    reads = sum(len(job.passage) for job in jobs) // limits.chunk + 2 * len(jobs)
    forks = [fork for job in jobs for fork in job.forks]
    suffixes = sum(len(fork.suffix) for fork in forks) // limits.chunk + len(forks)
    writes = sum(
        fork.limit if isinstance(fork, Write) else max(map(len, fork.answers)) for fork in forks
    )
    return reads + suffixes + writes


def run(batch: Batch, jobs: list[Job], most: int) -> dict[str, tuple[Outcome, ...] | None]:
    """Admits in order, each as soon as there is room; every job ends within `most` steps."""
    outcomes: dict[str, tuple[Outcome, ...] | None] = {}
    todo = list(jobs)
    for _ in range(most):
        while todo:
            try:
                batch.admit(todo[0])
            except NoRoom:
                break
            del todo[0]
        for one in batch.step():
            assert one.id not in outcomes, "ended twice"
            outcomes[one.id] = one.outcomes
        if len(outcomes) == len(jobs):
            return outcomes
    raise AssertionError(f"{len(jobs) - len(outcomes)} jobs did not end")


def is_empty(batch: Batch, limits: Limits) -> None:
    assert batch.rows == 0
    assert batch.free_tokens == -(-limits.tokens // 16) * 16
    assert sorted(batch._readers) == list(range(limits.rows, limits.rows + READERS))
    assert batch.step() == []


# What is written, and how likely it is


@pytest.mark.parametrize("count", [1, 4, 10])
def test_every_answer_is_what_its_prompt_alone_gives(
    model: Family, native: bool, count: int
) -> None:
    batch = make_batch(model, native=native)
    outcomes = run(batch, JOBS[:count], bound(JOBS[:count], WIDE))
    for job in JOBS[:count]:
        agree(outcomes[job.id], expected(model, job))
    is_empty(batch, WIDE)


def test_the_reference_is_no_monotony(model: Family) -> None:
    """Noise, but varied enough to tell answers apart, and no word wins by a hair."""
    said = [
        one.ids
        for job in JOBS
        for one in expected(model, job)
        if isinstance(one, Written) and len(one.ids) > 4
    ]
    assert len({tuple(ids) for ids in said}) == len(said) > 5
    assert sum(len(set(ids)) > 4 for ids in said) > len(said) / 2


@pytest.mark.parametrize("name", ["qwen3", "qwen3_5", "gemma2"])
def test_thirty_two_answers_of_one_passage(name: str) -> None:
    model = family(name)
    chance = random.Random(5)
    forks = tuple(Write(words(chance, 1 + n % 9), 1 + n % 6) for n in range(32))
    job = Job("wide", words(chance, 70), forks)
    batch = make_batch(model)
    outcomes = run(batch, [job], 100)
    agree(outcomes["wide"], expected(model, job))
    is_empty(batch, WIDE)


def test_more_answers_than_rows_take_turns(model: Family) -> None:
    limits = Limits(tokens=2_000, rows=3, chunk=64)
    chance = random.Random(6)
    forks = (Write((11,), 6), Score((12, 13), ((21, 22), (23, 24, 25), (26, 27))), Write((14,), 3))
    job = Job("many", words(chance, 20), forks * 2)
    batch = make_batch(model, limits)
    rows = 0
    batch.admit(job)
    ended: list[Ended] = []
    while not ended:
        ended = batch.step()
        rows = max(rows, batch.rows)
    assert rows <= 3
    agree(ended[0].outcomes, expected(model, job))
    is_empty(batch, limits)


def test_a_stop_ends_its_own_answer_only(model: Family, native: bool) -> None:
    """The stops are words that these answers are known to say; `generate` is told them too."""
    writes = [job for job in JOBS if all(isinstance(fork, Write) for fork in job.forks)][:4]
    said = [
        one.ids for job in writes for one in expected(model, job, ()) if isinstance(one, Written)
    ]
    long = [ids for ids in said if len(ids) > 3]
    stops = (long[0][2], long[-1][3], long[1][0])
    outcomes = run(make_batch(model, native=native, stops=stops), writes, 200)
    completes = set()
    for job in writes:
        reference = expected(model, job, stops)
        agree(outcomes[job.id], reference)
        completes |= {one.complete for one in reference if isinstance(one, Written)}
    assert completes == {True, False}


@pytest.mark.parametrize("chunk", [1, 7, 16, 100])
def test_the_size_of_a_chunk_changes_nothing(model: Family, chunk: int) -> None:
    limits = dataclasses.replace(WIDE, chunk=chunk)
    jobs = JOBS[2:5]
    outcomes = run(make_batch(model, limits), jobs, bound(jobs, limits))
    for job in jobs:
        agree(outcomes[job.id], expected(model, job))


def test_a_store_in_bfloat16_rounds_what_attention_multiplies_and_nothing_else(
    model: Family, native: bool
) -> None:
    """Keys, values, queries and weights."""
    batch = Batch(model.forked, STOPS, WIDE, dtype=torch.bfloat16, native=native)
    writes = [
        dataclasses.replace(job, forks=tuple(fork for fork in job.forks if isinstance(fork, Write)))
        for job in JOBS[:5]
    ]
    writes = [job for job in writes if job.forks]
    outcomes = run(batch, writes, bound(writes, WIDE))
    for job in writes:
        reference = [
            model.written((*job.passage, *fork.suffix), fork.limit, rounds=True)
            for fork in job.forks
            if isinstance(fork, Write)
        ]
        assert list(outcomes[job.id] or ()) == reference


def test_computing_less_at_once_changes_nothing(model: Family) -> None:
    """Memory ran out: the same rows, in smaller lots, also while they grow."""
    batch = make_batch(model)
    jobs = JOBS[:6]
    for job in jobs:
        batch.admit(job)
    outcomes: dict[str, tuple[Outcome, ...] | None] = {}
    shrunk = 0
    for step in range(bound(jobs, dataclasses.replace(WIDE, chunk=32))):
        outcomes |= {one.id: one.outcomes for one in batch.step()}
        shrunk += step % 3 == 0 and batch.shrink()
    assert shrunk >= 2 and not batch.shrink()
    for job in jobs:
        agree(outcomes[job.id], expected(model, job))
    is_empty(batch, WIDE)


def test_less_at_once_is_less_at_once() -> None:
    """At the least, a pass holds a few tokens of a passage or one row, and never both."""
    model = family("qwen3")
    batch = make_batch(model)
    while batch.shrink():
        pass
    passes: list[tuple[int, int]] = []

    def note(_: object, __: object, given: dict[str, torch.Tensor]) -> None:
        rows, tokens = given["input_ids"].shape
        passes.append((rows, tokens))

    hook = model.forked.register_forward_pre_hook(note, with_kwargs=True)
    batch.admit(Job("short", (10,), (Write((5,), 20), Write((6,), 20))))
    while batch.rows < 2:
        batch.step()
    batch.admit(Job("long", tuple(range(10, 140)), (Write((5,), 4), Write((6,), 4))))
    ended: list[Ended] = []
    while len(ended) < 2:
        ended += batch.step()
    hook.remove()
    assert max(tokens for _, tokens in passes) == LEAST_CHUNK
    assert max(rows for rows, _ in passes) == 1
    assert batch.tally.beside == 0


@pytest.mark.parametrize("name", ["qwen3", "qwen3_5"])
def test_what_is_read_and_what_is_written_is_one_pass(name: str) -> None:
    """Where nothing has states that the other must not see."""
    model = family(name)
    batch = make_batch(model)
    batch.admit(Job("first", tuple(range(10, 30)), (Write((5,), 40), Write((6,), 40))))
    while batch.rows < 2:
        batch.step()
    passes: list[tuple[int, ...]] = []

    def note(_: object, __: object, given: dict[str, torch.Tensor]) -> None:
        passes.append(tuple(given["input_ids"].shape))

    hook = model.forked.register_forward_pre_hook(note, with_kwargs=True)
    read, written = batch.tally.read_tokens, batch.tally.written_tokens
    batch.admit(Job("second", tuple(range(10, 25)), (Write((7,), 40),)))
    batch.step()
    hook.remove()
    assert passes == ([(1, 17)] if name == "qwen3" else [(1, 15), (2, 1)])
    assert batch.tally.read_tokens == read + 15
    assert batch.tally.written_tokens == written + 2
    assert batch.tally.beside == (2 if name == "qwen3" else 0)


def test_a_choice_of_ones_own(native: bool) -> None:
    """Its logits are those of a plain forward pass, and what it says is what is written."""
    model = family("qwen3")
    passage, suffix = JOBS[3].passage, (30, 31)
    seen: list[list[int]] = []

    def second(logits: torch.Tensor, ids: Sequence[int]) -> int:
        plain = model.logits((*passage, *suffix, *ids))[-1]
        torch.testing.assert_close(logits, plain, rtol=1e-3, atol=1e-3)
        return int(logits.topk(2).indices[1])

    watched = Write(suffix, 9, second, lambda ids: seen.append(list(ids)))
    greedy = Write(suffix, 9)
    job = Job("chosen", passage, (watched, greedy))
    (one, other) = run(make_batch(model, native=native), [job], 50)["chosen"] or ()
    assert isinstance(one, Written) and len(one.ids) > 2
    assert seen == [one.ids[:count] for count in range(1, len(one.ids) + 1)]
    assert one != other
    agree([other], [model.outcome(passage, greedy)])


# Who comes, who goes


@dataclass
class Visit:
    """A job of JOBS, when it comes, and when and how it is left: `leaves` steps after it came."""

    job: int
    arrives: int
    limit: int
    leaves: int | None
    asks: bool
    """It says that it is abandoned; else the batch is told to cancel it."""


VISITS = st.lists(
    st.builds(
        Visit,
        st.integers(0, len(JOBS) - 1),
        st.integers(0, 25),
        st.integers(1, LONGEST),
        st.none() | st.integers(0, 30),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)
ROOMS = st.builds(
    Limits, st.sampled_from([272, 400, 1_000, 4_000]), st.integers(3, 12), st.integers(1, 150)
)


@dataclass
class Traffic:
    """Visits on their way through a batch."""

    batch: Batch
    outcomes: dict[str, tuple[Outcome, ...] | None] = field(default_factory=dict)
    came: dict[str, int] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    now: int = 0

    def job(self, name: str, visit: Visit) -> Job:
        def cut(fork: Fork) -> Fork:
            if isinstance(fork, Write):
                return dataclasses.replace(fork, limit=min(fork.limit, visit.limit))
            return fork

        def abandoned() -> bool:
            return visit.asks and self.is_left(name, visit)

        one = JOBS[visit.job]
        return Job(name, one.passage, tuple(map(cut, one.forks)), abandoned)

    def is_left(self, name: str, visit: Visit) -> bool:
        return visit.leaves is not None and self.now >= self.came[name] + visit.leaves

    def run(self, visits: list[Visit], most: int) -> dict[str, Job]:
        jobs = {f"{n}": self.job(f"{n}", visit) for n, visit in enumerate(visits)}
        todo = sorted(jobs, key=lambda name: visits[int(name)].arrives)
        while todo or len(self.outcomes) + len(self.gone) < len(jobs):
            assert self.now < most, "somebody starves"
            self.admit(todo, visits, jobs)
            self.cancel(visits)
            for one in self.batch.step():
                assert one.id not in self.outcomes and one.id not in self.gone
                assert one.job is jobs[one.id]
                self.outcomes[one.id] = one.outcomes
            self.now += 1
        return jobs

    def admit(self, todo: list[str], visits: list[Visit], jobs: dict[str, Job]) -> None:
        while todo and visits[int(todo[0])].arrives <= self.now:
            free = self.batch.free_tokens
            try:
                self.batch.admit(jobs[todo[0]])
            except NoRoom:
                assert self.batch.free_tokens == free, "what is refused takes nothing"
                return
            self.came[todo.pop(0)] = self.now

    def cancel(self, visits: list[Visit]) -> None:
        for name in self.came:
            visit = visits[int(name)]
            open_ = name not in self.outcomes and name not in self.gone
            if open_ and not visit.asks and self.is_left(name, visit):
                self.batch.cancel(name)
                self.batch.cancel(name)  # once more is nothing
                self.gone.add(name)


@pytest.mark.parametrize("name", ["qwen3", "qwen3_5", "gemma3"])
@given(visits=VISITS, limits=ROOMS, native=st.booleans())
def test_any_order_of_coming_and_going(
    name: str, visits: list[Visit], limits: Limits, native: bool
) -> None:
    model = family(name)
    traffic = Traffic(make_batch(model, limits, native))
    most = bound([JOBS[visit.job] for visit in visits], limits) + 26 + len(visits)
    jobs = traffic.run(visits, most)
    for key, outcomes in traffic.outcomes.items():
        visit = visits[int(key)]
        if outcomes is None:
            assert visit.asks and traffic.is_left(key, visit)
        else:
            agree(outcomes, expected(model, jobs[key]))
    for key, job in jobs.items():
        left = visits[int(key)].leaves is not None
        assert left or traffic.outcomes[job.id] is not None
    is_empty(traffic.batch, limits)


@pytest.mark.parametrize("name", ["qwen3", "qwen3_5"])
def test_rows_end_in_every_order(name: str) -> None:
    """Four answers, ended in each of the orders that there are: gaps are filled from behind."""
    model = family(name)
    passage = JOBS[4].passage
    batch = make_batch(model)
    for order in itertools.permutations(range(1, 5)):
        forks = [Write((20 + n,), 2 * place) for n, place in enumerate(order)]
        job = Job("one", passage, tuple(forks))
        agree(run(batch, [job], 40)["one"], expected(model, job))
    is_empty(batch, WIDE)


@pytest.mark.parametrize("name", ["qwen3", "qwen3_5"])
def test_a_job_may_be_cancelled_after_any_step(name: str) -> None:
    """What stays is what it would be; the room is free at once."""
    model = family(name)
    stays, goes = JOBS[2], JOBS[5]
    for when in range(14):
        batch = make_batch(model, dataclasses.replace(WIDE, chunk=16))
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
    batch = make_batch(model)

    def break_down(*_: object) -> int:
        if batch.rows > 2:
            raise RuntimeError("broken")
        return 33

    def watch(_: Sequence[int]) -> None:
        break_down()

    def abandoned() -> bool:
        return break_down() == 0

    fork = Write(
        (11,), 9, break_down if where == "choose" else None, watch if where == "watch" else None
    )
    broken = Job("broken", JOBS[4].passage, (Write((12,), 9), fork))
    if where == "abandoned":
        broken = dataclasses.replace(broken, abandoned=abandoned)
    for job in (JOBS[2], broken, JOBS[5]):
        batch.admit(job)
    with pytest.raises(RuntimeError, match="broken"):
        for _ in range(20):
            batch.step()
    batch.cancel_all()
    is_empty(batch, WIDE)
    agree(run(batch, [JOBS[5]], 200)[JOBS[5].id], expected(model, JOBS[5]))


# Nobody starves


def steps_until(batch: Batch, arriving: Callable[[int], Job | None], most: int) -> dict[str, int]:
    """In which step each job ends, while `arriving` brings new ones."""
    ended: dict[str, int] = {}
    for step in range(most):
        job = arriving(step)
        if job is not None:
            batch.admit(job)
        for one in batch.step():
            ended[one.id] = step
    return ended


@pytest.mark.parametrize("name", ["qwen3", "qwen3_5"])
def test_a_short_passage_behind_a_long_one_ends_first(name: str) -> None:
    chance = random.Random(8)
    long = Job("long", words(chance, 800), (Write((11,), 2),))
    short = Job("short", words(chance, 20), (Write((11,), 2),))
    batch = make_batch(family(name), dataclasses.replace(WIDE, chunk=40))
    ended = steps_until(batch, {0: long, 2: short}.get, 25)
    assert ended["short"] <= 2 + 4 and ended["long"] >= 800 // 40


@pytest.mark.parametrize("name", ["qwen3", "qwen3_5"])
def test_a_long_passage_ends_while_short_ones_keep_arriving(name: str) -> None:
    """At half the pace at worst."""
    chance = random.Random(8)
    batch = make_batch(family(name), dataclasses.replace(WIDE, chunk=40))

    def arriving(step: int) -> Job:
        if step == 0:
            return Job("long", words(chance, 600), (Write((11,), 2),))
        return Job(f"short {step}", words(chance, 30), (Write((11,), 2),))

    ended = steps_until(batch, arriving, 36)
    assert ended["long"] <= 600 // 20 + 3
    assert len(ended) > 20


def test_a_short_passage_overtakes_many_long_ones() -> None:
    """More long ones than there are readers of a model with linear attention."""
    chance = random.Random(8)
    batch = make_batch(family("qwen3_5"), dataclasses.replace(WIDE, chunk=40))
    for number in range(READERS + 1):
        batch.admit(Job(f"long {number}", words(chance, 240), (Write((11,), 2),)))
    ended = steps_until(batch, {0: Job("short", words(chance, 20), (Write((11,), 2),))}.get, 40)
    assert min(ended.values()) < ended["short"] < max(ended.values())


# What can't be


def test_what_finds_no_room_changes_nothing_and_comes_later() -> None:
    model = family("qwen3")
    limits = Limits(tokens=112, rows=8, chunk=64)
    batch = make_batch(model, limits)
    first = Job("first", tuple(range(20, 80)), (Write((11,), 9),))
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
    batch = make_batch(family("qwen3"), dataclasses.replace(WIDE, rows=2))
    score = Score((1,), ((11, 12), (13, 14), (15, 16)))
    with pytest.raises(BadInput):
        batch.admit(Job("wide", (1, 2), (score,)))
    assert batch.free_tokens == WIDE.tokens


@pytest.mark.parametrize("name", ["qwen3", "qwen3_5"])
def test_a_passage_may_be_empty(name: str, native: bool) -> None:
    """Forks that have nothing in common."""
    model = family(name)
    job = Job("empty", (), (Write((11, 12), 5), Score((13,), ((21, 22), (23,)))))
    batch = make_batch(model, native=native)
    agree(run(batch, [job, JOBS[2]], 100)["empty"], expected(model, job))
    is_empty(batch, WIDE)


def test_an_unknown_job_is_nobodys() -> None:
    batch = make_batch(family("qwen3"))
    batch.cancel("unknown")
    batch.cancel_all()
    is_empty(batch, WIDE)
