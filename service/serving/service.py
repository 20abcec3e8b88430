"""The service takes articles in and answers with Results; it owns the engine and the worker.

Both faces (HTTP and the command line) hand articles to a Service and get Futures of Results. The
engine is loaded in the background, so that a service can say that it is loading meanwhile.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from functools import partial
from typing import Literal

from service.article import Article, Document
from service.checks.support import support
from service.checks.unsupported import unsupported_names
from service.engine import Engine, Identity
from service.errors import DiglotError, NotReady
from service.extractive.extractive_engine import ExtractiveEngine
from service.pipeline.context import Watch
from service.pipeline.fingerprint import fingerprint
from service.pipeline.immediate import digest_at_once
from service.pipeline.pipeline import plan
from service.resources import Resources
from service.result import Result, Timing
from service.serving.plan_pool import PlanPool
from service.serving.queue import Plan, Work
from service.serving.worker import Worker
from service.settings import Settings
from service.store.result_cache import ResultCache
from service.tasks import (
    DigestLanguage,
    EvidenceAnswer,
    EvidenceTask,
    Options,
    Request,
)

log = logging.getLogger(__name__)

WARM_UP = (
    "The council praised the plan on 4 May. It costs 12 million dollars.",
    "市議會五月四日讚揚了這項計劃，耗資1200万美元。",
)
WARM_UP_NAMES = ("Sir Kowalberg praised the plan.", "郭維爾讚揚了這項計劃。")
"""A name in each language that no list has, so that a check looks for its sound."""

Evidence = dict[DigestLanguage, float | None]

State = Literal["loading", "ready", "draining", "broken"]


class Service:
    """Loads the engine, then takes articles until it is closed.

    `load` makes the engine (tests hand in their own).
    """

    def __init__(self, settings: Settings, load: Callable[[Settings, Resources], Engine]) -> None:
        self._settings = settings
        self._load = load
        self._worker: Worker | None = None
        self._engine: Engine | None = None
        self._resources: Resources | None = None
        self._failure: DiglotError | None = None
        self._kept: ResultCache | None = None
        self.plans = PlanPool(settings, settings.reading_processes)
        self._closing = False
        self._quiet = False
        self._loaded = threading.Event()

    @property
    def state(self) -> State:
        if self._closing:
            return "draining"
        if self._failure is not None:
            return "broken"
        if self._worker is None:
            return "loading"
        return "ready" if self._worker.alive else "broken"

    @property
    def has_died(self) -> bool:
        """Whether the worker ended without being stopped."""
        return self._worker is not None and not self._worker.alive and not self._closing

    @property
    def reason(self) -> str | None:
        """The reason why it is not ready, for people; None when it is."""
        match self.state:
            case "ready":
                return None
            case "loading":
                return "the engine is being loaded; weights that are not here are fetched first"
            case "draining":
                return "the service is stopping"
            case "broken":
                return str(self._failure or "the worker has died")

    @property
    def identity(self) -> Identity | None:
        return self._engine.identity if self._engine else None

    @property
    def resources(self) -> Resources:
        """Raises NotReady until they are loaded."""
        if self._resources is None:
            raise NotReady("the service is not ready")
        return self._resources

    def measure(self, text: str) -> int:
        """The length of `text` in the engine's tokens. Raises NotReady until it is loaded."""
        if self._engine is None:
            raise NotReady(self.reason or "the service is not ready")
        return self._engine.measure(text)

    def open(self, kept: ResultCache | None = None, *, quiet: bool = False) -> None:
        """Start loading the engine; returns at once. What `kept` holds is answered from there.

        `quiet` logs neither the success nor a failure, which `wait` raises.
        """
        self._kept = kept
        self._quiet = quiet
        threading.Thread(target=self._open, name="diglot-loader", daemon=True).start()

    def wait(self) -> Identity:
        """Block until the engine is loaded. Raises what kept it from loading."""
        self._loaded.wait()
        if self._failure is not None:
            raise self._failure
        assert self._engine is not None  # set before the event, or else there is a failure
        return self._engine.identity

    def submit(  # noqa: PLR0913  # each is said by name
        self,
        article: Article,
        options: Options,
        *,
        timeout_s: float | None = None,
        id: str | None = None,
        watch: Watch | None = None,
        work: Work = "online",
        owner: str = "",
    ) -> Future[Result]:
        """Hand an article in; a Result that `owner` has kept is answered from the store.

        Raises NotReady, Overloaded, or what is wrong with the article (NoText, …) at once. The
        Future raises DeadlineExceeded, EngineFailed, …; cancelling it frees its place. `watch` is
        told of the drafts, from the worker's thread. A Result that was kept is there at once.
        """
        if self.state != "ready" or not (self._worker and self._engine and self._resources):
            raise NotReady(self.reason or "the service is not ready")
        begun = time.monotonic()
        own = id or str(uuid.uuid4())
        scope = "" if self._settings.share_results else owner
        if self._kept is not None:
            kept = self._kept.find(fingerprint(article, options, self._engine.identity), scope)
            if kept is not None:
                return _again(kept, own, article, begun)
        is_left = threading.Event()
        lane = self.plans.lane(article.text, work=work)
        if lane == "here":
            steps = plan(article, options, self._engine, self._resources, id=own, watch=watch)
        else:
            left = is_left.is_set
            steps = self.plans.plan(
                article, options, self._engine, id=own, lane=lane, watch=watch, is_left=left
            )
        future = self._worker.submit(steps, timeout_s=timeout_s, work=work, lane=lane)
        future.add_done_callback(lambda done: is_left.set() if done.cancelled() else None)
        if self._kept is not None:
            future.add_done_callback(partial(self._kept.note, owner=scope))
        return future

    def weigh(self, article: Document, digests: Mapping[DigestLanguage, str]) -> Evidence:
        """The model's evidence for each digest of `article`; waits for it.

        None for each where there is no model, or where it can't read the article or is busy.
        """
        worker = self._worker
        if self.state != "ready" or worker is None or self.identity is None:
            return dict.fromkeys(digests)
        if self.identity.model is None:
            return dict.fromkeys(digests)
        tasks = tuple(EvidenceTask(language, text) for language, text in digests.items())
        request = Request(str(uuid.uuid4()), article, tasks)
        try:
            answer = worker.submit(_asking(request), timeout_s=self._settings.timeout_s).result()
        except (DiglotError, CancelledError):
            return dict.fromkeys(digests)
        shares = [each.share for each in answer.tasks if isinstance(each, EvidenceAnswer)]
        return dict(zip(digests, shares, strict=True))

    def close(self, timeout_s: float | None = None) -> bool:
        """Take nothing more, finish what was taken; False when that took longer than allowed."""
        self._closing = True
        if self._worker is None:
            return True
        log.info("draining: nothing more is taken; what was taken is finished")
        finished = self._worker.stop(timeout_s)
        self.plans.close()
        log.info("stopped" if finished else "stopped; some articles were not finished in time")
        return finished

    def _open(self) -> None:
        try:
            self._resources = Resources.load(self._settings)
            self._engine = self._load(self._settings, self._resources)
            self._warm_up()
            worker = Worker(
                self._engine,
                queue_limit=self._settings.queue_limit,
                queue_tokens=self._settings.queue_tokens,
                window_s=self._settings.batch_window_ms / 1000,
                threads=self._settings.http_threads,
                processes=len(self.plans),
            )
            worker.start()
            self._worker = worker
            if not self._quiet:
                log.info("ready: articles are answered by the engine %s", _named(self._engine))
        except DiglotError as error:
            self._failure = error
            if not self._quiet:
                log.error("%s", error)
        except Exception as error:
            # The error may name paths of this machine: that is for the log, not for the page.
            self._failure = DiglotError(
                f"the engine could not be loaded ({type(error).__name__}); the log says more"
            )
            log.exception("the engine could not be loaded")
        finally:
            self._loaded.set()

    def _warm_up(self) -> None:
        """Load what reading needs (dictionaries, converters) before the first article waits for it,
        and what checks need where a model writes: they run between two of its steps.

        The model is left alone: its first passage is slow on some machines, but right.
        """
        assert self._resources is not None and self._engine is not None
        engine = ExtractiveEngine(self._resources)
        for text in WARM_UP:
            digest_at_once(Article(text), Options(), engine, self._resources, id="warm-up")
        english, chinese = WARM_UP
        support(chinese, "zh", Document.of(english))
        support(english, "en", Document.of(chinese))
        if self._engine.identity.model is not None:
            for text, other in zip(WARM_UP_NAMES, (chinese, english), strict=True):
                unsupported_names(Document.of(text), Document.of(other), self._resources.glossary)


def _asking(request: Request) -> Plan:
    """The plan of one request, whose answer is all that is wanted."""
    answer = yield request
    return answer


def _named(engine: Engine) -> str:
    return " ".join(filter(None, (engine.identity.name, engine.identity.model)))


def _again(kept: Result, id: str, article: Article, begun: float) -> Future[Result]:
    """A kept Result as the answer to this request."""
    future: Future[Result] = Future()
    spent = round((time.monotonic() - begun) * 1000)
    change = {"id": id, "source": article.source, "kept": True}
    future.set_result(
        kept.model_copy(update={**change, "timing": Timing(queued_ms=0, total_ms=spent)})
    )
    return future
