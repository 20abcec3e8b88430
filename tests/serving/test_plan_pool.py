"""Plans of long articles in real processes: the same Results, whatever is killed meanwhile."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from service import metrics
from service.article import Article
from service.checks.report import CheckRequest, check_pair
from service.engine import Engine
from service.errors import Cancelled, DiglotError, EngineFailed, NoText
from service.extractive.extractive_engine import ExtractiveEngine
from service.pipeline.immediate import digest_at_once
from service.pipeline.validation import told
from service.resources import Resources
from service.result import Result
from service.serving.plan_pool import LONG, LONGEST, PlanPool
from service.settings import Settings
from service.tasks import Answer, DigestAnswer, DigestTask, Draft, Options, Request
from tests.support.scripted import ScriptedEngine, written
from tests.support.waiting import wait_until

SENTENCES = {
    "en": "On 4 May the council of Ashford voted to build bridge {}. The mayor called it overdue. ",
    "zh": "镇议会五月四日投票决定建第{}座新桥，镇长表示这座桥早该建了。",
}
TEXTS = {name: "".join(map(one.format, range(150))) for name, one in SENTENCES.items()}
DIGESTS = {
    "en": "On 4 May the council of Ashford voted to build bridge 1. The mayor called it overdue."
    " The council voted to build bridge 2.",
    "zh": "镇议会五月四日投票决定建第1座新桥，镇长表示这座桥早该建了。"
    "镇议会五月四日投票决定建第2座新桥。",
}
SETTINGS = Settings(engine="extractive")
HEARD = Callable[[Draft], None]


@pytest.fixture(scope="module")
def pool() -> Iterator[PlanPool]:
    opened = PlanPool(SETTINGS, 1)
    yield opened
    opened.close()


@pytest.fixture
def own() -> Iterator[PlanPool]:
    """A pool whose processes a test may kill."""
    opened = PlanPool(SETTINGS, 1)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def resources() -> Resources:
    return Resources.load(SETTINGS)


def scripted(request: Request) -> Answer:
    """Digests that the article bears out, so that they pass the first time."""
    return Answer(
        tuple(
            DigestAnswer(DIGESTS[task.language], "abstractive")
            if isinstance(task, DigestTask)
            else answer
            for task, answer in zip(request.tasks, written(request).tasks, strict=True)
        )
    )


def empty_first(request: Request) -> Answer:
    return Answer((DigestAnswer("", "abstractive"), *scripted(request).tasks[1:]))


def run(
    pool: PlanPool,
    text: str,
    engine: Engine,
    answer: Callable[[Request], Answer | DiglotError] = scripted,
    watch: HEARD | None = None,
    is_left: Callable[[], bool] = lambda: False,
) -> Result:
    options = Options(languages=("zh" if text == TEXTS["zh"] else "en",))
    running = pool.plan(
        Article(text), options, engine, id="mine", lane="express", watch=watch, is_left=is_left
    )
    assert next(running).tasks == (), "it asks for its turn first"
    try:
        request = running.send(Answer(()))
        while True:
            outcome = answer(request)
            request = (
                running.throw(outcome)
                if isinstance(outcome, DiglotError)
                else running.send(outcome)
            )
    except StopIteration as returned:
        result: Result = returned.value
        return result


def here(text: str, engine: ExtractiveEngine, resources: Resources) -> Result:
    """The Result of the same plan in this process."""
    options = Options(languages=("zh" if text == TEXTS["zh"] else "en",))
    return digest_at_once(Article(text), options, engine, resources, id="mine")


def process_of(pool: PlanPool) -> Any:
    (process,) = pool._processes.all
    return process


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_result_is_that_of_a_plan_in_the_same_process(
    pool: PlanPool, resources: Resources, language: str
) -> None:
    engine, text = ExtractiveEngine(resources), TEXTS[language]
    assert pool.lane(text) == "express"
    assert run(pool, text, engine) == here(text, engine, resources)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_requests_and_measures_come_to_the_service_and_drafts_to_the_watcher(
    pool: PlanPool, language: str
) -> None:
    engine, requests, drafts = ScriptedEngine(), [], []
    engine.passage_limit = 1_000_000

    def answer(request: Request) -> Answer:
        requests.append(request)
        assert request.watch is not None
        request.watch(0, "A draft.")
        return scripted(request)

    result = run(pool, TEXTS[language], engine, answer, drafts.append)
    assert result.digests[language].text == DIGESTS[language]
    (request,) = requests
    assert TEXTS[language][:80] in request.document.text
    assert drafts == [Draft(0, language, 1, "A draft.")]


def test_refused_digests_are_counted_here_and_replaced_ones_told(pool: PlanPool) -> None:
    refused = metrics.digests_refused.labels("en", "empty")._value
    before, drafts = refused.get(), []

    result = run(pool, TEXTS["en"], ScriptedEngine(), empty_first, drafts.append)
    assert refused.get() == before + 2
    assert result.digests["en"].kind == "extractive"
    assert [draft.attempt for draft in drafts] == [3]


def test_an_error_of_the_engine_ends_the_plan_as_it_would_here(pool: PlanPool) -> None:
    with pytest.raises(EngineFailed, match="it broke"):
        run(pool, TEXTS["zh"], ScriptedEngine(), lambda _: EngineFailed("it broke"))
    with pytest.raises(NoText):
        run(pool, "\n" * LONG, ScriptedEngine())


@pytest.mark.slow
def test_a_measure_that_fails_leaves_nothing_behind_that_the_next_would_read(
    pool: PlanPool, resources: Resources
) -> None:
    class Broken(ScriptedEngine):
        passage_limit = 10

        def measure(self, passage: str) -> int:
            raise EngineFailed("no tokenizer")

    with pytest.raises(EngineFailed, match="no tokenizer"):
        run(pool, TEXTS["en"], Broken())
    assert run(pool, TEXTS["zh"], ExtractiveEngine(resources)).language == "zh-Hans"


def test_a_pair_gets_the_verdict_that_it_would_get_here(
    pool: PlanPool, resources: Resources
) -> None:
    pair = CheckRequest(text=TEXTS["en"], digests=DIGESTS)
    assert pool.check(pair) == check_pair(pair, resources.glossary, told(resources.prompts))


@pytest.mark.parametrize("letter", ["a", "桥", "\ud83d"], ids=["en", "zh", "half a pair"])
def test_length_is_counted_in_bytes(letter: str) -> None:
    pool, size = PlanPool(SETTINGS, 2), len(letter.encode("utf-8", "surrogatepass"))
    long, longest = letter * (LONG // size + 1), letter * (LONGEST // size + 1)
    assert [pool.lane(text) for text in (long[:-2], long, longest[:-2], longest)] == [
        "here", "express", "express", "slow",
    ]  # fmt: skip
    assert pool.lane(long, work="bulk") == "slow" and pool.lane("a", work="bulk") == "here"
    assert pool.lane(*[long] * 12) == "slow"
    assert PlanPool(SETTINGS, 0).lane(longest) == "here"
    assert pool.memory_bytes() == 0, "none is started before it is needed"


def test_a_plan_that_is_dropped_before_its_turn_costs_nothing(own: PlanPool) -> None:
    running = own.plan(
        Article(TEXTS["en"]), Options(), ScriptedEngine(), id="", lane="slow", is_left=lambda: True
    )
    next(running)
    running.close()
    assert process_of(own).pid is None


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_plan_goes_over_to_another_process_in_the_middle(
    resources: Resources, language: str
) -> None:
    pool = PlanPool(SETTINGS, 2)
    kept, shared = pool._processes.all
    kept.plans.add(-1)
    try:

        def answer(request: Request) -> Answer:
            assert kept.pid is None
            shared.is_slow = True
            return scripted(request)

        result = run(pool, TEXTS[language], ScriptedEngine(), answer)
        assert result.digests[language].text == DIGESTS[language]
        assert kept.pid is not None and not shared.plans
    finally:
        pool.close()


@pytest.mark.slow
def test_a_killed_process_costs_no_answer_and_a_plan_begins_again_where_it_was(
    own: PlanPool,
) -> None:
    asked = 0

    def answer(request: Request) -> Answer:
        nonlocal asked
        asked += 1
        os.kill(process_of(own).pid, signal.SIGKILL)
        return empty_first(request) if asked == 1 else scripted(request)

    result = run(own, TEXTS["en"], ScriptedEngine(), answer)
    assert asked == 2
    assert result.digests["en"].text == DIGESTS["en"]


@pytest.mark.slow
def test_an_article_whose_process_ends_twice_fails_and_the_next_one_does_not(
    own: PlanPool, resources: Resources
) -> None:
    class Deadly(ScriptedEngine):
        passage_limit = 10

        def measure(self, passage: str) -> int:
            os.kill(process_of(own).pid, signal.SIGKILL)
            return 1

    with pytest.raises(EngineFailed, match="twice"):
        run(own, TEXTS["zh"], Deadly())
    assert run(own, TEXTS["zh"], ExtractiveEngine(resources)).language == "zh-Hans"


@pytest.mark.slow
def test_an_article_that_was_given_up_ends_in_the_middle(own: PlanPool) -> None:
    left = threading.Event()
    hostile = "，".join("镇议会" for _ in range(45_000))
    failed: list[BaseException] = []

    def ask() -> None:
        try:
            run(own, hostile, ScriptedEngine(), is_left=left.is_set)
        except DiglotError as error:
            failed.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    wait_until(lambda: process_of(own).pid)
    pid = process_of(own).pid
    left.set()
    thread.join(60)
    assert isinstance(failed[0], Cancelled)
    assert not Path(f"/proc/{pid}").exists()
