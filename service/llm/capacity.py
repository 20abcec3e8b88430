"""Capacity: the longest passage and the KV cache that a model's context and memory allow."""

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
from service.llm.needed_rows import restrict_last_layer
from service.llm.scheduler import Limits
from service.llm.token_cost import FLAT, TokenCost
from service.settings import Settings
from service.tasks import LABELS

RESERVE = 512
"""Tokens of the context that are reserved for a title, a target and a list of names."""
MIN_PASSAGE = 64
"""The shortest passage limit in tokens that a model may have."""
ROWS = {"cpu": 64, "cuda": 256}
"""Most sequences that are decoded at once, where the settings do not say. A GPU reads the weights
for 256 rows in the time that it takes for one."""
READ_TOKENS = {"cpu": 1024, "cuda": 4096}
"""Tokens that are prefilled between two decode steps, likewise. A GPU launches the operators of a
pass in the same time for a few tokens as for thousands."""
INTERACTIVE_READ_TOKENS = {"cpu": 512, "cuda": 4096}
"""The same where people wait for single answers."""
KV_SHARE = 0.5
"""The KV cache's share of the free memory. The rest is for the activations of a pass and, on a GPU,
for CUDA graphs: they share the memory of the largest, one step's, and what the driver keeps of each
is bounded only by their number (cuda_graphs.MAX_SHAPES). In the shape of Qwen3-0.6B a job of 64
articles took 1.2 GiB more with them. Where it is too much, steps are eager again."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """A generator, and the longest passage in tokens that its KV cache holds."""

    generator: BatchGenerator | FallbackGenerator
    passage_tokens: int


def passage_limit(settings: Settings, loaded: Loaded, around: int) -> int:
    """Most tokens of a passage, with `around` tokens around it in the context.

    Raises BadSetting.
    """
    if loaded.context is None:
        return settings.passage_tokens
    limit = min(settings.passage_tokens, loaded.context - around - RESERVE)
    if limit < MIN_PASSAGE:
        raise BadSetting(
            f"model {loaded.name}: its context of {loaded.context} tokens is too"
            " small for an article, the prompt and the answer"
        )
    return limit


def make_generator(
    settings: Settings, loaded: Loaded, passage_tokens: int, interactive: bool
) -> Capacity:
    """The generator that the model supports, for passages of `passage_tokens` or fewer.

    Passages are shorter where memory does not hold two of them. `interactive`: what is prefilled
    between two decode steps is bounded by its cost, else by its tokens. Raises BadSetting.
    """
    if library() is not None:
        check_kernels(library())
    stored, device = _kv_dtype(loaded), loaded.model.device.type
    token_bytes = prepare(loaded.model, stored)
    if token_bytes is None:
        return Capacity(
            FallbackGenerator(loaded, settings.batch_rows or ROWS["cpu"]), passage_tokens
        )
    restrict_last_layer(loaded.model)
    rows = max(settings.batch_rows or ROWS[device], len(LABELS))
    most = int(free_bytes(loaded.model.device) * KV_SHARE) // max(1, token_bytes)
    passage_tokens = _fitting(most, passage_tokens, loaded.name)
    kv_tokens = min(most, rows * (passage_tokens + RESERVE))
    recorder = _working_recorder(settings, loaded, stored)
    # Created after the probes, which are generators too, so that the gauges are those of this one.
    cost = TokenCost.of(loaded.model.config.get_text_config()) if interactive else FLAT
    usual = INTERACTIVE_READ_TOKENS if interactive else READ_TOKENS
    limits = Limits(kv_tokens, rows, settings.read_tokens or usual[device], cost)
    generator = BatchGenerator(loaded.model, loaded.stops, limits, dtype=stored)
    if recorder is not None:
        generator.record_steps(recorder)
    return Capacity(generator, passage_tokens)


def _fitting(most: int, passage_tokens: int, name: str) -> int:
    """`passage_tokens`, or fewer, so that two passages fit into `most` tokens."""
    limit = min(passage_tokens, most // 2 - RESERVE)
    if limit < MIN_PASSAGE:
        raise BadSetting(
            f"model {name}: the free memory holds {most} tokens of what was read,"
            " too few for an article. Take a smaller model, or the extractive engine"
        )
    return limit


def _kv_dtype(loaded: Loaded) -> torch.dtype:
    """The number format of the KV cache: bfloat16 for int8 weights, else that of the weights."""
    if loaded.dtype == "int8":
        return torch.bfloat16
    dtype: torch.dtype = loaded.model.dtype
    return dtype


def _working_recorder(settings: Settings, loaded: Loaded, stored: torch.dtype) -> Recorder | None:
    """A recorder for the model, new after the probe, whose graphs are freed with its own."""
    device = loaded.model.device
    probe = recorder_on(device) if settings.cuda_graphs else None
    if probe is None or not recordable(loaded.model, stored, probe):
        return None
    return recorder_on(device)
