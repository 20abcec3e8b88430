"""Articles that are given on the command line otherwise than as files: standard input, addresses.

Each is written into a folder beside the results, as JSON with its source, and is a file like others
from then on: a second run skips what has not changed.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from service.errors import DiglotError, NoText, TooLong, Unsupported
from service.ingest.encoding import decode
from service.ingest.fetch import HTML_TYPES, fetch, is_url
from service.ingest.office import office_text

FOLDER = ".given"
STDIN = "-"
MOST_BYTES = 200_000_000
_PDF, _ZIP = b"%PDF", b"PK\x03\x04"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_OFFICE = {"application/pdf": ".pdf", _WORD: ".docx"}
_TEXT = {"text/plain", "text/markdown", ""}


class Given(NamedTuple):
    """The files to read in place of the arguments, and what could not be had, by its argument."""

    paths: list[Path]
    failed: list[tuple[str, DiglotError]]


def stored(
    arguments: Sequence[str], out: Path, stdin: BinaryIO, *, allow_private: bool = False
) -> Given:
    """The arguments as paths; other articles are written below `out`. Raises OSError."""
    given = Given([], [])
    for argument in dict.fromkeys(arguments):
        if argument != STDIN and not is_url(argument):
            given.paths.append(Path(argument))
            continue
        try:
            record = _read(stdin) if argument == STDIN else _fetched(argument, allow_private)
        except DiglotError as error:
            given.failed.append((argument, error))
            continue
        given.paths.append(_written(out / FOLDER, argument, record))
    return given


def _read(stdin: BinaryIO) -> dict[str, Any]:
    content = stdin.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise TooLong(f"Standard input has more than {MOST_BYTES:,} bytes.")
    if not content.strip():
        raise NoText("Standard input is empty.")
    if content.startswith((_PDF, _ZIP)):
        return {**_office(content, ".pdf" if content.startswith(_PDF) else ".docx"), "source": "-"}
    text = decode(content)
    head = text.lstrip()[:200].lower()
    kind = "html" if head.startswith(("<!doctype", "<html")) else "text"
    return {kind: text, "source": STDIN}


def _fetched(url: str, allow_private: bool) -> dict[str, Any]:
    page = fetch(url, allow_private=allow_private)
    suffix = _OFFICE.get(page.media_type)
    if suffix or page.content.startswith(_PDF):
        return {**_office(page.content, suffix or ".pdf"), "source": url}
    if page.media_type not in HTML_TYPES | _TEXT:
        raise Unsupported(f"The address holds {page.media_type}, which is not read.")
    text = decode(page.content, page.charset)
    if not text.strip():
        raise NoText("The page is empty.")
    return {"html" if page.media_type in HTML_TYPES else "text": text, "source": url}


def _office(content: bytes, suffix: str) -> dict[str, Any]:
    found = office_text(content, suffix)
    return {"text": found.text, "title": found.title}


def _written(folder: Path, argument: str, record: dict[str, Any]) -> Path:
    """The file of a record: one for each address, and one for each content of standard input."""
    content = json.dumps(record, ensure_ascii=True)
    named = content if argument == STDIN else argument
    path = folder / f"{hashlib.sha256(named.encode()).hexdigest()[:16]}.json"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "ascii")
    return path
