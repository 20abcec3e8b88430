"""From a hub id or a folder to a model that is ready to run, or a BadSetting that says why not."""

import gc
import logging
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GenerationConfig

from service.engines.transformers.memory import is_out_of_memory, refuse_if_too_large
from service.engines.weights import Weights, fetch, find, public_name
from service.errors import BadSetting
from service.settings import Settings

log = logging.getLogger(__name__)

# Towers for pictures and sound, and heads that guess several tokens ahead: a text model leaves
# them out. Weights of any other name that find no place are worth a warning.
_LEFT_OUT = re.compile(r"visual|vision|audio|^mtp|\.mtp|rotary_emb\.inv_freq")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in evaluation mode on its device, its tokenizer, and what is known about them."""

    model: Any
    tokenizer: Any
    name: str
    revision: str | None
    context: int | None
    """Longest sequence in tokens; None when the model's configuration does not say."""
    stops: tuple[int, ...]
    """The tokens that end an answer."""


def load(settings: Settings) -> Loaded:
    """Load the model that `settings` names, fetching it first when it is not on this disk.

    Raises BadSetting when there is no such model, when its files are incomplete or of an unknown
    architecture, when it has no chat template, or when it does not fit into memory.
    """
    weights = find(settings) or fetch(settings)
    name = public_name(settings.model)
    device = _device(settings.device)
    _quieten()
    if device.type == "cpu":
        torch.set_num_threads(settings.threads or _cores())
    config = _config(weights, name)
    dtype = _dtype(settings.dtype, device)
    refuse_if_too_large(weights.folder, dtype, device, name)
    tokenizer = _tokenizer(weights.folder, name)
    model = _model(weights.folder, name, config, dtype, device)
    stops = _stops(model, tokenizer, config)
    # The publisher's sampling settings would make the same article read differently each time.
    model.generation_config = greedy(stops)
    return Loaded(
        model=model,
        tokenizer=tokenizer,
        name=name,
        revision=weights.revision,
        context=getattr(model.config.get_text_config(), "max_position_embeddings", None),
        stops=stops,
    )


def _quieten() -> None:
    """What matters of transformers' own notes is checked here; a log is no place for bars."""
    notes: Any = transformers.logging
    if "TRANSFORMERS_VERBOSITY" not in os.environ:
        notes.set_verbosity_error()
    if not sys.stderr.isatty():
        notes.disable_progress_bar()


def _cores() -> int:
    """The cores that this process may use; a container has fewer than its machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _device(wanted: str) -> torch.device:
    if wanted == "cuda" and not torch.cuda.is_available():
        raise BadSetting("device: cuda is asked for, but torch sees no GPU here")
    if wanted == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", torch.cuda.current_device())


def _dtype(wanted: str, device: torch.device) -> torch.dtype:
    if wanted == "auto":
        return torch.float32 if device.type == "cpu" else torch.bfloat16
    dtype = getattr(torch, wanted)
    assert isinstance(dtype, torch.dtype)
    return dtype


def _config(weights: Weights, name: str) -> Any:
    try:
        return AutoConfig.from_pretrained(weights.folder, trust_remote_code=False)
    except Exception as error:
        raise _refusal(name, "config.json can't be used", error, weights.folder) from error


def _tokenizer(folder: Path, name: str) -> Any:
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:
        raise _refusal(name, "its tokenizer can't be loaded", error, folder) from error
    if not tokenizer.chat_template:
        # A model without one was not taught to follow instructions; a format made up here would
        # get text that only looks like an answer.
        raise BadSetting(
            f"model {name}: it has no chat template. Take an instruction-tuned (chat) model"
        )
    return tokenizer


def _model(folder: Path, name: str, config: Any, dtype: torch.dtype, device: torch.device) -> Any:
    read: Any = AutoModelForCausalLM.from_pretrained
    try:
        model, report = read(
            folder,
            config=config,
            dtype=dtype,
            trust_remote_code=False,
            use_safetensors=True,
            output_loading_info=True,
        )
        _refuse_incomplete(name, report)
        model = model.to(device).eval()
    except BadSetting:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise BadSetting(f"model {name}: not enough memory to load it") from error
        raise _refusal(name, "it can't be loaded", error, folder) from error
    gc.collect()  # the shards that were read
    return model


def _refuse_incomplete(name: str, report: dict[str, Any]) -> None:
    """Weights that are not in the files would stay random: the model would answer with noise."""
    missing = sorted(report["missing_keys"])
    if missing:
        raise BadSetting(
            f"model {name}: {len(missing)} of its weights are not in the files, first {missing[0]}"
        )
    unknown = sorted(key for key in report["unexpected_keys"] if not _LEFT_OUT.search(key))
    if unknown:
        log.warning("model %s: %d unknown weights, first %s", name, len(unknown), unknown[0])


def _stops(model: Any, tokenizer: Any, config: Any) -> tuple[int, ...]:
    """Every token that any of the model's files calls an end, the tokenizer's own first.

    They disagree in practice: Qwen3.5's text configuration names the end of a document, only the
    outer one the end of a turn.
    """
    named: list[int] = []
    sources = (tokenizer, config, config.get_text_config(), model.generation_config)
    for source in sources:
        ids = getattr(source, "eos_token_id", None)
        named += ids if isinstance(ids, list) else [] if ids is None else [ids]
    if not named:
        raise BadSetting("the model's files name no token that ends an answer (eos_token)")
    return tuple(dict.fromkeys(named))


def greedy(stops: tuple[int, ...]) -> Any:
    """The likeliest token each time, and nothing else from the publisher's sampling settings."""
    settings: Any = GenerationConfig
    return settings(do_sample=False, eos_token_id=list(stops), pad_token_id=stops[0])


def _refusal(name: str, what: str, error: Exception, folder: Path) -> BadSetting:
    """The first line of the library's own message, without the path of this machine."""
    first = str(error).strip().partition("\n")[0].replace(str(folder), name)[:300]
    return BadSetting(f"model {name}: {what} ({type(error).__name__}: {first})")
