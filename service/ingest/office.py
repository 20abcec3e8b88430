"""PDF and Word files to text, by pypdf and python-docx, which are an optional extra."""

import io
import logging
import re
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any, NamedTuple

from service.errors import DiglotError, NoText, TooLong, Unreadable, Unsupported

PACKAGES = {".pdf": "pypdf", ".docx": "docx"}
MOST_PAGES = 2_000
MOST_CHARACTERS = 20_000_000
MOST_UNPACKED = 200_000_000
"""Bytes of a Word file's parts, unpacked."""
_OLE = b"\xd0\xcf\x11\xe0"
"""The first bytes of an old Word file, and of a new one with a password."""
# A line end inside a sentence: the next line goes on, without the signs of a new paragraph.
_WRAPPED = re.compile(r"(?<=[^\s.!?。！？…:：])[ \t]*\n(?=[^\s\n•·\-–*\d])")
_HYPHENATED = re.compile(r"(?<=[a-z])-\n(?=[a-z])")
_WIDE = re.compile(r"(?<=[\u2e80-\u9fff\uff00-\uffef]) (?=[\u2e80-\u9fff\uff00-\uffef])")


class OfficeText(NamedTuple):
    """The text of a file, a paragraph a line, and its title where it has one."""

    text: str
    title: str | None


def is_readable(suffix: str) -> bool:
    """Whether the package for files of this suffix is installed."""
    return find_spec(PACKAGES[suffix]) is not None


def office_text(content: bytes, suffix: str) -> OfficeText:
    """The text of a PDF or Word file.

    Raises Unsupported without its package, Unreadable for one that is encrypted or damaged, NoText
    for one that is a scan or empty, and TooLong.
    """
    if not is_readable(suffix):
        raise Unsupported(
            f"Files of the kind {suffix} need a package; `pip install 'diglot[documents]'` brings"
            " it."
        )
    read = _pdf if suffix == ".pdf" else _docx
    try:
        return read(content)
    except DiglotError:
        raise
    except RecursionError as error:
        raise Unreadable("The file is nested too deeply.") from error
    except Exception as error:  # both packages raise whatever a damaged file leads to
        raise Unreadable(f"The file is damaged ({type(error).__name__}).") from error


def _pdf(content: bytes) -> OfficeText:
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it has a line for every small fault
    if not content.lstrip()[:5].startswith(b"%PDF"):
        raise Unreadable("This is not a PDF file.")
    reader = PdfReader(io.BytesIO(content))
    if reader.is_encrypted and not _is_open(reader):
        raise Unreadable("The PDF is encrypted. Save it without its password.")
    if len(reader.pages) > MOST_PAGES:
        raise TooLong(f"The PDF has {len(reader.pages):,} pages; at most {MOST_PAGES:,} are read.")
    text = _bounded(page.extract_text() for page in reader.pages)
    if not text.strip():
        raise NoText("The PDF holds pictures of pages and no text. Run OCR on it first.")
    title = reader.metadata.title if reader.metadata else None
    return OfficeText(_unwrapped(text), _given(title))


def _is_open(reader: Any) -> bool:
    """Whether the PDF opens without a password; many are encrypted against changes only."""
    from pypdf.errors import DependencyError

    try:
        return bool(reader.decrypt(""))
    except (DependencyError, NotImplementedError):
        return False


def _docx(content: bytes) -> OfficeText:
    from docx import Document

    if content.startswith(_OLE):
        raise Unreadable("The file is encrypted, or an old .doc. Save it as .docx, no password.")
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        if sum(part.file_size for part in parts.infolist()) > MOST_UNPACKED:
            raise TooLong(f"The file unpacks to more than {MOST_UNPACKED:,} bytes.")
    document = Document(io.BytesIO(content))
    text = _bounded(_blocks(document))
    if not text.strip():
        raise NoText("The Word file holds no text.")
    return OfficeText(text, _given(document.core_properties.title))


def _blocks(document: Any) -> Iterator[str]:
    """The paragraphs of a Word file and the rows of its tables, in their order."""
    for block in document.iter_inner_content():
        if hasattr(block, "rows"):
            for row in block.rows:
                cells = dict.fromkeys(cell.text.strip() for cell in row.cells)
                yield " · ".join(filter(None, cells))
        else:
            yield block.text


def _bounded(pieces: Iterator[str]) -> str:
    found, size = [], 0
    for piece in pieces:
        found.append(piece)
        size += len(piece)
        if size > MOST_CHARACTERS:
            raise TooLong(f"The file has more than {MOST_CHARACTERS:,} characters.")
    return "\n".join(found)


def _unwrapped(text: str) -> str:
    """`text` with the lines of a paragraph joined, which a PDF ends wherever its page does."""
    joined = _WRAPPED.sub(" ", _HYPHENATED.sub("", text))
    return _WIDE.sub("", joined)


def _given(title: str | None) -> str | None:
    return title.strip() or None if isinstance(title, str) else None
