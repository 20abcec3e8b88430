"""Hubs: find a model's files on this disk, or download them from the hub that the settings name.

Imports neither torch nor transformers, so that an engine is chosen quickly.
"""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from service.errors import BadSetting
from service.llm.adapter import CONFIG, base_of, is_adapter
from service.llm.huggingface import HuggingFace
from service.llm.model_files import (
    ModelFiles,
    adapter_revision,
    folder_fault,
    is_local,
    local_files,
    public_name,
)
from service.llm.modelscope import ModelScope
from service.settings import Settings

HUB_PATIENCE_S = 3.0


class Repository(Protocol):
    """A model on a hub."""

    def cached(self) -> Path | None:
        """The folder of its files in the hub's cache; they may be incomplete."""

    def cut_off(self) -> str | None:
        """The reason why no request can be sent; None where one can be tried."""

    def files(self, timeout_s: float) -> list[str]:
        """The names of its files on the hub."""

    def download(self) -> Path:
        """Download its files; an interrupted download goes on."""

    def explain(self, error: Exception) -> str:
        """The cause of an error of `files` or `download`, and what to do about it."""


def repository(settings: Settings) -> Repository:
    """The model that `settings` names, on the hub that they name."""
    kind = ModelScope if settings.hub == "modelscope" else HuggingFace
    return kind(settings.model, settings.revision)


def find(settings: Settings) -> ModelFiles | None:
    """The model's files on this disk, or None when they have to be downloaded from the hub.

    Raises BadSetting for a folder or a file that can't work.
    """
    local = is_local(settings.model)
    folder = Path(settings.model).expanduser() if local else repository(settings).cached()
    if folder is not None and is_adapter(folder):
        return _with_base(folder, settings)
    if local and folder is not None:
        return local_files(folder, public_name(settings.model))
    if folder is None or folder_fault(folder):
        return None
    return _fetched(folder, settings)


def _fetched(folder: Path, settings: Settings) -> ModelFiles:
    """The files in a hub's cache. ModelScope's is not named by a commit."""
    if settings.hub == "modelscope":
        return local_files(folder, settings.model)
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
    folder = Path(settings.model).expanduser() if local else repository(settings).cached()
    return folder if folder is not None and is_adapter(folder) else None


def why_not_fetchable(settings: Settings, patience_s: float = HUB_PATIENCE_S) -> str | None:
    """The reason why the weights can't be downloaded now; None when the hub has them.

    The hub is asked in a thread that is left behind after `patience_s` seconds, because a hanging
    name server or a silent proxy outlives every timeout of an HTTP client.
    """
    if adapter := _adapter_here(settings):
        settings = _base(adapter, settings)
    if fault := repository(settings).cut_off():
        return fault
    answers: list[str | None] = []
    thread = threading.Thread(
        target=lambda: answers.append(_ask_hub(settings, patience_s)), daemon=True
    )
    thread.start()
    thread.join(patience_s)
    return answers[0] if answers else f"the hub did not answer within {patience_s:g} seconds"


def _ask_hub(settings: Settings, timeout_s: float) -> str | None:
    try:
        names = repository(settings).files(timeout_s)
    except Exception as error:  # any error means that the weights can't be had now
        return repository(settings).explain(error)
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
    try:
        folder = repository(settings).download()
    except BadSetting:
        raise
    except Exception as error:
        why = repository(settings).explain(error)
        raise BadSetting(f"model {settings.model}: {why}") from error
    if is_adapter(folder):
        return fetch(settings, patience_s)  # goes on with the base model
    if fault := folder_fault(folder):
        raise BadSetting(f"model {settings.model}: {fault.replace('the folder', 'it')}")
    return _fetched(folder, settings)


def _found(settings: Settings) -> ModelFiles:
    files = find(settings)
    assert files is not None  # `find` raises for a local model that can't work
    return files
