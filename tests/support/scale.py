"""Pools of engines that die as they are told to, and articles for them."""

import gzip
import json
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from service.article import Article
from service.errors import DiglotError
from service.folder.items import Item
from service.pipeline.fingerprint import fingerprint
from service.scale.claims import Chunk
from service.scale.engine_actor import EngineActor, Hello, row_of
from service.scale.partitions import Row
from service.scale.pool import Died, Rows
from service.tasks import Options
from tests.support.fakes import IDENTITY, result_for

ENGLISH = "The council of ward {n} met on 4 May. It will build {n} stops for 12 million dollars."
CHINESE = "第{n}区议会五月四日开会。会议决定投资1200万美元，新建{n}个车站。"
POISON = "poison 毒"


def texts(count: int) -> list[str]:
    """Different articles, English and Chinese in turn."""
    return [(CHINESE if n % 2 else ENGLISH).format(n=n) for n in range(count)]


def jsonl(path: Path, articles: Iterable[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in articles), "utf-8"
    )
    return path


_RECORD = """WARC/1.0\r
WARC-Type: response\r
WARC-Record-ID: <urn:uuid:{number}>\r
WARC-Target-URI: https://example.org/{number}\r
WARC-Date: 2026-11-27T00:00:00Z\r
Content-Type: application/http; msgtype=response\r
Content-Length: {size}\r
\r
"""


def warc(path: Path, articles: Iterable[str]) -> Path:
    """A web archive with a page for each article."""
    with path.open("wb") as file:
        for number, text in enumerate(articles):
            page = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
            body = f"{page}<p>{text}</p>".encode()
            head = _RECORD.format(number=number, size=len(body)).encode()
            file.write(gzip.compress(head + body + b"\r\n\r\n"))
    return path


class ScriptedPool:
    """Answers at once, in turn; a worker that is handed an article with POISON dies of it, unless
    it is `immune`.

    `deaths` are further workers that die at once when they are handed their first chunk.
    """

    def __init__(
        self, workers: int = 2, deaths: Sequence[int] = (), *, immune: bool = False
    ) -> None:
        self._immune = immune
        self.hello: Hello | None = Hello(IDENTITY, "0", ())
        self.handed: list[list[str]] = []
        self.died = 0
        self._deaths = set(deaths)
        self._ready = set(range(workers))
        self._last = workers
        self._events: list[Rows | Died] = []

    @property
    def ready(self) -> list[int]:
        return sorted(self._ready)

    def submit(self, worker: int, chunk: Chunk) -> None:
        held = [_text(item) for item in chunk.items]
        self.handed.append(held)
        if worker in self._deaths or self._is_deadly(held):
            self._deaths.discard(worker)
            self._events = [event for event in self._events if event.worker != worker]
            self._events.append(Died(worker))
            self._ready.discard(worker)
        elif worker in self._ready:
            self._events.append(Rows(worker, chunk, [row(item) for item in chunk.items]))

    def _is_deadly(self, articles: Sequence[str]) -> bool:
        return not self._immune and any(POISON in text for text in articles)

    def wait(self, timeout_s: float) -> list[Rows | Died]:
        events, self._events = self._events, []
        for event in events:
            if isinstance(event, Died):
                self.died += 1
                self._ready.add(self._last)
                self._last += 1
        return events


def row(item: Item, options: Options = Options()) -> Row:  # noqa: B008  # frozen
    assert isinstance(item.article, Article)
    own = {"fingerprint": fingerprint(item.article, options, IDENTITY)}
    result = result_for(item.article, options, item.id).model_copy(update=own)
    return row_of({**result.model_dump(mode="json"), "place": item.place})


def _text(item: Item) -> str:
    assert not isinstance(item.article, DiglotError)
    return item.article.text


class MortalActor(EngineActor):
    """Its process ends at once where an article has POISON in it."""

    def digest(self, items: Sequence[Item], options: Options) -> Iterator[list[Row]]:
        if any(POISON in _text(item) for item in items):
            os._exit(1)
        yield from super().digest(items, options)


class OneByOneActor(EngineActor):
    """It digests one article at a time, and its process ends at one that has POISON in it.

    The title of a row is its process's id.
    """

    def digest(self, items: Sequence[Item], options: Options) -> Iterator[list[Row]]:
        for item in items:
            if POISON in _text(item):
                time.sleep(1)  # the rows before it are on their way
                os._exit(1)
            for rows in super().digest([item], options):
                yield [{**each, "title": str(os.getpid())} for each in rows]


class HangingActor(EngineActor):
    """It never answers where an article has POISON in it."""

    def digest(self, items: Sequence[Item], options: Options) -> Iterator[list[Row]]:
        if any(POISON in _text(item) for item in items):
            threading.Event().wait()
        yield from super().digest(items, options)


class StillbornActor(EngineActor):
    """Its process ends while its engine loads."""

    def hello(self) -> Hello | DiglotError:
        os._exit(1)
