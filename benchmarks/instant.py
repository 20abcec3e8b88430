"""The service with an engine that answers at once, to measure Diglot's own overhead.

    python benchmarks/instant.py [--bare] [--step-s 0.05] [--queue-limit N]

With --bare no article is read: each is one request to the engine, and all Results are equal but for
the name. Only HTTP, the queue and the store of kept results remain.
"""

import argparse
import logging
import sys
import time
import uuid
from collections.abc import Generator
from concurrent.futures import Future
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from service import logs  # noqa: E402
from service.article import Article, Document  # noqa: E402
from service.engine import Identity  # noqa: E402
from service.errors import NoRoom  # noqa: E402
from service.result import Checks, Digest, Maker, ReadingReport, Result, Stance, Timing  # noqa: E402
from service.serving.service import Service  # noqa: E402
from service.serving.worker import Worker  # noqa: E402
from service.settings import Settings  # noqa: E402
from service.store.result_cache import ResultCache  # noqa: E402
from service.tasks import (  # noqa: E402
    Answer,
    DigestAnswer,
    DigestTask,
    Finished,
    Options,
    Request,
    StanceAnswer,
)
from service.web.server import run  # noqa: E402

WRITTEN = {
    "en": "The council of Ashford voted on Tuesday to build a new bridge over the Mill River.",
    "zh": "青石镇议会周二投票决定建桥。",
}
"""A digest that the article of `load.py` bears out, so that it passes the checks at once."""
STANCE = StanceAnswer("favor", {"favor": 0.7, "against": 0.2, "none": 0.1})


class Instant:
    """An engine that answers everything in the next step, which takes `step_s`."""

    passage_limit: int | None = None

    def __init__(self, step_s: float, rows: int = 64) -> None:
        self.identity = Identity("instant", "benchmark", None, "sha256:0")
        self._step_s = step_s
        self._rows = rows
        self._admitted: dict[str, Request] = {}

    def measure(self, passage: str) -> int:
        return len(passage)

    def admit(self, request: Request) -> None:
        if len(self._admitted) >= self._rows:
            raise NoRoom("every row is taken")
        self._admitted[request.id] = request

    def step(self) -> list[Finished]:
        if self._step_s:
            time.sleep(self._step_s)
        batch, self._admitted = self._admitted, {}
        return [Finished(key, _answer(request)) for key, request in batch.items()]

    def cancel(self, request_id: str) -> None:
        self._admitted.pop(request_id, None)


def _answer(request: Request) -> Answer:
    return Answer(
        tuple(
            DigestAnswer(WRITTEN[task.language], "abstractive")
            if isinstance(task, DigestTask)
            else STANCE
            for task in request.tasks
        )
    )


class Bare(Service):
    """A service without a pipeline: the worker, the store, and an engine that answers at once."""

    def open(self, kept: ResultCache | None = None) -> None:
        self._kept = kept
        self._engine = Instant(0.0)
        self._worker = Worker(self._engine, queue_limit=self._settings.queue_limit)
        self._worker.start()

    def submit(
        self, article: Article, options: Options, *, id: str | None = None, **more: Any
    ) -> Future[Result]:
        assert self._worker is not None
        own = id or str(uuid.uuid4())
        if self._kept is not None:
            self._kept.find(own)
        future = self._worker.submit(_bare(article, options, own), timeout_s=more["timeout_s"])
        if self._kept is not None:
            future.add_done_callback(self._kept.note)
        return future


def _bare(article: Article, options: Options, id: str) -> Generator[Request, Answer, Result]:
    yield Request(id, Document.of(article.text, "en"), tuple(map(DigestTask, options.languages)))
    return Result(
        id=id,
        source=article.source,
        title=article.title,
        language="en",
        digests={
            language: Digest(text=text, kind="abstractive", engine="instant")
            for language, text in WRITTEN.items()
            if language in ("en", "zh")
        },
        stance=Stance(
            target="the bridge", target_source="detected", label="favor", label_zh="支持",
            scores=STANCE.scores,
        ),
        checks=Checks(),
        reading=ReadingReport(characters=len(article.text), kept=len(article.text), coverage=1.0),
        warnings=[],
        engine=Maker(name="instant", model=None, revision=None, prompts="sha256:0"),
        timing=Timing(queued_ms=0, total_ms=0),
        fingerprint=f"sha256:{id}",
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--step-s", type=float, default=0.0)
    parser.add_argument("--queue-limit", type=int, default=256)
    parser.add_argument("--log-level", default="info")
    flags = parser.parse_args()
    logs.to_stderr("info")
    logging.getLogger("service.web.middleware.request_log").setLevel(flags.log_level.upper())
    with TemporaryDirectory() as folder:
        settings = Settings(
            engine="extractive",
            data=Path(folder),
            port=0,
            batch_window_ms=0,  # a wait that is chosen, not a cost
            queue_limit=flags.queue_limit,
            http_threads=128,  # a client that hangs up holds one until that is seen
            rate_per_address="300/minute",
            proxies=1,  # so that each client of the benchmark can have an address of its own
        )
        service = Bare if flags.bare else Service
        run(settings, lambda settings: service(settings, lambda *_: Instant(flags.step_s)))


if __name__ == "__main__":
    main()
