"""Downloads: the files of a model that are fetched from a hub, their progress, and their hashes."""

import hashlib
import io
import logging
import sys
import time
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from tqdm import tqdm

log = logging.getLogger(__name__)

# Only the files that a model needs: no .bin (a pickle runs code), no other formats' copies.
PATTERNS = [
    "*.safetensors",
    "*.safetensors.index.json",
    "config.json",
    "adapter_config.json",
    "generation_config.json",
    "tokenizer*",
    "vocab.json",
    "merges.txt",
    "*.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template*",
]
IGNORED = ["*/*", "consolidated*"]


def is_wanted(name: str) -> bool:
    """Whether the file `name` of a repository is fetched."""
    wanted, ignored = (any(fnmatch(name, one) for one in some) for some in (PATTERNS, IGNORED))
    return wanted and not ignored


def sha256(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class LoggedProgress(tqdm):  # type: ignore[misc]  # tqdm has no types
    """Progress of a download as log lines, where stderr is not a terminal."""

    seconds_between_lines = 10.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._next_line = time.monotonic() + self.seconds_between_lines
        super().__init__(*args, **{**kwargs, "file": io.StringIO()})

    def display(self, *_: Any, **__: Any) -> None:
        # Besides the bytes on the disk there are bars of files, and of bytes on the wire.
        if self.unit != "B" or str(self.desc).startswith("Downloading"):
            return
        if (now := time.monotonic()) >= self._next_line:
            self._next_line = now + self.seconds_between_lines
            done, total = (self.format_sizeof(n, "B") for n in (self.n, self.total or self.n))
            log.info("fetched %s of %s", done, total)


def progress_class() -> type[tqdm] | None:
    """The class of progress bars for this stderr; None for a library's own."""
    return None if sys.stderr.isatty() else LoggedProgress
