"""From a hub id or a folder to a model that is ready to run, or a BadSetting that says why not."""

import logging
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoModelForCausalLM, GenerationConfig

from service import metrics
from service.errors import BadSetting
from service.llm.checkpoint import FolderCheckpoint
from service.llm.cores import usable_cores
from service.llm.fused import fuse
from service.llm.gguf_checkpoint import GgufCheckpoint
from service.llm.hub import Weights, fetch, find, public_name
from service.llm.kernels import linear
from service.llm.memory import is_out_of_memory, refuse_if_too_large, trim
from service.llm.quantizer import Int8Config
from service.llm.sizes import weight_bytes
from service.llm.template_file import read_template
from service.llm.tokenizer import end_of_turn
from service.settings import Settings

log = logging.getLogger(__name__)

# Towers for pictures and sound, and heads that guess several tokens ahead: a text model leaves
# them out. Weights of any other name that find no place are worth a warning.
_LEFT_OUT = re.compile(
    r"visual|vision|audio|projector|patch_merger|image_newline|^mtp|\.mtp|rotary_emb\.inv_freq"
)
Checkpoint = FolderCheckpoint | GgufCheckpoint


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
    dtype: str
    """The number format of the weights, by the name that the setting has for it; an int8 model
    computes in float32 between its linear layers."""
    sampling: Any | None = None
    """How its publisher would draw words (a GenerationConfig); None when that is greedy too."""


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
        torch.set_num_threads(settings.threads or usable_cores())
    checkpoint = _checkpoint(weights, name)
    config = _config(checkpoint, weights, name)
    dtype = _dtype(settings.dtype, device, config, name, linear.available())
    formats = _formats(dtype, config)
    shell = _shell(weights, name, config)
    needed = weight_bytes(shell, formats)
    refuse_if_too_large(needed, dtype, device, name)
    tokenizer = _tokenizer(checkpoint, weights, name, settings.chat_template)
    turn_end = end_of_turn(tokenizer)  # before the weights: it refuses a template that fails
    model = _on(device, _model(weights, name, shell, checkpoint, formats), dtype, name)
    metrics.model_memory_bytes.set(needed)
    stops = _stops(model, tokenizer, config, turn_end)
    # The publisher's sampling settings would make the same article read differently each time.
    sampling = model.generation_config if model.generation_config.do_sample else None
    model.generation_config = greedy(stops)
    return Loaded(
        model=model,
        tokenizer=tokenizer,
        name=name,
        revision=weights.revision,
        context=getattr(model.config.get_text_config(), "max_position_embeddings", None),
        stops=stops,
        dtype=dtype,
        sampling=sampling,
    )


def _quieten() -> None:
    """What matters of transformers' own notes is checked here; a log is no place for bars."""
    notes: Any = transformers.logging
    if "TRANSFORMERS_VERBOSITY" not in os.environ:
        notes.set_verbosity_error()
    if not sys.stderr.isatty():
        notes.disable_progress_bar()


def _device(wanted: str) -> torch.device:
    if wanted == "cuda" and not torch.cuda.is_available():
        raise BadSetting("device: cuda is asked for, but torch sees no GPU here")
    if wanted == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", torch.cuda.current_device())


def _dtype(wanted: str, device: torch.device, config: Any, name: str, int8: bool) -> str:
    """The number format of the weights: what is asked for, or the fastest that is good."""
    if wanted == "auto" and device.type == "cuda":
        return "bfloat16"
    if wanted not in {"auto", "int8"}:
        return wanted
    if device.type == "cuda":
        raise BadSetting("dtype: int8 is for a CPU; a GPU takes bfloat16")
    if getattr(config.get_text_config(), "quantization_config", None) or getattr(
        config, "quantization_config", None
    ):
        if wanted == "int8":
            raise BadSetting(f"dtype: the weights of model {name} are quantised already; take auto")
        return "float32"
    if int8:
        return "int8"
    if wanted == "int8":
        raise BadSetting(
            "dtype: int8 needs the compiled kernels, which can't be had here (the log says why)."
            " Install a C compiler, or take float32 or bfloat16"
        )
    log.warning("dtype: without the compiled kernels (a C compiler) the model runs in float32")
    return "float32"


def _checkpoint(weights: Weights, name: str) -> Checkpoint:
    return GgufCheckpoint(weights.gguf, name) if weights.gguf else FolderCheckpoint(weights.folder)


def _config(checkpoint: Checkpoint, weights: Weights, name: str) -> Any:
    try:
        return checkpoint.config()
    except BadSetting:
        raise
    except Exception as error:
        what = "its header" if weights.gguf else "config.json"
        raise _refusal(name, f"{what} can't be used", error, weights.folder) from error


def _tokenizer(checkpoint: Checkpoint, weights: Weights, name: str, template: Path | None) -> Any:
    try:
        tokenizer = checkpoint.tokenizer()
    except Exception as error:
        raise _refusal(name, "its tokenizer can't be loaded", error, weights.folder) from error
    if template:
        tokenizer.chat_template = read_template(template)
    if not tokenizer.chat_template:
        # A model without one was not taught to follow instructions; a format made up here would
        # get text that only looks like an answer.
        raise BadSetting(
            f"model {name}: it has no chat template. Take an instruction-tuned (chat) model, or"
            " give its template with --chat-template"
        )
    return tokenizer


def _shell(weights: Weights, name: str, config: Any) -> Any:
    """The model without numbers: its class, its own configuration and the sizes of its weights."""
    build: Any = AutoModelForCausalLM.from_config
    try:
        with torch.device("meta"):
            return build(config, trust_remote_code=False)
    except Exception as error:
        raise _refusal(name, "it can't be loaded", error, weights.folder) from error


def _model(weights: Weights, name: str, shell: Any, checkpoint: Checkpoint, formats: Any) -> Any:
    try:
        model, report = type(shell).from_pretrained(
            None,
            config=shell.config,
            state_dict=checkpoint.weights(shell, _dtype_of(shell, formats)),
            generation_config=checkpoint.generation_config(),
            output_loading_info=True,
            **formats,
        )
        _refuse_incomplete(name, report)
    except BadSetting:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise BadSetting(f"model {name}: not enough memory to load it") from error
        raise _refusal(name, "it can't be loaded", error, weights.folder) from error
    return model


def _on(device: torch.device, model: Any, dtype: str, name: str) -> Any:
    try:
        model = model.to(device).eval()
        if dtype == "int8":
            log.info("%d layers are fused", fuse(model))
    except Exception as error:
        if is_out_of_memory(error):
            raise BadSetting(f"model {name}: not enough memory to load it") from error
        raise
    trim()
    return model


def _formats(dtype: str, config: Any) -> dict[str, Any]:
    if dtype != "int8":
        return {"dtype": getattr(torch, dtype)}
    stored = config.get_text_config().dtype or config.dtype or torch.float32
    asked = Int8Config(stored=str(stored).removeprefix("torch."))
    return {"dtype": torch.float32, "quantization_config": asked}


def _dtype_of(shell: Any, formats: dict[str, Any]) -> Callable[[str], torch.dtype]:
    """The number format that each weight is needed in, by its name."""
    usual: torch.dtype = formats["dtype"]
    if "quantization_config" not in formats:
        return lambda _name: usual
    stored: torch.dtype = getattr(torch, formats["quantization_config"].stored)
    table = shell.get_input_embeddings().weight
    tables = {name for name, weight in shell.named_parameters() if weight is table}
    return lambda name: stored if name in tables else usual


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


def _stops(model: Any, tokenizer: Any, config: Any, turn_end: int | None) -> tuple[int, ...]:
    """Every token that any of the model's files calls an end, the tokenizer's own first.

    `turn_end` is the one that the chat template shows.

    They disagree in practice: Qwen3.5's text configuration names the end of a document, only the
    outer one the end of a turn.
    """
    named: list[int] = []
    sources = (tokenizer, config, config.get_text_config(), model.generation_config)
    for source in sources:
        ids = getattr(source, "eos_token_id", None)
        named += ids if isinstance(ids, list) else [] if ids is None else [ids]
    if turn_end is not None:
        named.append(turn_end)
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
