"""Can this model's past be forked? Asked of the model itself, when it is loaded.

Two short texts that begin alike are read the plain way, at once, and the forked way, in parts; what
every layer makes of them has to be the same (trial.py). So a model of any architecture either does
the right thing, or takes the plain path.
"""

import logging
import random
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from service.llm.cuda_graphs import Recorder
from service.llm.forward import ATTENTION
from service.llm.generator import BatchGenerator
from service.llm.kv_cache import NotForkable
from service.llm.scheduler import Limits
from service.llm.token_request import Generate, TokenRequest
from service.llm.trial import Reference, Trial, narrow_windows

log = logging.getLogger(__name__)

KINDS = {"full_attention", "sliding_attention", "linear_attention"}
MOVING_ROPE = {"dynamic", "longrope"}
PASSAGE, SUFFIXES, REST = 40, (6, 4), 9
"""Tokens of the passage, of what is asked about it, and of that with its answer."""
PARTS = [
    (0, slice(0, PASSAGE)),
    *((text, slice(PASSAGE, PASSAGE + suffix)) for text, suffix in enumerate(SUFFIXES)),
    *((text, slice(PASSAGE + suffix, None)) for text, suffix in enumerate(SUFFIXES)),
]
"""Of the two texts: the passage, what is read after it, and what is written."""
EXACT = 0.01
"""How far off a module may be in float32, as a share of what it returns. Two real models in 8 bits
were off by 0.0014 at most, over twenty seeds; tests/real holds right and wrong forks to this."""
ROUNDED = 0.5
"""The same in the number formats that the model is run in: rounded keys alone are no fault."""
CLOSE = {torch.float32: 0.01, torch.bfloat16: 0.2, torch.float16: 0.05}
"""How far apart logits of recorded steps may be on average, as a share of how far they vary."""


@torch.inference_mode()
def prepare(model: Any, stored: torch.dtype, seed: int = 0) -> int | None:
    """Set `model` up to be forked; returns the bytes that a token takes in a store of `stored`.

    None, with a line in the log, and the model as it was, where it can't be forked. `seed`: of the
    texts, whose words are made up.
    """
    why_not = _unfit(model.config.get_text_config())
    if why_not is not None:
        log.warning("the model's past can't be forked (%s)", why_not)
        return None
    before = model.config._attn_implementation
    try:
        with narrow_windows(model):
            return _try(model, stored, seed)
    except Exception as error:
        log.warning("the model's past can't be forked (%s: %s)", type(error).__name__, error)
    model.set_attn_implementation(before)
    return None


def _try(model: Any, stored: torch.dtype, seed: int) -> int:
    """The bytes that a token takes. Raises NotForkable, among others."""
    texts = _texts(model.config.get_text_config().vocab_size, seed).to(model.device)
    reference = Reference.of(model, texts, keep=REST + 1)
    model.set_attn_implementation(ATTENTION)
    kept = _kept(model)
    batch = _read_twice(Trial(model, reference, exact=True), torch.float32, EXACT)
    if {stored, model.dtype} != {torch.float32}:
        batch = _read_twice(Trial(model, reference, exact=False), stored, ROUNDED)
    size = batch.token_bytes
    if not size or any(kept.get(key) is not tensor for key, tensor in _kept(model).items()):
        raise NotForkable("its layers keep the past themselves")
    return size


def _read_twice(trial: Trial, stored: torch.dtype, limit: float) -> BatchGenerator:
    """Read the texts of a trial the forked way. Raises NotForkable where it is off by more."""
    with trial.watching():
        logits, batch = _read_forked(trial.model, trial.reference.texts.tolist(), stored)
    off = trial.error(PARTS)
    if not off <= limit:
        raise NotForkable(f"a layer is off by {off:.2f} where {limit} is allowed")
    for suffix, found, expected in zip(SUFFIXES, logits, trial.reference.logits, strict=True):
        if not _nearest(found, expected).equal(torch.arange(suffix, REST + 1)):
            raise NotForkable("logits are those of another token")
    return batch


def _nearest(found: Tensor, expected: Tensor) -> Tensor:
    """For each row of logits, which of the expected rows it is most like."""
    return torch.cdist(found, expected).argmin(-1).cpu()


def recordable(model: Any, stored: torch.dtype, recorder: Recorder) -> bool:
    """Whether recorded steps of a model that was prepared say what eager ones do; asked of the
    model too. A line in the log where they don't."""
    texts = _texts(model.config.get_text_config().vocab_size, seed=0).tolist()
    try:
        expected, _ = _read_forked(model, texts, stored)
        found, batch = _read_forked(model, texts, stored, recorder)
    except Exception as error:
        log.warning("the model's steps can't be recorded (%s: %s)", type(error).__name__, error)
        return False
    pairs = zip(found, expected, strict=True)
    off = max(float((one - other).abs().mean() / other.std()) for one, other in pairs)
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


def _texts(words: int, seed: int) -> Tensor:
    """Two texts that begin alike and differ in every token that follows, (2, tokens)."""
    rng = random.Random(seed)
    passage = [rng.randrange(words) for _ in range(PASSAGE)]
    pairs = [rng.sample(range(words), 2) for _ in range(REST)]
    return torch.tensor([passage + list(rest) for rest in zip(*pairs, strict=True)])


def _read_forked(
    model: Any,
    texts: Sequence[Sequence[int]],
    stored: torch.dtype,
    recorder: Recorder | None = None,
) -> tuple[list[Tensor], BatchGenerator]:
    """The logits after each text's suffix and after each token of its answer, which is given."""
    seen: list[list[Tensor]] = [[] for _ in texts]

    def branch(number: int) -> Generate:
        rest = texts[number][PASSAGE:]
        suffix, answer = rest[: SUFFIXES[number]], rest[SUFFIXES[number] :]

        def sample(logits: Tensor, written: Sequence[int]) -> int:
            seen[number].append(logits.float().clone())
            return answer[len(written)] if len(written) < len(answer) else 0

        return Generate(tuple(suffix), len(answer) + 1, sample)

    limits = Limits(kv_tokens=1024, rows=len(texts), chunk_tokens=PASSAGE // 2 + 1)
    batch = BatchGenerator(model, (), limits, dtype=stored, native=recorder is None)
    if recorder is not None:
        batch.record_steps(recorder)
    branches = tuple(map(branch, range(len(texts))))
    batch.admit(TokenRequest("trial", tuple(texts[0][:PASSAGE]), branches))
    while not batch.step():
        pass
    return [torch.stack(logits) for logits in seen], batch
