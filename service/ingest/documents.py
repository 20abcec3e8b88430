"""Files and folders to articles: which files are read, and how each format becomes articles."""

import codecs
import json
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from service.article import Article, Markup
from service.errors import BadInput, DiglotError, NoText, TooLong, Unreadable, Unsupported
from service.ingest.encoding import decode
from service.ingest.feed_files import is_json_feed, json_feed_articles, read_feed
from service.ingest.office import PACKAGES, is_readable, office_text
from service.ingest.records import Unread, article_of, each, printable
from service.ingest.storage import InputFile, StoredFile, stored_files, without_query
from service.ingest.tables import TEXT_COLUMN, read_csv, read_parquet
from service.ingest.web_archive import read_warc

MARKUPS: dict[str, Markup] = {
    ".txt": "plain",
    ".md": "markdown",
    ".html": "html",
    ".htm": "html",
}
SUFFIXES = frozenset({*MARKUPS, ".json", ".jsonl"})
MOST_BYTES = 200_000_000
"""Of a file that is read as a whole, and of a line of .jsonl; a folder must not fill the memory."""
TABLES: dict[str, Callable[[InputFile, str, str], Iterator[Article | Unread]]] = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".parquet": read_parquet,
}
SEVERAL: dict[str, Callable[[InputFile, str], Iterator[Article | Unread]]] = {
    ".rss": read_feed,
    ".atom": read_feed,
    ".xml": read_feed,
    ".warc": read_warc,
    ".warc.gz": read_warc,
}
"""Files of several articles. As tables they are read where they are named, not found in folders."""
_PIECEWISE = frozenset({".jsonl", ".parquet", ".warc", ".warc.gz"})
"""Read a piece at a time, so they may have any size."""


def find_files(paths: Sequence[Path], *, several: bool = False) -> list[Path]:
    """The files to read in `paths`, folders searched to the bottom.

    The order of `paths` is kept; inside a folder names sort as people count (2 before 10). Hidden
    files and other suffixes are skipped, and files of several articles unless `several`; a file
    that is named outright is taken whatever its suffix. No file comes twice. Raises BadInput for a
    path that does not exist.
    """
    found: dict[str, Path] = {}  # by real path; Path.resolve() raises where a link leads to itself
    for path in paths:
        if path.is_dir():
            for file in _walk(path, several):
                found.setdefault(os.path.realpath(file), file)
        elif path.exists():
            found.setdefault(os.path.realpath(path), path)
        else:
            raise BadInput(f"There is no file or folder named {printable(str(path))}.")
    return list(found.values())


def find_stored(uri: str) -> list[StoredFile]:
    """The files to read of an object store, below a folder's address or at a file's own.

    Raises BadInput for an address where nothing is, or that can't be reached.
    """
    from natsort import natsorted

    found = stored_files(uri)
    if len(found) == 1 and found[0].as_posix() == without_query(uri):
        return found
    taken = [file for file in found if _is_taken(suffix_of(file), several=True)]
    return natsorted(taken, key=lambda file: file.as_posix())


def _walk(folder: Path, several: bool) -> list[Path]:
    from natsort import natsorted

    files: list[Path] = []
    entered: set[str] = set()

    def locked(error: OSError) -> None:
        files.append(Path(error.filename))  # read_file will report it

    for root, folders, names in os.walk(folder, followlinks=True, onerror=locked):
        here = Path(root)
        if (real := os.path.realpath(here)) in entered:
            folders.clear()  # a link that leads back up
            continue
        entered.add(real)
        folders[:] = natsorted(name for name in folders if not name.startswith("."))
        files.extend(
            here / name
            for name in names
            if not name.startswith(".") and _is_taken(suffix_of(Path(name)), several)
        )
    return natsorted(files, key=lambda file: file.relative_to(folder).as_posix())


def read_file(path: InputFile, column: str = TEXT_COLUMN) -> Iterator[Article | Unread]:
    """The articles of one file. Never raises: what can't be read comes as an Unread.

    Plain text, Markdown and HTML hold one article. JSON holds an object or a list of objects with
    `text` (or `html`), and `title` and `source` where wanted. JSONL holds one object a line and is
    read line by line. A table has its texts in `column`.
    """
    source = printable(path.as_posix())
    try:
        yield from _read(path, source, column)
    except DiglotError as error:
        yield Unread(source, error)
    except OSError as error:
        reason = (error.strerror or "unknown").lower()
        yield Unread(source, Unreadable(f"The file can't be opened: {reason}."))


def _read(path: InputFile, source: str, column: str) -> Iterator[Article | Unread]:
    suffix = suffix_of(path)
    _check(path, suffix)
    if suffix == ".jsonl":
        with path.open("rb") as file:
            yield from _read_lines(file, source)
    elif suffix in TABLES:
        yield from TABLES[suffix](path, source, column)
    elif suffix in SEVERAL:
        yield from SEVERAL[suffix](path, source)
    elif suffix in PACKAGES:
        text, title = office_text(path.read_bytes(), suffix)
        yield Article(text, title, source)
    else:
        yield from _read_text(path, suffix, source)


def suffix_of(path: InputFile) -> str:
    """The kind of a file by its name, in lower case: `.txt`, `.warc.gz`."""
    name = path.name.lower()
    return ".warc.gz" if name.endswith(".warc.gz") else path.suffix.lower()


def _check(path: InputFile, suffix: str) -> None:
    """Raises where a file is of another kind, or larger, than is read."""
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise Unreadable("The folder can't be opened.")
    if not stat.S_ISREG(found.st_mode):
        raise Unsupported("This is no ordinary file.")  # a pipe would be waited for, for ever
    if suffix not in SUFFIXES | PACKAGES.keys() | TABLES.keys() | SEVERAL.keys():
        raise Unsupported(f"Files of this kind are not read; these are: {_known()}.")
    if suffix not in _PIECEWISE and found.st_size > MOST_BYTES:
        raise TooLong(f"The file has {found.st_size:,} bytes; at most {MOST_BYTES:,} are read.")


def _read_text(path: InputFile, suffix: str, source: str) -> Iterator[Article | Unread]:
    text = decode(path.read_bytes())
    if not text.strip():
        raise NoText("The file is empty.")
    if suffix == ".json":
        yield from _read_json(text, source)
    else:
        yield Article(text, source=source, markup=MARKUPS[suffix])


def _is_taken(suffix: str, several: bool) -> bool:
    """Whether a folder's files of this kind are read: the optional ones with their package only."""
    if several and suffix in TABLES.keys() | SEVERAL.keys():
        return True
    return suffix in SUFFIXES or (suffix in PACKAGES and is_readable(suffix))


def _known() -> str:
    return ", ".join(sorted(SUFFIXES | PACKAGES.keys() | TABLES.keys() | SEVERAL.keys()))


def _read_lines(file: BinaryIO, source: str) -> Iterator[Article | Unread]:
    seen = False
    for number, line in enumerate(_lines(file), start=1):
        if not line.strip():
            continue
        seen = True
        here = f"{source}:{number}"
        try:
            if len(line) > MOST_BYTES:
                raise TooLong(f"The line has more than {MOST_BYTES:,} bytes.")
            yield article_of(_parse(decode(line)), here)
        except DiglotError as error:
            yield Unread(here, error)
    if not seen:
        yield Unread(source, NoText("The file is empty."))


def _lines(file: BinaryIO) -> Iterator[bytes]:
    head = file.read(4)
    file.seek(0)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        # A newline byte is part of other characters here, so the file is read whole.
        yield from decode(file.read()).encode("utf-8", "surrogatepass").split(b"\n")
        return
    while line := file.readline(MOST_BYTES + 1):
        rest = line
        while len(rest) > MOST_BYTES and not rest.endswith(b"\n"):
            rest = file.readline(MOST_BYTES + 1)  # a line too long is passed over
        yield line


def _read_json(text: str, source: str) -> Iterator[Article | Unread]:
    found = _parse(text)
    if is_json_feed(found):
        yield from json_feed_articles(found, source)
        return
    if not isinstance(found, list):
        yield article_of(found, source)
        return
    if not found:
        raise NoText("The list of articles is empty.")
    yield from each(found, source)


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise Unreadable("The JSON is nested too deeply.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Unreadable(f"This is not valid JSON: {error.msg} ({where}).") from None
    except ValueError:  # a number with more digits than Python takes
        raise Unreadable("The JSON holds a number that can't be read.") from None
