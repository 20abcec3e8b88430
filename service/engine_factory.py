"""The choice of the engine, made once, at the start, within five seconds."""

import logging
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal, cast

from service.engine import Engine
from service.errors import BadSetting
from service.llm.hub import HUB_PATIENCE_S, fetch, find, why_not_fetchable
from service.llm.model_files import is_local
from service.messages import called
from service.resources import Resources
from service.settings import Settings

log = logging.getLogger(__name__)

WARNING = (
    "No model: %s. Digests will be the article's own sentences (engine extractive), and in the"
    " other language only its key facts, not a translation. For written digests fetch the"
    " weights once with `%s pull --model %s`, or give --model a folder that holds"
    " them, or a GGUF file. `--engine extractive` silences this warning."
)
NEXT = (
    "Is the name right? A folder or a GGUF file can be given instead. `--engine extractive` works"
    " without a model."
)
NO_TORCH = "torch and transformers are not installed"
INSTALL = (
    "`pip install -r requirements.txt`, or the extra `diglot[model]`, brings them."
    " `--engine extractive` works without a model."
)
_DEFAULT = Settings()


EngineName = Literal["transformers", "extractive", "remote"]


@dataclass(frozen=True, slots=True)
class Choice:
    """The engine, and why it and not the other: a clause for a log line or a page."""

    engine: EngineName
    why: str


def choose(settings: Settings, patience_s: float = HUB_PATIENCE_S) -> Choice:
    """The engine that `settings.engine` means here. For `auto`, looks on the disk first and then
    asks the hub, for `patience_s` seconds at most.

    Raises BadSetting when a model was named that can't be had: only the default may be missing,
    because whoever names a model means it.
    """
    if settings.engine == "transformers":
        require_torch()
    if settings.engine != "auto":
        return Choice(cast(EngineName, settings.engine), "it was asked for")
    if not _has_torch():
        return _without_model(settings, NO_TORCH, INSTALL)
    on_disk = find(settings) is not None  # before the hub, as it tells a mistyped folder
    if on_disk:
        return Choice("transformers", f"the weights of {settings.model} are on this disk")
    why_not = why_not_fetchable(settings, patience_s)
    if why_not is None:
        return Choice("transformers", f"the weights of {settings.model} can be fetched")
    return _without_model(settings, f"the weights of {settings.model} are not here, and {why_not}")


def require_torch() -> None:
    """Raises BadSetting where the libraries of a local model are not installed."""
    if not _has_torch():
        raise BadSetting(f"{NO_TORCH}. {INSTALL}")


def _has_torch() -> bool:
    return find_spec("torch") is not None and find_spec("transformers") is not None


def _without_model(settings: Settings, why: str, next_step: str = NEXT) -> Choice:
    if (settings.model, settings.revision) != (_DEFAULT.model, _DEFAULT.revision):
        raise BadSetting(f"model {settings.model}: {why}. {next_step}")
    return Choice("extractive", why)


def load_engine(settings: Settings, resources: Resources, *, interactive: bool = False) -> Engine:
    """The engine that `choose` picks, ready to work; a fallback is said once, loudly.

    `interactive`: people wait for single answers, so that a model's steps are kept short. Raises
    BadSetting when the engine that was asked for, or a model that is here, can't work.
    """
    choice = choose(settings)
    if choice.engine == "transformers":
        choice = _with_weights(settings, choice)
    if choice.engine == "transformers":
        from service.llm.llm_engine import LLMEngine

        return LLMEngine(settings, resources, interactive=interactive)
    if choice.engine == "remote":
        from service.remote.remote_engine import RemoteEngine

        return RemoteEngine(settings, resources)
    if settings.engine == "auto":
        hub = "" if settings.hub == _DEFAULT.hub else f" --hub {settings.hub}"
        log.warning(WARNING, choice.why, called(), settings.model + hub)
    from service.extractive.extractive_engine import ExtractiveEngine

    return ExtractiveEngine(resources)


def _with_weights(settings: Settings, choice: Choice) -> Choice:
    """Fetch weights that are missing; when that breaks off, `auto` may go on without a model."""
    if is_local(settings.model) or find(settings) is not None:
        return choice
    log.info("fetching the weights of %s", settings.model)
    try:
        fetch(settings)
    except BadSetting as error:
        if settings.engine != "auto":
            raise
        return _without_model(settings, str(error).removeprefix(f"model {settings.model}: "))
    return choice
