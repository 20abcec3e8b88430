"""Can this model's past be forked? Asked of the model itself, when it is loaded.

A few made-up tokens are read the forked way, in parts, and the plain way, at once; the logits have
to be the same up to rounding. So a model of any architecture either does the right thing, or takes
the plain path.
"""

import logging
import random
from collections.abc import Sequence
from typing import Any

import torch

from service.llm.cuda_graphs import Recorder
from service.llm.forward import ATTENTION
from service.llm.generator import BatchGenerator
from service.llm.kv_cache import NotForkable
from service.llm.scheduler import Limits
from service.llm.sequence import Generate, TokenRequest

log = logging.getLogger(__name__)

KINDS = {"full_attention", "sliding_attention", "linear_attention"}
MOVING_ROPE = {"dynamic", "longrope"}
PASSAGE, SUFFIX, ANSWER = 48, 9, 4  # tokens
CLOSE = {torch.float32: 0.01, torch.bfloat16: 0.2, torch.float16: 0.05}
"""How far apart logits may be on average, as a share of how far they vary, for a store of a type.
A model whose past is mixed up is off by about 1. Rounding alone made 0.03 of it,
tried once by hand, for random weights in the shape of Qwen3-0.6B in 8 bits, and 0.06 in that of
Qwen3.5-0.8B."""


def prepare(model: Any, stored: torch.dtype) -> int | None:
    """Set `model` up to be forked; returns the bytes that a token takes in a store of `stored`.

    None, with a line in the log, and the model as it was, where it can't be forked.
    """
    why_not = _unfit(model.config.get_text_config())
    if why_not is not None:
        log.warning("the model's past can't be forked (%s)", why_not)
        return None
    before = model.config._attn_implementation
    ids = _made_up(model.config.get_text_config().vocab_size)
    try:
        with torch.inference_mode():
            expected = model(input_ids=torch.tensor([ids], device=model.device)).logits[0]
        model.set_attn_implementation(ATTENTION)
        kept = _kept(model)
        found, batch = _read_forked(model, ids, stored)
        size = batch.token_bytes
        if not size or any(kept.get(key) is not tensor for key, tensor in _kept(model).items()):
            raise NotForkable("its layers keep the past themselves")
        off = (found - expected[-ANSWER:].float()).abs().mean() / expected.float().std()
        if off <= CLOSE[stored]:
            return size
        log.warning("the model's past can't be forked (logits are off by %.2f)", off)
    except Exception as error:
        log.warning("the model's past can't be forked (%s: %s)", type(error).__name__, error)
    model.set_attn_implementation(before)
    return None


def recordable(model: Any, stored: torch.dtype, recorder: Recorder) -> bool:
    """Whether recorded steps of a model that was prepared say what eager ones do; asked of the
    model too. A line in the log where they don't."""
    ids = _made_up(model.config.get_text_config().vocab_size)
    try:
        expected, _ = _read_forked(model, ids, stored)
        found, batch = _read_forked(model, ids, stored, recorder)
    except Exception as error:
        log.warning("the model's steps can't be recorded (%s: %s)", type(error).__name__, error)
        return False
    off = (found - expected).abs().mean() / expected.std()
    if off <= CLOSE[stored]:
        return batch.replayed_steps > 0  # else it was said already why not
    log.warning("the model's steps can't be recorded (logits are off by %.2f)", off)
    return False


def _unfit(config: Any) -> str | None:
    """What a few tokens would not show: layers that cut the text at fixed places, and positions
    that are turned by how long the longest text beside them is."""
    kinds = set(getattr(config, "layer_types", None) or [])
    if strange := kinds - KINDS:
        return f"layers of the kind {min(strange)}"
    if turned := _rope_types(getattr(config, "rope_parameters", None)) & MOVING_ROPE:
        return f"positions of the kind {min(turned)}"
    return None


def _rope_types(parameters: Any) -> set[str]:
    """Of one dictionary, or of one a kind of layer."""
    if not isinstance(parameters, dict):
        return set()
    inner = [_rope_types(one) for one in parameters.values()]
    return {str(parameters.get("rope_type"))}.union(*inner)


def _kept(model: Any) -> dict[tuple[str, str], torch.Tensor]:
    """Tensors that layers hold beside their weights."""
    return {
        (place, name): value
        for place, layer in model.named_modules()
        for name, value in vars(layer).items()
        if isinstance(value, torch.Tensor)
    }


def _made_up(words: int) -> list[int]:
    chance = random.Random(0)
    return [chance.randrange(words) for _ in range(PASSAGE + SUFFIX + ANSWER - 1)]


def _read_forked(
    model: Any, ids: Sequence[int], stored: torch.dtype, recorder: Recorder | None = None
) -> tuple[torch.Tensor, BatchGenerator]:
    """The logits after the suffix and after each token of an answer that is given."""
    seen: list[torch.Tensor] = []
    answer = ids[PASSAGE + SUFFIX :]

    def given(logits: torch.Tensor, written: Sequence[int]) -> int:
        seen.append(logits.float().clone())
        return answer[len(written)] if len(written) < len(answer) else 0

    suffix = tuple(ids[PASSAGE : PASSAGE + SUFFIX])
    limits = Limits(kv_tokens=1024, rows=2, chunk_tokens=PASSAGE // 2 + 1)
    batch = BatchGenerator(model, (), limits, dtype=stored, native=recorder is None)
    if recorder is not None:
        batch.record_steps(recorder)
    twice = (Generate(suffix, ANSWER, given), Generate(suffix[:1], ANSWER))
    batch.admit(TokenRequest("check", tuple(ids[:PASSAGE]), twice))
    while not batch.step():
        pass
    return torch.stack(seen[:ANSWER]), batch
