"""The files that the lines of a ledger came from, so that lines of deleted files can be dropped.

A line holds only a hash of its file's path, because results are handed on and the folders of this
machine are private. The paths stay on this machine, in a hidden file beside the ledger.
"""

import hashlib
import json
import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from service.errors import DiglotError
from service.folder.ledger import Ledger
from service.folder.whole_file import replacing
from service.ingest.storage import InputFile

FILE = ".digests.jsonl.files"


def place_of(file: InputFile) -> str:
    """The hash by which a line names its file: the same whatever links lead there."""
    path = os.path.realpath(file) if isinstance(file, Path) else file.as_posix()
    return hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Places:
    """The paths behind the places of a ledger, those of former runs included.

    `files` are what a search of `paths` found. Raises DiglotError when the disk refuses.
    """

    def __init__(self, ledger: Ledger, files: Iterable[Path], paths: Sequence[Path]) -> None:
        self._file = ledger.path.with_name(FILE)
        self._roots = [_root(path) for path in paths]
        of_lines = ledger.places()
        before = {place: path for place, path in _load(self._file).items() if place in of_lines}
        found = {place_of(file): _as_found(file, paths) for file in files}
        self._found = set(found)
        self._paths = before | found
        self._save()

    def deleted(self) -> set[str]:
        """The places of files below the searched folders that no longer exist.

        A folder that could not be entered once is such a place too, as soon as it can be. A file
        outside of the folders that this run searched is left alone: its disk may be unplugged.
        """
        return {
            place
            for place, path in self._paths.items()
            if place not in self._found and self._was_searched(path) and _is_gone(path)
        }

    def _was_searched(self, path: str) -> bool:
        return any(Path(path).is_relative_to(root) for root in self._roots)

    def _save(self) -> None:
        try:
            with replacing(self._file) as new:
                new.write_text(json.dumps(self._paths), "ascii")
        except OSError as error:
            raise DiglotError(f"can't write {self._file}: {error.strerror}") from error


def _root(path: Path) -> str:
    """The folder that a path on the command line stands for: itself, or that of the file."""
    return os.path.realpath(path if path.is_dir() else path.parent)


def _as_found(file: Path, paths: Sequence[Path]) -> str:
    """The file's path below the folder that was searched, that folder's own links resolved."""
    for path in paths:
        if file != path and file.is_relative_to(path):
            return str(Path(os.path.realpath(path)) / file.relative_to(path))
    return str(Path(os.path.realpath(file.parent)) / file.name)


def _is_gone(path: str) -> bool:
    """Whether no file is at `path`; a folder there is one that can be entered by now.

    False where that can't be told, as below a locked folder.
    """
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False


def _load(file: Path) -> dict[str, str]:
    try:
        found = json.loads(file.read_text("ascii"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
