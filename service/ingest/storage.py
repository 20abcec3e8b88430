"""Files of object stores, read through pyarrow's file systems: S3, Google Cloud, Azure, HDFS."""

import io
import os
import re
import stat
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Literal, cast
from urllib.parse import unquote, urlsplit

from service.errors import BadInput, BadSetting

_URI = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
_READ_AHEAD = 1 << 20
"""Bytes of one request: a small one costs as long as a large one."""


@dataclass(frozen=True)
class StoredFile:
    """A file of an object store; it is read as a Path is, as far as reading articles needs it.

    `uri` has neither the key nor the options of the address that was given.
    """

    uri: str
    path: str
    size: int
    filesystem: Any = field(repr=False)

    @cached_property
    def name(self) -> str:
        return PurePosixPath(self.path).name

    @cached_property
    def suffix(self) -> str:
        return PurePosixPath(self.path).suffix

    def as_posix(self) -> str:
        return self.uri

    def open(self, mode: Literal["rb"] = "rb") -> BinaryIO:
        """The bytes, fetched as they are read. Raises OSError."""
        stream = self.filesystem.open_input_file(self.path)
        return cast(BinaryIO, io.BufferedReader(_Stream(stream), _READ_AHEAD))

    def read_bytes(self) -> bytes:
        with self.open() as file:
            return file.read()

    def stat(self) -> os.stat_result:
        return os.stat_result((stat.S_IFREG, 0, 0, 1, 0, 0, self.size, 0, 0, 0))


InputFile = Path | StoredFile


class _Stream(io.RawIOBase):
    """A file of pyarrow's as Python's own: of text by lines it knows nothing."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return int(self._stream.readinto(buffer))

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return int(self._stream.seek(offset, whence))

    def tell(self) -> int:
        return int(self._stream.tell())

    def close(self) -> None:
        self._stream.close()
        super().close()


def is_uri(text: str) -> bool:
    """Whether an argument is an address such as s3://bucket/folder, and not a path."""
    return _URI.match(text) is not None


def local_path(text: str) -> Path | None:
    """The path of an argument that names a file of this machine; None for other addresses."""
    if not is_uri(text):
        return Path(text)
    parts = urlsplit(text)
    if parts.scheme.lower() != "file":
        return None
    return Path(unquote(parts.path))


def without_query(uri: str) -> str:
    """An address without its key and its options, as it may be shown."""
    if not is_uri(uri):
        return uri
    scheme, _, rest = uri.partition("://")
    place = rest.partition("?")[0]
    host, slash, path = place.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def file_system(uri: str) -> tuple[Any, str]:
    """The file system of an address, and the path inside of it.

    Raises BadSetting without the package pyarrow, and BadInput where the address is of no kind that
    it knows.
    """
    try:
        import pyarrow as pa
        from pyarrow.fs import FileSystem
    except ImportError as error:
        raise BadSetting(
            "object storage needs the package pyarrow: pip install 'diglot[ray]'"
        ) from error
    try:
        filesystem, path = FileSystem.from_uri(uri)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise BadInput(f"{without_query(uri)} can't be opened: {_reason(error)}") from error
    return filesystem, path


def stored_files(uri: str) -> list[StoredFile]:
    """All files below an address, hidden ones aside, or the one at it.

    Raises BadInput where nothing is there, or it can't be reached.
    """
    filesystem, path = file_system(uri)
    from pyarrow.fs import FileSelector, FileType

    shown = without_query(uri)
    try:
        (root,) = filesystem.get_file_info([path])
        found = [root]
        if root.type == FileType.Directory:
            found = filesystem.get_file_info(FileSelector(path, recursive=True))
    except OSError as error:
        raise BadInput(f"{shown} can't be opened: {_reason(error)}") from error
    if root.type == FileType.NotFound:
        raise BadInput(f"There is no file or folder named {shown}.")
    base = shown.rstrip("/")
    return [
        StoredFile(base + info.path[len(path.rstrip("/")) :], info.path, info.size, filesystem)
        for info in found
        if info.type == FileType.File and not _is_hidden(info.path[len(path) :])
    ]


def _is_hidden(path: str) -> bool:
    return any(part.startswith((".", "_")) for part in path.split("/"))


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
