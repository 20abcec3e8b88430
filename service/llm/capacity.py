"""Capacity: how long a passage and how large a KV cache a model's context and memory allow."""

from dataclasses import dataclass

import torch

from service.errors import BadSetting
from service.llm.attention import check_kernels
from service.llm.capability import prepare, recordable
from service.llm.cuda_graphs import Recorder, recorder_on
from service.llm.fallback import FallbackGenerator
from service.llm.generator import BatchGenerator
from service.llm.kernels.build import library
from service.llm.loader import Loaded
from service.llm.memory import free_bytes
from service.llm.scheduler import Limits
from service.settings import Settings
from service.tasks import LABELS

RESERVE = 512
"""Tokens of the context that are kept free for a title, a target and a list of names."""
MIN_PASSAGE = 64
"""Tokens; a model that can read less at once is of no use."""
KV_SHARE = 0.5
"""Of the free memory that the KV cache may take; the rest is for what a pass computes and, on a
GPU, for CUDA graphs: together they work in the memory of the largest of them, one step's, and what
the driver keeps of each is bounded by their number alone (cuda_graphs.MAX_SHAPES). How much that is
has not been measured. Where it is too much, steps are eager again."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """A generator, and the longest passage in tokens that it has room for."""

    generator: BatchGenerator | FallbackGenerator
    passage_tokens: int


def passage_limit(settings: Settings, loaded: Loaded, around: int) -> int:
    """Tokens of a passage that fit the context with `around` others. Raises BadSetting."""
    if loaded.context is None:
        return settings.passage_tokens
    limit = min(settings.passage_tokens, loaded.context - around - RESERVE)
    if limit < MIN_PASSAGE:
        raise BadSetting(
            f"model {loaded.name}: its context of {loaded.context} tokens is too"
            " small for an article, the prompt and the answer"
        )
    return limit


def make_generator(settings: Settings, loaded: Loaded, passage_tokens: int) -> Capacity:
    """The generator of the path that the model can take, for passages of `passage_tokens` or as
    many as memory holds. Raises BadSetting."""
    if library() is not None:
        check_kernels(library())
    stored = _kv_dtype(loaded)
    token_bytes = prepare(loaded.model, stored)
    if token_bytes is None:
        return Capacity(FallbackGenerator(loaded, settings.batch_rows), passage_tokens)
    rows = max(settings.batch_rows, len(LABELS))
    most = int(free_bytes(loaded.model.device) * KV_SHARE) // max(1, token_bytes)
    passage_tokens = _that_fit(most, passage_tokens, loaded.name)
    kv_tokens = min(most, rows * (passage_tokens + RESERVE))
    recorder = _working_recorder(settings, loaded, stored)
    # After the trials, which are generators as well: the gauges are to be those of this one.
    limits = Limits(kv_tokens, rows, settings.read_tokens)
    generator = BatchGenerator(loaded.model, loaded.stops, limits, dtype=stored)
    if recorder is not None:
        generator.record_steps(recorder)
    return Capacity(generator, passage_tokens)


def _that_fit(most: int, passage_tokens: int, name: str) -> int:
    """As many that two passages of that length fit into `most` tokens."""
    limit = min(passage_tokens, most // 2 - RESERVE)
    if limit < MIN_PASSAGE:
        raise BadSetting(
            f"model {name}: the free memory holds {most} tokens of what was read,"
            " too few for an article. Take a smaller model, or the extractive engine"
        )
    return limit


def _kv_dtype(loaded: Loaded) -> torch.dtype:
    """Half the bytes where the weights were rounded too; exact where they are exact."""
    if loaded.dtype == "int8":
        return torch.bfloat16
    dtype: torch.dtype = loaded.model.dtype
    return dtype


def _working_recorder(settings: Settings, loaded: Loaded, stored: torch.dtype) -> Recorder | None:
    """A new one after the trial: memory of a recorder whose graphs are gone is gone too."""
    device = loaded.model.device
    trial = recorder_on(device) if settings.cuda_graphs else None
    if trial is None or not recordable(loaded.model, stored, trial):
        return None
    return recorder_on(device)
