"""Plans of long articles, run in a few processes of their own.

An article of 200,000 characters takes seconds of Python, and threads take turns at Python: where
some of them read such articles, neither a step of the engine nor a short article gets its turn in
time. A process is started when the first long article comes that no other is free for, and holds
its plans from then on; it is about as large as the dictionaries. Where there are several, one is
kept for ordinary articles that somebody waits for, so that they never wait for much longer ones.

A process that is killed, as by a system that runs out of memory, is replaced. What it held begins
again: a plan is the same each time for the same answers. Only an article that was at work twice
when its process ended fails.
"""

import itertools
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import replace

from service import metrics
from service.article import Article, Document
from service.checks.report import CheckRequest, CheckResult
from service.engine import Engine
from service.errors import DiglotError, EngineFailed
from service.extractive.extractive_engine import ExtractiveEngine
from service.pipeline.context import TaskWatch, Watch
from service.result import Result
from service.serving.plan_messages import Begin, Measure, PlanStep, Resume
from service.serving.plan_place import Place, PlanProcesses
from service.serving.plan_process import PlanProcess, ProcessEnded
from service.serving.queue import Lane, Work
from service.settings import Settings
from service.tasks import Answer, Draft, Options, Request

LONG = 10_000
"""Bytes in UTF-8 from which an article is read in a process of its own. One of that length takes a
tenth of a second of Python, and sending it to a process and back a few milliseconds.
"""
LONGEST = 100_000
"""Bytes from which it takes a second and more of Python, and goes into the slow lane."""
TRIES = 2


class PlanPool:
    """`count` processes at most. `close` ends them, in the middle of what they do."""

    def __init__(self, settings: Settings, count: int) -> None:
        self._processes = PlanProcesses([PlanProcess(settings) for _ in range(count)])
        self._numbers = itertools.count()

    def __len__(self) -> int:
        return len(self._processes.all)

    def lane(self, *texts: str, work: Work = "online") -> Lane:
        """The lane for texts of this length; long ones of bulk work are in no hurry."""
        size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
        if size < LONG or not self._processes.all:
            return "here"
        return "express" if size < LONGEST and work == "online" else "slow"

    def plan(  # noqa: PLR0913  # called in one place, by name
        self,
        article: Article,
        options: Options,
        engine: Engine,
        *,
        id: str,
        lane: Lane,
        watch: Watch | None = None,
        is_left: Callable[[], bool],
    ) -> Generator[Request, Answer, Result]:
        """The plan of `service.pipeline.plan`, run in a process.

        First it asks for its turn: a request without tasks, which any Answer answers. What the
        process then does ends soon after `is_left`.
        """
        yield Request(id, Document(article.text, (), article.title, "und"), ())
        number = next(self._numbers)
        place = self._processes.place(number, lane)
        begin = Begin(
            number,
            id,
            article,
            options,
            engine.identity,
            engine.passage_limit,
            isinstance(engine, ExtractiveEngine),
            watch is not None,
        )
        conversation = _Conversation(place, begin, engine.measure, watch, is_left)
        try:
            outcome = conversation.begin()
            while isinstance(outcome, Request):
                outcome = conversation.resume((yield from _answer_to(outcome)))
        finally:
            place.leave()
        if isinstance(outcome, DiglotError):
            raise outcome
        return outcome

    def check(self, pair: CheckRequest) -> CheckResult:
        """The verdict on digests of a long article. Raises EngineFailed."""
        lane = self.lane(pair.text, *pair.digests.values())
        place = self._processes.place(next(self._numbers), lane)
        try:
            for _ in range(TRIES):
                with suppress(ProcessEnded), place.at_work() as process:
                    found: CheckResult | DiglotError = process.ask(pair, _unheard, _never)
                    if isinstance(found, DiglotError):
                        raise found
                    return found
            raise _ended_twice()
        finally:
            place.leave()

    def memory_bytes(self) -> int:
        """Memory that the processes take."""
        return sum(process.memory_bytes() for process in self._processes.all)

    def close(self) -> None:
        for process in self._processes.all:
            process.close()


class _Conversation:
    """The service's side of one plan; remembers its answers, to begin again in a new process."""

    def __init__(
        self,
        place: Place,
        begin: Begin,
        measure: Callable[[str], int],
        watch: Watch | None,
        is_left: Callable[[], bool],
    ) -> None:
        self._place = place
        self._messages: list[Begin | Resume] = []
        self._begin = begin
        self._measure = measure
        self._watch = watch
        self._is_left = is_left
        self._known_by: tuple[PlanProcess, int] | None = None
        """The process that knows the messages, and its generation then."""

    def begin(self) -> Request | Result | DiglotError:
        return self._ask(self._begin)

    def resume(self, outcome: Answer | DiglotError) -> Request | Result | DiglotError:
        return self._ask(Resume(self._begin.plan, outcome))

    def _ask(self, message: Begin | Resume) -> Request | Result | DiglotError:
        self._messages.append(message)
        for _ in range(TRIES):
            with suppress(ProcessEnded), self._place.at_work() as process:
                step = self._sent(process)
                metrics.add_counts(step.counts)
                return self._received(step.outcome)
        raise _ended_twice()

    def _sent(self, process: PlanProcess) -> PlanStep:
        """Send the last message; those before it, too, where the process does not know them."""
        is_known = self._known_by == (process, process.generation)
        for message in self._messages[-1:] if is_known else self._messages:
            step: PlanStep = process.ask(message, self._hear, self._is_left)
        self._known_by = process, process.generation
        return step

    def _hear(self, said: object) -> int | None:
        if isinstance(said, Measure):
            return self._measure(said.passage)
        if isinstance(said, Draft) and self._watch is not None:
            self._watch(said)
        return None

    def _received(self, outcome: Request | Result | DiglotError) -> Request | Result | DiglotError:
        if not isinstance(outcome, Request) or self._watch is None:
            return outcome
        watch = outcome.watch
        if isinstance(watch, TaskWatch):
            watch = replace(watch, tell=self._watch)
        return replace(outcome, watch=watch)


def _answer_to(request: Request) -> Generator[Request, Answer, Answer | DiglotError]:
    try:
        return (yield request)
    except DiglotError as error:
        return error


def _ended_twice() -> EngineFailed:
    return EngineFailed(
        "the process that read this article ended in the middle of it, twice; it may need more"
        " memory than there is"
    )


def _unheard(_: object) -> None:
    pass


def _never() -> bool:
    return False
