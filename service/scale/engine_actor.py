"""One engine in a process of its own: Ray's actor, in plain Python."""

import json
import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass

from service import __version__, logs
from service.engine import Identity
from service.errors import DiglotError
from service.folder.items import Item, line_of
from service.folder.ledger import Line
from service.report.flat import flat
from service.result import Result
from service.scale.partitions import Row
from service.settings import Settings
from service.tasks import Options

GATHER_S = 2.0
"""Seconds for which rows are gathered, so that fast engines send whole chunks at once.
An engine that is killed meanwhile loses them."""


@dataclass(frozen=True, slots=True)
class Hello:
    """The engine that a worker has loaded; `warnings` are those of loading it."""

    identity: Identity
    version: str
    warnings: Sequence[str]


class EngineActor:
    """Loads the engine in the background; `hello` waits for it.

    What digests is imported in its process: the run's own has no need of it.
    """

    def __init__(self, settings: Settings) -> None:
        from service.engine_factory import load_engine
        from service.serving.service import Service

        logs.to_stderr(settings.log_level)
        self._warnings = _Warnings()
        logging.getLogger().addHandler(self._warnings)
        self._service = Service(settings, load_engine)
        self._service.open(quiet=True)

    def hello(self) -> Hello | DiglotError:
        """The loaded engine, or what kept it from loading."""
        try:
            identity = self._service.wait()
        except DiglotError as error:
            return error
        logging.getLogger().removeHandler(self._warnings)
        return Hello(identity, __version__, self._warnings.texts)

    def digest(self, items: Sequence[Item], options: Options) -> Iterator[list[Row]]:
        """The rows of all articles, some at a time as they end, failed ones with their error.

        Raises NotReady when the engine dies, and whatever else is not an article's own fault.
        """
        from service.folder.run import hand_in

        running = [(item, _future(hand_in(item, self._service, options))) for item in items]
        while running:
            ended, _ = wait([future for _, future in running], GATHER_S)
            rows = [_row(item, future) for item, future in running if future in ended]
            running = [(item, future) for item, future in running if future not in ended]
            if rows:
                yield rows


def row_of(line: Line) -> Row:
    """A line as a row of a partition: its columns flat, and all of it as JSON."""
    # backslashreplace: a broken page may hold half of a surrogate pair, which UTF-8 has not.
    whole = json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()
    more = {"place": line["place"], "fingerprint": line.get("fingerprint"), "result": whole}
    return {
        name: value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
        for name, value in ({**flat(line), **more}).items()
    }


def _row(item: Item, future: Future[Result]) -> Row:
    return row_of(line_of(item, future.exception() or future.result()))


def _future(handed_in: Future[Result] | DiglotError) -> Future[Result]:
    if isinstance(handed_in, Future):
        return handed_in
    refused: Future[Result] = Future()
    refused.set_exception(handed_in)
    return refused


class _Warnings(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())
