"""The results of a folder in formats that other programs take: tables, Markdown and a feed.

Each is made anew of the ledger at the end of a run, written whole or not at all. A table has a row
for each article, the failed ones with their error.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from service.errors import BadSetting, DiglotError
from service.folder.ledger import Ledger
from service.folder.whole_file import replacing
from service.report.feed import dates_in, feed
from service.report.flat import COLUMNS, FlatRow, flat, in_xml

FEED = "feed.xml"
_ROWS_AT_ONCE = 1000
_FORMULA = re.compile(r"\A[=+\-@\t\r]")


def export(ledger: Ledger, formats: Iterable[str]) -> list[Path]:
    """Write a file for each format beside the ledger, and return their paths.

    Raises BadSetting where a format's package is missing, and DiglotError when the disk refuses.
    """
    written = []
    for name in dict.fromkeys(formats):
        write, file = WRITERS[name]
        path = ledger.path.with_name(file)
        try:
            with replacing(path) as new:
                write(new, ledger)
        except ImportError as error:
            raise BadSetting(
                f"--format {name} needs the package {error.name}: pip install 'diglot[export]'"
            ) from error
        except OSError as error:
            raise DiglotError(f"can't write {path}: {error.strerror}") from error
        written.append(path)
    return written


def rows(ledger: Ledger) -> Iterator[FlatRow]:
    """The lines of the ledger, flat."""
    return map(flat, ledger.lines())


def _write_csv(path: Path, ledger: Ledger) -> None:
    """UTF-8 with a mark that Excel needs; a cell that a program would run begins with a quote."""
    with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for row in rows(ledger):
            writer.writerow({name: _inert(value) for name, value in row.items()})


def _inert(value: str | float | None) -> str | float | None:
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def _write_xlsx(path: Path, ledger: Ledger) -> None:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet("digests")
    sheet.freeze_panes = "A2"
    sheet.append(COLUMNS)
    for row in rows(ledger):
        cells = []
        for name in COLUMNS:
            cell = WriteOnlyCell(sheet, _cell(row[name]))
            if isinstance(cell.value, str):
                cell.data_type = "s"  # text, also where it looks like a formula
            cells.append(cell)
        sheet.append(cells)
    book.save(path)


_LONGEST_CELL = 32_767
"""Characters that a cell of a spreadsheet may hold."""


def _cell(value: str | float | None) -> str | float | None:
    return in_xml(value)[:_LONGEST_CELL] if isinstance(value, str) else value


def _write_parquet(path: Path, ledger: Ledger) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    numbers = {"score", "coverage"}
    fields = [(name, pa.float64() if name in numbers else pa.string()) for name in COLUMNS]
    schema = pa.schema(fields)
    left = rows(ledger)
    with pq.ParquetWriter(path, schema) as writer:
        while some := [_encodable(row) for row in islice(left, _ROWS_AT_ONCE)]:
            writer.write_table(pa.Table.from_pylist(some, schema))


def _encodable(row: FlatRow) -> dict[str, Any]:
    """UTF-8 has no half of a surrogate pair."""
    return {
        name: value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
        for name, value in row.items()
    }


def _write_markdown(path: Path, ledger: Ledger) -> None:
    with path.open("w", encoding="utf-8", errors="replace") as file:
        for row in rows(ledger):
            file.write("\n".join(_markdown(row)) + "\n\n")


def _markdown(row: FlatRow) -> Iterator[str]:
    yield f"## {_one_line(row['title'] or row['source'] or row['id'])}"
    yield f"\n{_one_line(row['source'])}"
    if row["error"]:
        yield f"\n**{_one_line(row['error'])}**"
        return
    for name in ("en", "zh"):
        if row[f"digest_{name}"]:
            yield f"\n{_one_line(row[f'digest_{name}'])} *({row[f'kind_{name}']})*"
    yield f"\n**{_one_line(row['target'])}**: {row['stance']}"


_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|])")


def _one_line(value: object) -> str:
    """Text of an article as text, whatever it holds."""
    return _MARKUP.sub(r"\\\1", " ".join(str(value or "").split()))


def _write_feed(path: Path, ledger: Ledger) -> None:
    before = dates_in(ledger.path.with_name(FEED))
    path.write_bytes(feed(rows(ledger), "Diglot", dates=before))


Writer = Callable[[Path, Ledger], None]
WRITERS: Mapping[str, tuple[Writer, str]] = {
    "csv": (_write_csv, "digests.csv"),
    "xlsx": (_write_xlsx, "digests.xlsx"),
    "parquet": (_write_parquet, "digests.parquet"),
    "md": (_write_markdown, "digests.md"),
    "feed": (_write_feed, FEED),
}
FORMATS = ("jsonl", *WRITERS)
"""All formats that a folder may have; the ledger itself is the first."""
