"""The ledger of a folder: `digests.jsonl`, one finished article a line.

Every line is written the moment its article ends, so that a stop, a crash or a full disk loses
nothing that was done. `arrange` puts the lines into the order of the input at the end of a run. A
half line that a kill left behind is dropped at the next start. Only one run at a time may hold a
ledger. `place` in a line is a hash of the path of its file: results are handed on, and the folders
of the machine that made them are private.
"""

import json
import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from service.errors import DiglotError
from service.folder.lock import cant_write, lock
from service.folder.whole_file import replacing

FILE = "digests.jsonl"

Line = dict[str, Any]


class Ledger:
    """Raises BadSetting when the folder can't be used or another run holds it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        with ExitStack() as opened:
            opened.enter_context(lock(folder, f".{FILE}.lock"))
            try:
                self._writer = opened.enter_context(self.path.open("ab", buffering=0))
                self._reader = opened.enter_context(self.path.open("rb"))
            except OSError as error:
                raise cant_write(folder, error) from error
            self._opened = opened.pop_all()
        self._entries: dict[str, _Entry] = {}
        self._done: dict[str, str] = {}
        self._index()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._opened.close()

    def __len__(self) -> int:
        """The number of articles."""
        return len(self._entries)

    def clear(self) -> None:
        """Drop every line, to start over."""
        self._writer.truncate(0)
        self._entries.clear()
        self._done.clear()

    def is_done(self, id: str) -> bool:
        """Whether an article has its Result here; one that failed is not done."""
        return id in self._entries and self._entries[id].done

    def find(self, id: str, fingerprint: str) -> Line | None:
        """The Result of an article, or one of the same text and options from another file.

        None when there is neither.
        """
        if self.is_done(id):
            return self.read(id)
        other = self._done.get(fingerprint)
        return self.read(other) if other is not None and self.is_done(other) else None

    def read(self, id: str) -> Line:
        """The line of an article; KeyError when there is none."""
        line: Line = json.loads(self._raw(self._entries[id]))
        return line

    def lines(self) -> Iterator[Line]:
        """All lines, in the order of the file. Raises DiglotError when it can't be read."""
        try:
            with self.path.open("rb") as file:
                yield from filter(None, map(_parse, file))
        except OSError as error:
            raise DiglotError(f"can't read {self.path}: {error.strerror}") from error

    def places(self) -> set[str]:
        """The places of all lines."""
        return {entry.place for entry in self._entries.values()}

    def append(self, line: Line) -> None:
        """Write a finished article down, at once. Raises DiglotError when the disk refuses."""
        # backslashreplace: a broken page may hold half of a surrogate pair, which UTF-8 has not.
        raw = json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
        end = self._writer.seek(0, os.SEEK_END)
        try:
            self._write(raw)
        except OSError as error:
            with suppress(OSError):  # else the next start drops the half line
                self._writer.truncate(end)
            raise DiglotError(f"can't write {self.path}: {error.strerror}") from error
        self._note(line, end, len(raw))

    def arrange(self, ids: Iterable[str], places: Collection[str]) -> None:
        """Put the lines of `ids` first, in that order, and drop what they replace.

        `places` are the files that were read to their end, or deleted: a line from one of them
        that is not among `ids` is out of date and is dropped. All other lines follow unchanged. The
        new file replaces the old one in one move, so that nothing is lost at any moment.
        """
        self._index()  # Ctrl-C may have come between writing a line and noting it
        order = [key for key in dict.fromkeys(ids) if key in self._entries]
        first = set(order)
        order += [
            key
            for key, entry in self._entries.items()
            if key not in first and entry.place not in places
        ]
        try:
            with replacing(self.path) as new, new.open("wb") as file:
                file.writelines(self._raw(self._entries[key]) for key in order)
        except OSError as error:
            raise DiglotError(f"can't arrange {self.path}: {error.strerror}") from error

    def _write(self, raw: bytes) -> None:
        """All of `raw`: an unbuffered write takes a part only when the disk is all but full."""
        while raw:
            raw = raw[self._writer.write(raw) :]

    def _raw(self, entry: "_Entry") -> bytes:
        self._reader.seek(entry.offset)
        return self._reader.read(entry.size)

    def _note(self, line: Line, offset: int, size: int) -> None:
        key, done = str(line["id"]), "error" not in line
        self._entries[key] = _Entry(offset, size, str(line.get("place")), done)
        if done and "fingerprint" in line:
            self._done[str(line["fingerprint"])] = key

    def _index(self) -> None:
        """Find every whole line; cut off the rest, which a kill left behind."""
        self._entries.clear()
        self._done.clear()
        self._reader.seek(0)
        offset = 0
        for raw in self._reader:
            line = _parse(raw)
            if line is not None:
                self._note(line, offset, len(raw))
            elif not raw.endswith(b"\n"):
                self._writer.truncate(offset)
                break
            offset += len(raw)


class _Entry(NamedTuple):
    """A line's place in the file, its source, and whether it is a Result."""

    offset: int
    size: int
    place: str
    done: bool


def _parse(raw: bytes) -> Line | None:
    try:
        line = json.loads(raw)
    except ValueError:
        return None
    whole = raw.endswith(b"\n") and isinstance(line, dict) and "id" in line
    return line if whole else None
