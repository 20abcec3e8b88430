"""The Hugging Face hub: find a model's files in its cache, or download them.

Imports neither torch nor transformers, so that an engine is chosen quickly.
"""

import errno
import io
import logging
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from service.errors import BadSetting
from service.llm.adapter import CONFIG, base_of, is_adapter
from service.llm.hub_route import route, route_fault
from service.llm.model_files import (
    ModelFiles,
    adapter_revision,
    folder_fault,
    is_local,
    local_files,
    public_name,
)
from service.settings import Settings

log = logging.getLogger(__name__)

HUB_PATIENCE_S = 3.0

# Only the files that a model needs: no .bin (a pickle runs code), no other formats' copies.
DOWNLOAD_PATTERNS = [
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
IGNORE_PATTERNS = ["*/*", "consolidated*"]


def find(settings: Settings) -> ModelFiles | None:
    """The model's files on this disk, or None when they have to be downloaded from the hub.

    Raises BadSetting for a folder or a file that can't work.
    """
    local = is_local(settings.model)
    folder = Path(settings.model).expanduser() if local else _cached(settings)
    if folder is not None and is_adapter(folder):
        return _with_base(folder, settings)
    if local and folder is not None:
        return local_files(folder, public_name(settings.model))
    if folder is None or folder_fault(folder):
        return None
    return ModelFiles(folder, folder.name)


def _with_base(adapter: Path, settings: Settings) -> ModelFiles | None:
    """An adapter's base model on this disk, to be changed by the adapter."""
    revision = adapter_revision(adapter) if is_local(settings.model) else adapter.name
    wanted = _base(adapter, settings)
    base = find(wanted)
    if base is None:
        return None
    if base.gguf or base.adapter:
        kind = "a GGUF file" if base.gguf else "an adapter itself"
        name = public_name(settings.model)
        raise BadSetting(f"model {name}: its base model {public_name(wanted.model)} is {kind}")
    return replace(base, adapter=adapter, revision=f"{revision} on {base.revision}")


def _base(adapter: Path, settings: Settings) -> Settings:
    """The settings that name an adapter's base model."""
    base = base_of(adapter, public_name(settings.model))
    if is_local(base.model) and not Path(base.model).expanduser().exists():
        raise BadSetting(
            f"model {public_name(settings.model)}: its base model {base.model} is not on this disk;"
            f" write a folder or a hub id as base_model_name_or_path in {CONFIG}"
        )
    return replace(settings, model=base.model, revision=base.revision)


def _adapter_here(settings: Settings) -> Path | None:
    """The folder of an adapter that is on this disk, whose base model may not be."""
    local = is_local(settings.model)
    folder = Path(settings.model).expanduser() if local else _cached(settings)
    return folder if folder is not None and is_adapter(folder) else None


def _cached(settings: Settings) -> Path | None:
    from huggingface_hub import snapshot_download

    try:
        folder = snapshot_download(
            settings.model,
            revision=settings.revision,
            allow_patterns=DOWNLOAD_PATTERNS,
            ignore_patterns=IGNORE_PATTERNS,
            local_files_only=True,
        )
    except (OSError, ValueError):  # absent or incomplete
        return None
    return Path(folder)


def why_not_fetchable(settings: Settings, patience_s: float = HUB_PATIENCE_S) -> str | None:
    """The reason why the weights can't be downloaded now; None when the hub has them.

    The hub is asked in a thread that is left behind after `patience_s` seconds, because a hanging
    name server or a silent proxy outlives every timeout of an HTTP client.
    """
    from huggingface_hub import constants

    if adapter := _adapter_here(settings):
        settings = _base(adapter, settings)
    if constants.is_offline_mode():
        return "HF_HUB_OFFLINE is set"
    if fault := route_fault(constants.ENDPOINT):
        return fault
    answers: list[str | None] = []
    thread = threading.Thread(
        target=lambda: answers.append(_ask_hub(settings, patience_s)), daemon=True
    )
    thread.start()
    thread.join(patience_s)
    return answers[0] if answers else f"the hub did not answer within {patience_s:g} seconds"


def _ask_hub(settings: Settings, timeout_s: float) -> str | None:
    from huggingface_hub import HfApi

    try:
        info = HfApi().model_info(settings.model, revision=settings.revision, timeout=timeout_s)
    except Exception as error:  # any error means that the weights can't be had now
        return _explain(error, settings)
    names = [file.rfilename for file in info.siblings or []]
    if not any(name.endswith(".safetensors") and "/" not in name for name in names):
        if any(name.endswith(".gguf") for name in names):
            return "the model's weights are GGUF files; download one and give its path as the model"
        return "the model has no weights as safetensors"
    return None


def fetch(settings: Settings, patience_s: float = 10.0) -> ModelFiles:
    """Download the model's files; an interrupted download resumes.

    Shows progress on stderr, or in the log where stderr is not a terminal. Raises BadSetting with
    the reason when that fails, within `patience_s` seconds when the hub does not answer at all.
    """
    if adapter := _adapter_here(settings):
        fetch(_base(adapter, settings), patience_s)
        return _found(settings)
    if is_local(settings.model):
        return _found(settings)
    # Asked first, because a download would retry for minutes.
    if why := why_not_fetchable(settings, patience_s):
        raise BadSetting(f"model {settings.model}: the weights are not on this disk, and {why}")
    from huggingface_hub import snapshot_download

    try:
        folder = Path(
            snapshot_download(
                settings.model,
                revision=settings.revision,
                allow_patterns=DOWNLOAD_PATTERNS,
                ignore_patterns=IGNORE_PATTERNS,
                tqdm_class=None if sys.stderr.isatty() else LoggedProgress,
            )
        )
    except Exception as error:
        raise BadSetting(f"model {settings.model}: {_explain(error, settings)}") from error
    if is_adapter(folder):
        return fetch(settings, patience_s)  # goes on with the base model
    if fault := folder_fault(folder):
        raise BadSetting(f"model {settings.model}: {fault.replace('the folder', 'it')}")
    return ModelFiles(folder, folder.name)


def _found(settings: Settings) -> ModelFiles:
    files = find(settings)
    assert files is not None  # `find` raises for a local model that can't work
    return files


def _explain(error: Exception, settings: Settings) -> str:
    """A failed download's cause, and what the user can do about it."""
    from huggingface_hub import constants, errors

    known: list[tuple[type[Exception], str]] = [  # subclasses before their bases
        (errors.GatedRepoError, "it is gated: accept its licence on the hub and set HF_TOKEN"),
        (errors.RevisionNotFoundError, f"it has no revision {settings.revision}"),
        (errors.RepositoryNotFoundError, "the hub has no such model, and there is no such folder"),
        (errors.HFValidationError, "this is neither a hub id nor a folder nor a file"),
        (errors.OfflineModeIsEnabled, "HF_HUB_OFFLINE is set"),
        (PermissionError, "the cache can't be written to; set HF_HOME to a folder that can"),
    ]
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "the disk is full; set HF_HOME to a larger one"
    for kind, text in known:
        if isinstance(error, kind):
            return text
    return (
        f"the hub can't be reached {route(constants.ENDPOINT)} ({type(error).__name__}); set"
        " HTTPS_PROXY where a proxy is needed, or HF_ENDPOINT to a mirror"
    )


class LoggedProgress(tqdm):  # type: ignore[misc]  # tqdm has no types
    """Progress of a download as log lines, in place of huggingface_hub's bars.

    huggingface_hub draws no bars where stderr is not a terminal.
    """

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
