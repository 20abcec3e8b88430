"""Model loader: from a hub id, a folder or a GGUF file to a model that is ready to run."""

import logging
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoModelForCausalLM, GenerationConfig

from service import metrics
from service.errors import BadSetting
from service.llm.adapter_checkpoint import AdapterCheckpoint
from service.llm.chat_template import read_template
from service.llm.checkpoint import FolderCheckpoint
from service.llm.environment import usable_cores
from service.llm.fused import fuse
from service.llm.gguf_checkpoint import GgufCheckpoint
from service.llm.hub import fetch, find
from service.llm.kernels import linear
from service.llm.memory import is_out_of_memory, refuse_if_too_large, trim
from service.llm.model_files import ModelFiles, public_name
from service.llm.tokenizer import end_of_turn
from service.llm.weight_format import choose_dtype, dtype_by_name, load_options, weight_bytes
from service.settings import Settings

log = logging.getLogger(__name__)

# Vision and audio towers, and heads that predict several tokens ahead: a text model leaves them
# out. Any other weight that the model has no use for is worth a warning.
_LEFT_OUT = re.compile(
    r"visual|vision|audio|projector|patch_merger|image_newline|^mtp|\.mtp|rotary_emb\.inv_freq"
)
_UNKNOWN_MODEL = re.compile(r"not recognize|Unrecognized|trust_remote_code|custom code")
_ELSEWHERE = (
    ". No code that comes with a model is run: where transformers does not know it, serve it with"
    " another program and use --engine remote"
)
Checkpoint = FolderCheckpoint | GgufCheckpoint


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in evaluation mode on its device, its tokenizer, and facts about them."""

    model: Any
    tokenizer: Any
    name: str
    revision: str | None
    context: int | None
    """Longest sequence in tokens; None when the model's configuration does not say."""
    stops: tuple[int, ...]
    """The tokens that end an answer."""
    parameters: int
    dtype: str
    """The number format of the weights, as the setting names it; an int8 model computes in float32
    between its linear layers."""
    sampling: Any | None = None
    """The publisher's sampling settings (a GenerationConfig); None when they are greedy too."""


def load(settings: Settings) -> Loaded:
    """Load the model that `settings` names; download it first when it is not on this disk.

    Raises BadSetting when there is no such model, when its files are incomplete or of an unknown
    architecture, when it has no chat template, or when it does not fit into memory.
    """
    files = find(settings) or fetch(settings)
    name = public_name(settings.model)
    device = _device(settings.device)
    _silence_transformers()
    if device.type == "cpu":
        torch.set_num_threads(settings.threads or usable_cores())
    checkpoint = _checkpoint(files, name)
    config = _config(checkpoint, files, name)
    dtype = choose_dtype(settings.dtype, device, config, name, linear.available())
    options = load_options(dtype, config)
    shell = _shell(files, name, config)
    size = weight_bytes(shell, options)
    refuse_if_too_large(size, dtype, device, name)
    tokenizer = _tokenizer(checkpoint, files, name, settings.chat_template)
    turn_end = end_of_turn(tokenizer)  # before the weights, because a broken template stops here
    model = _to_device(device, _model(files, name, shell, checkpoint, options), dtype, name)
    metrics.model_memory_bytes.set(size)
    stops = _stop_tokens(model, tokenizer, config, turn_end)
    # The publisher's sampling settings would make the same article read differently each time.
    sampling = model.generation_config if model.generation_config.do_sample else None
    model.generation_config = greedy(stops)
    return Loaded(
        model=model,
        tokenizer=tokenizer,
        name=name,
        revision=files.revision,
        context=getattr(model.config.get_text_config(), "max_position_embeddings", None),
        stops=stops,
        parameters=sum(weight.numel() for weight in shell.parameters()),
        dtype=dtype,
        sampling=sampling,
    )


def _silence_transformers() -> None:
    """Turn transformers' own messages off: the loader checks what matters in them itself.

    Its progress bars are turned off where they would fill a log.
    """
    logger: Any = transformers.logging
    if "TRANSFORMERS_VERBOSITY" not in os.environ:
        logger.set_verbosity_error()
    if not sys.stderr.isatty():
        logger.disable_progress_bar()


def _device(setting: str) -> torch.device:
    if setting == "cuda" and not torch.cuda.is_available():
        raise BadSetting("device: cuda is asked for, but torch sees no GPU here")
    if setting == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", torch.cuda.current_device())


def _checkpoint(files: ModelFiles, name: str) -> Checkpoint:
    if files.adapter:
        return AdapterCheckpoint(files.folder, files.adapter, name)
    return GgufCheckpoint(files.gguf, name) if files.gguf else FolderCheckpoint(files.folder)


def _config(checkpoint: Checkpoint, files: ModelFiles, name: str) -> Any:
    try:
        return checkpoint.config()
    except BadSetting:
        raise
    except Exception as error:
        source = "its header" if files.gguf else "config.json"
        raise _refusal(name, f"{source} can't be used", error, files.folder) from error


def _tokenizer(checkpoint: Checkpoint, files: ModelFiles, name: str, template: Path | None) -> Any:
    try:
        tokenizer = checkpoint.tokenizer()
    except Exception as error:
        raise _refusal(name, "its tokenizer can't be loaded", error, files.folder) from error
    if template:
        tokenizer.chat_template = read_template(template)
    if not tokenizer.chat_template:
        # A model without a template was not taught to follow instructions; a made-up format would
        # get text that only looks like an answer.
        raise BadSetting(
            f"model {name}: it has no chat template. Take an instruction-tuned (chat) model, or"
            " give its template with --chat-template"
        )
    return tokenizer


def _shell(files: ModelFiles, name: str, config: Any) -> Any:
    """The model on the meta device: its class, configuration and shapes, without weights."""
    build: Any = AutoModelForCausalLM.from_config
    try:
        with torch.device("meta"):
            return build(config, trust_remote_code=False)
    except Exception as error:
        raise _refusal(name, "it can't be loaded", error, files.folder) from error


def _model(
    files: ModelFiles, name: str, shell: Any, checkpoint: Checkpoint, options: dict[str, Any]
) -> Any:
    try:
        model, report = type(shell).from_pretrained(
            None,
            config=shell.config,
            state_dict=checkpoint.weights(shell, dtype_by_name(shell, options)),
            generation_config=checkpoint.generation_config(),
            output_loading_info=True,
            **options,
        )
        _refuse_incomplete(name, report)
    except BadSetting:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise BadSetting(f"model {name}: not enough memory to load it") from error
        raise _refusal(name, "it can't be loaded", error, files.folder) from error
    return model


def _to_device(device: torch.device, model: Any, dtype: str, name: str) -> Any:
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


def _refuse_incomplete(name: str, report: dict[str, Any]) -> None:
    """Raise BadSetting for missing weights, which would stay random and make answers noise."""
    missing = sorted(report["missing_keys"])
    if missing:
        raise BadSetting(
            f"model {name}: {len(missing)} of its weights are not in the files, first {missing[0]}"
        )
    unknown = sorted(key for key in report["unexpected_keys"] if not _LEFT_OUT.search(key))
    if unknown:
        log.warning("model %s: %d unknown weights, first %s", name, len(unknown), unknown[0])


def _stop_tokens(model: Any, tokenizer: Any, config: Any, turn_end: int | None) -> tuple[int, ...]:
    """Every token that any of the model's files calls an end, the tokenizer's own first.

    `turn_end`: the token that the chat template ends an answer with.

    The files disagree in practice: Qwen3.5's text configuration names the end of a document, only
    the outer one the end of a turn.
    """
    stops: list[int] = []
    sources = (tokenizer, config, config.get_text_config(), model.generation_config)
    for source in sources:
        ids = getattr(source, "eos_token_id", None)
        stops += ids if isinstance(ids, list) else [] if ids is None else [ids]
    if turn_end is not None:
        stops.append(turn_end)
    if not stops:
        raise BadSetting("the model's files name no token that ends an answer (eos_token)")
    return tuple(dict.fromkeys(stops))


def greedy(stops: tuple[int, ...]) -> Any:
    """A GenerationConfig for greedy decoding, without any of the publisher's sampling settings."""
    settings: Any = GenerationConfig
    return settings(do_sample=False, eos_token_id=list(stops), pad_token_id=stops[0])


def _refusal(name: str, message: str, error: Exception, folder: Path) -> BadSetting:
    """A BadSetting with the first line of the library's message, without this machine's path."""
    first = str(error).strip().partition("\n")[0].replace(str(folder), name)[:300]
    hint = _ELSEWHERE if _UNKNOWN_MODEL.search(str(error)) else ""
    return BadSetting(f"model {name}: {message} ({type(error).__name__}: {first}){hint}")
