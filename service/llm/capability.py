"""Capability probe: tests at load time whether a model supports prefix sharing.

Two short texts with the same beginning are read the plain way, as a whole, and the forked way, in
parts; every layer has to compute the same (trial.py). So a model of any architecture either gives
correct answers with prefix sharing, or takes the fallback path.
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
"""Tokens of the passage, of each suffix, and of a suffix together with its answer."""
PARTS = [
    (0, slice(0, PASSAGE)),
    *((text, slice(PASSAGE, PASSAGE + suffix)) for text, suffix in enumerate(SUFFIXES)),
    *((text, slice(PASSAGE + suffix, None)) for text, suffix in enumerate(SUFFIXES)),
]
"""Parts of the two texts: the passage, the suffixes, and the answers."""
EXACT = 0.01
"""The largest relative error of a module in float32. Two real models in 8 bits had 0.0014 at most,
over twenty seeds; tests/real holds correct and faulty forks to this."""
ROUNDED = 0.5
"""The same in the model's own number formats, where rounded keys are not a fault."""
CLOSE = {torch.float32: 0.01, torch.bfloat16: 0.2, torch.float16: 0.05}
"""The largest mean error of a recorded step's logits, in their standard deviations."""


@torch.inference_mode()
def prepare(model: Any, stored: torch.dtype, seed: int = 0) -> int | None:
    """Prepare `model` for prefix sharing; returns the bytes of a token stored as `stored`.

    Where the model does not support it, logs why, leaves the model as it was and returns None.
    `seed`: of the random texts.
    """
    why_not = _unsupported(model.config.get_text_config())
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
    """The bytes of a stored token. Raises NotForkable, among others."""
    texts = _texts(model.config.get_text_config().vocab_size, seed).to(model.device)
    reference = Reference.of(model, texts, keep=REST + 1)
    if not reference.is_finite():
        kind = str(model.dtype).removeprefix("torch.")
        raise NotForkable(f"its own numbers overflow in {kind}; take bfloat16 or float32")
    model.set_attn_implementation(ATTENTION)
    before = _tensors(model)
    generator = _compare(Trial(model, reference, exact=True), torch.float32, EXACT)
    if {stored, model.dtype} != {torch.float32}:
        generator = _compare(Trial(model, reference, exact=False), stored, ROUNDED)
    size = generator.token_bytes
    if not size or any(before.get(key) is not tensor for key, tensor in _tensors(model).items()):
        raise NotForkable("its layers keep the past themselves")
    return size


def _compare(trial: Trial, stored: torch.dtype, limit: float) -> BatchGenerator:
    """Read a trial's texts the forked way. Raises NotForkable for an error above `limit`."""
    with trial.watching():
        forked, generator = _read_forked(trial.model, trial.reference.texts.tolist(), stored)
    error = trial.error(PARTS)
    if not error <= limit:
        raise NotForkable(f"a layer is off by {error:.2f} where {limit} is allowed")
    for suffix, logits, expected in zip(SUFFIXES, forked, trial.reference.logits, strict=True):
        if not _nearest(logits, expected).equal(torch.arange(suffix, REST + 1)):
            raise NotForkable("logits are those of another token")
    return generator


def _nearest(logits: Tensor, expected: Tensor) -> Tensor:
    """The index of the expected row that is nearest to each row of logits."""
    return torch.cdist(logits, expected).argmin(-1).cpu()


def recordable(model: Any, stored: torch.dtype, recorder: Recorder) -> bool:
    """Whether recorded steps of a prepared model give the logits of eager ones; logs if not."""
    texts = _texts(model.config.get_text_config().vocab_size, seed=0).tolist()
    try:
        expected, _ = _read_forked(model, texts, stored)
        recorded, generator = _read_forked(model, texts, stored, recorder)
    except Exception as error:
        log.warning("the model's steps can't be recorded (%s: %s)", type(error).__name__, error)
        return False
    pairs = zip(recorded, expected, strict=True)
    difference = max(float((logits - eager).abs().mean() / eager.std()) for logits, eager in pairs)
    if difference <= CLOSE[stored]:
        return generator.replayed_steps > 0  # if none was replayed, the reason is in the log
    log.warning("the model's steps can't be recorded (logits are off by %.2f)", difference)
    return False


def _unsupported(config: Any) -> str | None:
    """A reason against prefix sharing that a short text would not show.

    Some layers cut the text at fixed positions; some rotary positions depend on the longest text in
    the batch.
    """
    kinds = set(getattr(config, "layer_types", None) or [])
    if unknown := kinds - KINDS:
        return f"layers of the kind {min(unknown)}"
    if moving := _rope_types(getattr(config, "rope_parameters", None)) & MOVING_ROPE:
        return f"positions of the kind {min(moving)}"
    return None


def _rope_types(parameters: Any) -> set[str]:
    """The rope types in one dictionary, or in one for each kind of layer."""
    if not isinstance(parameters, dict):
        return set()
    inner = [_rope_types(value) for value in parameters.values()]
    return {str(parameters.get("rope_type"))}.union(*inner)


def _tensors(model: Any) -> dict[tuple[str, str], torch.Tensor]:
    """Tensors that layers hold besides their weights."""
    return {
        (path, name): value
        for path, layer in model.named_modules()
        for name, value in vars(layer).items()
        if isinstance(value, torch.Tensor)
    }


def _texts(vocabulary: int, seed: int) -> Tensor:
    """Two texts with the same passage that differ in every later token, (2, tokens)."""
    rng = random.Random(seed)
    passage = [rng.randrange(vocabulary) for _ in range(PASSAGE)]
    pairs = [rng.sample(range(vocabulary), 2) for _ in range(REST)]
    return torch.tensor([passage + list(rest) for rest in zip(*pairs, strict=True)])


def _read_forked(
    model: Any,
    texts: Sequence[Sequence[int]],
    stored: torch.dtype,
    recorder: Recorder | None = None,
) -> tuple[list[Tensor], BatchGenerator]:
    """The logits after each text's suffix and after each token of its answer, which is forced."""
    seen: list[list[Tensor]] = [[] for _ in texts]

    def branch(number: int) -> Generate:
        rest = texts[number][PASSAGE:]
        suffix, answer = rest[: SUFFIXES[number]], rest[SUFFIXES[number] :]

        def sample(logits: Tensor, generated: Sequence[int]) -> int:
            seen[number].append(logits.float().clone())
            return answer[len(generated)] if len(generated) < len(answer) else 0

        return Generate(tuple(suffix), len(answer) + 1, sample)

    limits = Limits(kv_tokens=1024, rows=len(texts), chunk_tokens=PASSAGE // 2 + 1)
    generator = BatchGenerator(model, (), limits, dtype=stored, native=recorder is None)
    if recorder is not None:
        generator.record_steps(recorder)
    branches = tuple(map(branch, range(len(texts))))
    generator.admit(TokenRequest("trial", tuple(texts[0][:PASSAGE]), branches))
    while not generator.step():
        pass
    return [torch.stack(logits) for logits in seen], generator
