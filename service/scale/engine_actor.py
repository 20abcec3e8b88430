"""One engine in a process of its own: Ray's actor, in plain Python."""

import json
import logging
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from service import __version__, logs
from service.engine import Identity
from service.errors import DiglotError
from service.folder.ledger import Line
from service.folder.run import Item, hand_in, line_of
from service.report.flat import flat
from service.result import Result
from service.scale.partitions import Row
from service.settings import Settings
from service.tasks import Options


@dataclass(frozen=True, slots=True)
class Hello:
    """The engine that a worker has loaded; `warnings` are those of loading it."""

    identity: Identity
    version: str
    warnings: Sequence[str]


class EngineActor:
    """Loads the engine in the background; `hello` waits for it."""

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

    def digest(self, items: Sequence[Item], options: Options) -> list[Row]:
        """The rows of all articles, in their order, failed ones with their error.

        Raises NotReady when the engine dies, and whatever else is not an article's own fault.
        """
        handed_in = [hand_in(item, self._service, options) for item in items]
        pairs = zip(items, handed_in, strict=True)
        return [row_of(line_of(item, _outcome(each))) for item, each in pairs]


def row_of(line: Line) -> Row:
    """A line as a row of a partition: its columns flat, and all of it as JSON."""
    # backslashreplace: a broken page may hold half of a surrogate pair, which UTF-8 has not.
    whole = json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()
    more = {"place": line["place"], "fingerprint": line.get("fingerprint"), "result": whole}
    return {
        name: value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
        for name, value in ({**flat(line), **more}).items()
    }


def _outcome(handed_in: Future[Result] | DiglotError) -> Result | BaseException:
    if isinstance(handed_in, DiglotError):
        return handed_in
    return handed_in.exception() or handed_in.result()


class _Warnings(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())
