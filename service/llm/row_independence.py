"""Row independence: probes whether a row in a padded batch gets the result that it gets alone."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from service.llm.loader import Loaded
from service.llm.static_batch import Row, generate

TOLERANCE = 0.01
"""The most that a row's logits may differ, alone and in a batch, in standard deviations."""
SHORT, LONG, STEPS = 9, 40, 4
"""Tokens of the probe: of the short and the long prompt, and of their continuations."""
SHORT_CONTEXT = 24
"""The length from which rotary positions count a text as long, during the probe."""


@torch.inference_mode()
def rows_are_independent(loaded: Loaded) -> bool:
    """Whether the model gives a short row the same logits alone and beside a long one.

    The yardstick is the model's own rounding: how far its logits move when its embeddings change
    in their last bits.
    """
    rng = random.Random(0)
    vocabulary = loaded.model.config.get_text_config().vocab_size
    short, long = ([rng.randrange(vocabulary) for _ in range(size)] for size in (SHORT, LONG))
    forced = [rng.randrange(vocabulary) for _ in range(STEPS)]
    with _short_contexts(loaded.model):
        alone = _first_row_logits(loaded, [short], forced)
        beside = _first_row_logits(loaded, [short, long], forced)
        with _noisy_embeddings(loaded.model):
            noisy = _first_row_logits(loaded, [short], forced)
    spread = alone.std().clamp(min=1e-30)
    error, rounding = ((logits - alone).abs().mean() / spread for logits in (beside, noisy))
    return bool(error <= TOLERANCE + 3 * rounding)


def _first_row_logits(
    loaded: Loaded, rows: Sequence[Sequence[int]], forced: Sequence[int]
) -> Tensor:
    """The first row's logits before each of the tokens that all rows are forced to generate."""
    seen: list[Tensor] = []

    def record(logits: Tensor, generated: Sequence[int]) -> int:
        seen.append(logits.float().clone())
        return forced[len(generated)]

    def force(_: Tensor, generated: Sequence[int]) -> int:
        return forced[len(generated)]

    first, *others = rows
    batch = [Row(first, len(forced), sample=record)]
    batch += [Row(ids, len(forced), sample=force) for ids in others]
    generate(loaded, batch)
    return torch.stack(seen)


@contextmanager
def _short_contexts(model: Any) -> Iterator[None]:
    """Make rotary positions that depend on the longest text treat the probe's long row as long."""
    key, undo = "original_max_position_embeddings", []
    config = model.config.get_text_config()
    rope = getattr(config, "rope_parameters", None) or {}
    owners = [vars(config), rope, *(value for value in rope.values() if isinstance(value, dict))]
    for owner in owners:
        if owner.get(key):
            undo.append((owner, owner[key]))
            owner[key] = SHORT_CONTEXT
    try:
        yield
    finally:
        for owner, value in undo:
            owner[key] = value
        for module in model.modules():  # frequencies that were computed during the probe
            for name in [name for name in vars(module) if name.endswith("long_inv_freq")]:
                delattr(module, name)


@contextmanager
def _noisy_embeddings(model: Any) -> Iterator[None]:
    rng = torch.Generator().manual_seed(0)

    def add_noise(_: Any, __: Any, output: Tensor) -> Tensor:
        noise = torch.randn(output.shape, generator=rng).to(output)
        return output * (1 + 4 * torch.finfo(output.dtype).eps * noise)

    with model.get_input_embeddings().register_forward_hook(add_noise):
        yield
