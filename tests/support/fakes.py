"""A service that answers by a script, so that the HTTP face can be tried without an engine."""

from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from service.article import Article, Document
from service.engine import Identity
from service.pipeline.context import Watch
from service.result import Checks, Digest, Maker, ReadingReport, Result, Stance, Timing
from service.serving.plan_pool import PlanPool
from service.serving.queue import Work
from service.serving.service import State
from service.settings import Settings
from service.tasks import Options

IDENTITY = Identity(name="scripted", model=None, revision=None, prompts="sha256:0")
DIGESTS = {"en": "The town will build a bridge.", "zh": "该镇将建一座桥。"}


def result_for(article: Article, options: Options, id: str) -> Result:
    return Result(
        id=id,
        source=article.source,
        title=article.title,
        language="en",
        digests={
            language: Digest(
                text=DIGESTS[language],
                kind="abstractive",
                engine=IDENTITY.name,
                script=options.zh_script if language == "zh" else None,
            )
            for language in options.languages
        },
        stance=Stance(
            target=options.targets[0] if options.targets else "the bridge",
            target_source="given" if options.targets else "detected",
            label="none",
            label_zh="中立",
            scores={"favor": 0.1, "against": 0.1, "none": 0.8},
        ),
        checks=Checks(),
        reading=ReadingReport(characters=len(article.text), kept=len(article.text), coverage=1.0),
        warnings=[],
        engine=Maker(name=IDENTITY.name, model=None, revision=None, prompts=IDENTITY.prompts),
        timing=Timing(queued_ms=0, total_ms=1),
        fingerprint="sha256:1",
    )


@dataclass
class Handed:
    """The arguments of a call of FakeService."""

    article: Article
    options: Options
    timeout_s: float | None = None
    id: str = ""
    work: Work = "online"
    watch: Watch | None = None
    owner: str = ""
    future: Future[Result] = field(default_factory=Future)


@dataclass
class FakeService:
    """Answers each article as scripted: with a Result when nothing is enqueued.

    `refuse` makes submit itself raise; `enqueue` scripts what the Futures hold, in order: an
    exception, or None for a Future that is never answered.
    """

    state: State = "ready"
    reason: str | None = None
    identity: Identity | None = IDENTITY
    refuse: Exception | None = None
    handed: list[Handed] = field(default_factory=list)
    plans: PlanPool = field(default_factory=lambda: PlanPool(Settings(), 0))
    _script: deque[BaseException | None] = field(default_factory=deque)

    def enqueue(self, *outcomes: BaseException | None) -> None:
        self._script.extend(outcomes)

    def open(self) -> None:
        pass

    def weigh(self, article: Document, digests: Mapping[str, str]) -> dict[str, float | None]:
        return dict.fromkeys(digests)

    def close(self, timeout_s: float) -> None:
        self.state = "draining"

    def measure(self, text: str) -> int:
        return len(text)

    def submit(self, article: Article, options: Options, **more: Any) -> Future[Result]:
        if self.refuse is not None:
            raise self.refuse
        handed = Handed(article, options, **more)
        self.handed.append(handed)
        if not self._script:
            handed.future.set_result(result_for(article, options, handed.id))
        elif (outcome := self._script.popleft()) is not None:
            handed.future.set_exception(outcome)
        return handed.future
