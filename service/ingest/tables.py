"""Articles from the rows of a table: CSV, TSV and Parquet."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from service.article import Article
from service.errors import NoText, Unreadable, Unsupported
from service.ingest.encoding import decode
from service.ingest.records import Unread, each
from service.ingest.storage import InputFile

TEXT_COLUMN = "text"
_DELIMITERS = ",;\t|"
_LARGEST_FIELD = 100_000_000


def read_csv(path: InputFile, source: str, column: str = TEXT_COLUMN) -> Iterator[Article | Unread]:
    """One article a row. The delimiter is the one of `,;|` and the tab that the header has most of.

    Raises NoText for an empty file and Unreadable where no column is named `column`.
    """
    csv.field_size_limit(_LARGEST_FIELD)
    lines = io.StringIO(decode(path.read_bytes()).replace("\0", "\ufffd"), newline="")
    header = lines.readline()
    if not header.strip():
        raise NoText("The file is empty.")
    delimiter = max(_DELIMITERS, key=header.count)
    rows = csv.reader(chain([header], lines), delimiter=delimiter)
    names = next(rows)
    _check(names, column)
    yield from each(_rows(rows, names, column), source)


def _rows(
    rows: Iterator[list[str]], names: Sequence[str], column: str
) -> Iterator[Mapping[str, Any]]:
    try:
        for row in rows:
            if row:
                yield _as_record(dict(zip(names, row, strict=False)), column)
    except csv.Error as error:
        raise Unreadable(f"The table can't be read: {error}.") from None


def read_parquet(
    path: InputFile, source: str, column: str = TEXT_COLUMN
) -> Iterator[Article | Unread]:
    """One article a row, read some rows at a time.

    Raises Unsupported without the package pyarrow, and Unreadable where no column is named
    `column` or the file is damaged.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise Unsupported(
            "Parquet needs the package pyarrow: pip install 'diglot[export]'."
        ) from None
    try:
        with path.open("rb") as file, pq.ParquetFile(file) as table:
            names = table.schema_arrow.names
            _check(names, column)
            wanted = [name for name in (column, "title", "source", "html") if name in names]
            records = (
                _as_record(row, column)
                for batch in table.iter_batches(batch_size=256, columns=list(dict.fromkeys(wanted)))
                for row in batch.to_pylist()
            )
            yield from each(records, source)
    except pa.ArrowException as error:
        raise Unreadable(f"The table can't be read: {' '.join(str(error).split())[:200]}") from None


def _check(names: Sequence[str], column: str) -> None:
    if column not in names:
        known = ", ".join(names[:20])
        raise Unreadable(f"No column is named {column}; there are: {known}. --column names one.")


def _as_record(row: Mapping[str, Any], column: str) -> Mapping[str, Any]:
    return {**row, "text": row.get(column)}
