"""ModelScope, the model hub in China: a model's files in its cache or there.

Needs the package modelscope-hub, an extra. It verifies sizes and hashes, and an interrupted
download goes on where it stopped.
"""

import errno
import io
import logging
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tqdm import tqdm

from service.llm.downloads import LoggedProgress, is_wanted
from service.llm.hub_faults import NO_MODEL, Variables, causes, explain
from service.llm.hub_route import route, route_fault

_VARIABLES = Variables(
    "MODELSCOPE_ENDPOINT", "MODELSCOPE_API_TOKEN", "MODELSCOPE_CACHE", "REQUESTS_CA_BUNDLE"
)


@dataclass(frozen=True, slots=True)
class ModelScope:
    """A model on the hub. `revision`: a branch or tag; None for the default branch."""

    model: str
    revision: str | None

    def cached(self) -> Path | None:
        """The folder of the model's files in the cache; they may be incomplete."""
        if not _installed():
            return None
        try:
            folder = _api().download_repo(
                self.model, "model", revision=self.revision, local_files_only=True
            )
        except Exception:  # absent, or no id of a model
            return None
        return Path(folder)

    def cut_off(self) -> str | None:
        """The reason why no request can be sent; None where one can be tried."""
        if not _installed():
            return "--hub modelscope needs a package: pip install modelscope-hub"
        return route_fault(_endpoint(), "MODELSCOPE_ENDPOINT")

    def files(self, timeout_s: float) -> list[str]:
        """The names of the model's files on the hub. Raises what `explain` explains."""
        return [file.path for file in self._listing()]

    def download(self) -> Path:
        """Download the files; an interrupted download goes on. Raises what `explain` explains."""
        files = [file for file in self._listing() if is_wanted(file.path)]
        total = sum(file.size for file in files)
        here = self.cached()
        _refuse_full_disk(total - (_size(here) if here else 0))
        with _progress(self.model, total) as callbacks:
            for file in sorted(files, key=lambda file: file.size):
                path = _api().downloader.download_file(
                    self.model,
                    "model",
                    file.path,
                    revision=self.revision,
                    expected_sha256=file.sha256,
                    file_size=file.size,
                    progress_callbacks=callbacks,
                )
        return Path(path).parent

    def explain(self, error: Exception) -> str:
        """A failed request's cause, and what the user can do about it."""
        from modelscope_hub import errors

        chain = causes(error)
        if any(isinstance(one, errors.FileIntegrityError) for one in chain):
            return (
                "a file was damaged on its way (its size or hash is not the hub's) and is removed;"
                " run it again"
            )
        if any(isinstance(one, errors.NotExistError) for one in chain):
            return (
                f"{NO_MODEL}, or it has no revision {self.revision}" if self.revision else NO_MODEL
            )
        return explain(error, route(_endpoint()), _VARIABLES)

    def _listing(self) -> list[Any]:
        found: list[Any] = _api().list_repo_files(self.model, "model", revision=self.revision)
        return [file for file in found if file.type != "tree"]


def _installed() -> bool:
    return find_spec("modelscope_hub") is not None


def _api() -> Any:
    # A refused listing is told at once, because the choice of an engine waits for a few seconds.
    os.environ.setdefault("MODELSCOPE_REPO_TREE_PAGE_MAX_ATTEMPTS", "1")
    from modelscope_hub import HubApi

    logging.getLogger("modelscope_hub").setLevel(logging.CRITICAL)  # errors are raised too
    return HubApi(endpoint=_endpoint())


def _endpoint() -> str:
    from modelscope_hub.config import HubConfig

    return str(HubConfig().endpoint)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir() if file.is_file())


def _refuse_full_disk(size: int) -> None:
    """Raise OSError where `size` bytes do not fit on the disk of the cache."""
    from modelscope_hub.config import HubConfig

    cache = Path(HubConfig().cache_dir)
    cache.mkdir(parents=True, exist_ok=True)
    if size > shutil.disk_usage(cache).free:
        raise OSError(errno.ENOSPC, "No space left on device")


@contextmanager
def _progress(model: str, total: int) -> Iterator[list[type]]:
    """Callbacks that log how many of `total` bytes are here, where stderr is not a terminal.

    The client draws bars whatever stderr is; in a log they are left out.
    """
    if sys.stderr.isatty():
        yield []
        return
    with (
        redirect_stderr(io.StringIO()),
        LoggedProgress(total=total, unit="B", unit_scale=True, desc=model) as bar,
    ):
        yield [_counting(bar)]


def _counting(bar: tqdm) -> type:
    """A class of callbacks, of which each file gets an instance, that move `bar`."""

    class Counting:
        def __init__(self, _name: str, _size: int) -> None: ...

        def update(self, size: int) -> None:
            bar.update(size)

        def end(self) -> None:
            bar.refresh()

    return Counting
