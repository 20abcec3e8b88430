"""Results as Parquet partitions: `part-000000.parquet` and so on, in a folder or an object store.

The newest partition is written anew, whole, every few seconds until it is full, so that a kill
loses little. Of an article only the id is kept in memory, eight bytes. A row that failed is not
done; once its article has another row, it is dropped.
"""

import re
import time
from array import array
from collections.abc import Iterator, Set
from contextlib import ExitStack
from pathlib import PurePosixPath
from types import TracebackType
from typing import Any, NamedTuple, Self

from service.errors import BadSetting, DiglotError
from service.folder.lock import lock
from service.folder.whole_file import replacing
from service.ingest.storage import InputFile, file_system, local_path, without_query
from service.report.flat import COLUMNS

ROWS = 2_000
"""Rows of a full partition."""
SECONDS = 10.0
"""The work that a kill can lose."""
_PART = re.compile(r"part-(\d{6,})\.parquet")
_NUMBERS = {"score", "coverage"}

Row = dict[str, Any]
"""The columns of `--format parquet`, `place`, `fingerprint`, and `result`: all of it, as JSON."""


class _Keys(NamedTuple):
    """Of each row of some partitions: the id as a number, its file's hash, whether it is done, and
    the partition's number."""

    ids: Any
    places: Any
    done: Any
    parts: Any


class Partitions:
    """`out` is a folder or the address of one in an object store.

    Raises BadSetting when it can't be used or another run of this machine holds it.
    """

    def __init__(self, out: str) -> None:
        import numpy as np

        self.shown = without_query(out)
        self._folder = local_path(out)
        self._rows: list[Row] = []
        self._table: Any = None
        self._saved = time.monotonic()
        with ExitStack() as opened:
            self._open(out, opened)
            self._numbers = self._found()
            self._next = max(self._numbers, default=-1) + 1
            self._drop(places=frozenset(), ids=array("Q"))
            keys = self._keys()
            self._done = np.sort(keys.ids[keys.done])
            self._opened = opened.pop_all()

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
        """The number of articles that had their Results here when the run began."""
        return len(self._done)

    def is_done(self, id: str) -> bool:
        """Whether an article had its Result here when the run began."""
        wanted = int(id, 16)
        place = self._done.searchsorted(wanted)
        return bool(place < len(self._done) and self._done[place] == wanted)

    def clear(self) -> None:
        """Drop every row, to start over."""
        for number in self._numbers:
            self._delete(number)
        self._numbers.clear()
        self._done = self._done[:0]

    def append(self, row: Row) -> None:
        """Add the row of a settled article. Raises DiglotError when the disk refuses."""
        self._rows.append(row)
        self.save_if_due()

    def save_if_due(self) -> None:
        """Save what is new when it is much, or has waited for long. Raises as `append`."""
        if self._count() >= ROWS or time.monotonic() - self._saved > SECONDS:
            self.save()

    def save(self) -> None:
        """Write what is not written yet. Raises DiglotError when the disk refuses."""
        import pyarrow as pa

        self._saved = time.monotonic()
        if not self._rows:
            return
        new = pa.Table.from_pylist(self._rows, _schema())
        self._table = pa.concat_tables([self._table, new]) if self._table is not None else new
        self._rows.clear()
        self._write(self._next, self._table)
        self._numbers.add(self._next)
        if self._table.num_rows >= ROWS:
            self._next += 1
            self._table = None

    def arrange(self, ids: "array[int]", places: Set[str]) -> None:
        """Drop rows that others replace, and those of files in `places`, which were read to their
        end, whose article is not among `ids`. Raises DiglotError when the disk refuses."""
        self._drop(places, ids)

    def rows(self) -> Iterator[Row]:
        """All rows that are saved. Raises DiglotError where a partition can't be read."""
        for number in sorted(self._numbers):
            yield from self._read(number).to_pylist()

    def _count(self) -> int:
        return len(self._rows) + (self._table.num_rows if self._table is not None else 0)

    def _drop(self, places: Set[str], ids: "array[int]") -> None:
        import numpy as np
        import pyarrow as pa

        keys = self._keys()
        if not len(keys.ids):
            return
        # The last of an id's rows in this order stays: one that is done, of the newest partition.
        order = np.lexsort((keys.parts, keys.done, keys.ids))
        ordered = keys.ids[order]
        stays = np.ones(len(order), bool)
        stays[order[:-1]] = ordered[1:] != ordered[:-1]
        if places:
            read = np.isin(keys.places, np.array([int(place, 16) for place in places], np.uint64))
            stays &= ~read | np.isin(keys.ids, np.frombuffer(ids, np.uint64))
        for number in np.unique(keys.parts[~stays]):
            left = self._read(int(number)).filter(pa.array(stays[keys.parts == number]))
            if left.num_rows:
                self._write(int(number), left)
            else:
                self._delete(int(number))
                self._numbers.discard(int(number))

    def _keys(self) -> _Keys:
        """The keys of all rows. 25 bytes for each."""
        import numpy as np

        found = [self._keys_of(number) for number in sorted(self._numbers)]
        if not found:
            none = np.empty(0, np.uint64)
            return _Keys(none, none, np.empty(0, bool), np.empty(0, np.int64))
        return _Keys(*map(np.concatenate, zip(*found, strict=True)))

    def _keys_of(self, number: int) -> _Keys:
        import numpy as np

        table = self._read(number, ["id", "place", "error"])
        ids, places = (
            np.fromiter((int(value, 16) for value in table[name].to_pylist()), np.uint64)
            for name in ("id", "place")
        )
        done = table["error"].is_null().to_numpy()
        return _Keys(ids, places, done, np.full(len(ids), number))

    # From here on: the files, by their number.

    def _open(self, out: str, opened: ExitStack) -> None:
        if self._folder is None:
            self._filesystem, self._path = file_system(out)
            return
        opened.enter_context(lock(self._folder, ".digests.lock"))
        self._filesystem, self._path = file_system(self._folder.absolute().as_uri())

    def _found(self) -> set[int]:
        from pyarrow.fs import FileSelector

        try:
            files = self._filesystem.get_file_info(FileSelector(self._path, allow_not_found=True))
        except OSError as error:
            reason = " ".join(str(error).split())[:200]
            raise BadSetting(f"{self.shown} can't be opened: {reason}") from error
        names = (_PART.fullmatch(PurePosixPath(info.path).name) for info in files)
        return {int(name[1]) for name in names if name}

    def _read(self, number: int, columns: list[str] | None = None) -> Any:
        import pyarrow as pa
        import pyarrow.parquet as pq

        name = _name(number)
        try:
            with self._filesystem.open_input_file(f"{self._path}/{name}") as file:
                return pq.read_table(file, columns=columns)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise DiglotError(
                f"{self.shown}/{name} can't be read. Remove it, and its articles are digested again"
            ) from error

    def _write(self, number: int, table: Any) -> None:
        import pyarrow.parquet as pq

        name = _name(number)
        try:
            if self._folder is not None:
                with replacing(self._folder / name) as new:
                    pq.write_table(table, new, compression="zstd")
                return
            # An object appears when all of it is there.
            with self._filesystem.open_output_stream(f"{self._path}/{name}") as file:
                pq.write_table(table, file, compression="zstd")
        except OSError as error:
            reason = error.strerror or " ".join(str(error).split())[:200]
            raise DiglotError(f"can't write {self.shown}/{name}: {reason}") from error

    def _delete(self, number: int) -> None:
        try:
            self._filesystem.delete_file(f"{self._path}/{_name(number)}")
        except OSError as error:
            raise DiglotError(
                f"can't write {self.shown}/{_name(number)}: {error.strerror}"
            ) from error


def is_part(file: InputFile) -> bool:
    """Whether a file is named as a partition."""
    return _PART.fullmatch(file.name) is not None


def _name(number: int) -> str:
    return f"part-{number:06d}.parquet"


def _schema() -> Any:
    import pyarrow as pa

    columns = [(name, pa.float64() if name in _NUMBERS else pa.string()) for name in COLUMNS]
    more = [(name, pa.string()) for name in ("place", "fingerprint", "result")]
    return pa.schema(columns + more)
