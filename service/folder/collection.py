"""A folder that follows feeds: their new articles, digests, report and feed, round after round.

Articles are collected in `articles.jsonl`, a line each, written whole before anything is made of
it. So a kill at any moment loses nothing, and what was collected is never fetched again.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from service.errors import BadSetting, DiglotError
from service.folder.whole_file import replacing
from service.ingest.subscriptions import Subscriptions

ARTICLES, STATE = "articles.jsonl", ".watch.json"


@dataclass(frozen=True, slots=True)
class Round:
    """`new`: articles that were collected. `failed`: feeds that could not be read, and why."""

    new: int
    failed: Sequence[tuple[str, DiglotError]] = field(default_factory=list)


class Collection:
    """The articles that were collected from feeds. Raises BadSetting for a folder that can't be
    written to."""

    def __init__(self, folder: Path, *, allow_private: bool = False) -> None:
        self.file = folder / ARTICLES
        self._state = folder / STATE
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.file.touch()
            self._sources = set(self._read())
        except OSError as error:
            raise BadSetting(f"can't write to {folder}: {error.strerror}") from error
        self._subscriptions = Subscriptions(self._validators(), allow_private=allow_private)

    def __len__(self) -> int:
        """The number of articles."""
        return len(self._sources)

    def collect(self, feeds: Sequence[str]) -> Round:
        """Add the new articles of all feeds. Raises DiglotError when the disk refuses."""
        new, failed = 0, []
        for feed in feeds:
            try:
                for record in self._subscriptions.new_entries(feed, self._sources.__contains__):
                    self._add(record)
                    new += 1
            except OSError as error:
                raise DiglotError(f"can't write {self.file}: {error.strerror}") from error
            except DiglotError as error:
                failed.append((feed, error))
        self._keep_validators()
        return Round(new, failed)

    def _add(self, record: dict[str, Any]) -> None:
        with self.file.open("ab") as file:
            file.write(json.dumps(record).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._sources.add(record["source"])

    def _read(self) -> Iterator[str]:
        """The sources of all whole lines; a half line that a kill left is cut off."""
        end = 0
        with self.file.open("r+b") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    file.truncate(end)
                    break
                end += len(line)
                with suppress(ValueError, KeyError, TypeError):
                    yield json.loads(line)["source"]

    def _validators(self) -> dict[str, dict[str, str]]:
        with suppress(OSError, ValueError):
            found = json.loads(self._state.read_text("utf-8"))
            if isinstance(found, dict):
                return found
        return {}

    def _keep_validators(self) -> None:
        """Without them feeds are only read once more."""
        with suppress(OSError), replacing(self._state) as new:
            new.write_text(json.dumps(self._subscriptions.validators), "utf-8")
