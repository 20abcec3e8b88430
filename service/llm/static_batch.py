"""A static batch: many prompts in, padded on the left, and what transformers' `generate` makes of
each.

A row stops alone, at its own limit or its own end. It gets what it would get in a batch of one,
except from the models that `rows_are_independent` finds.
"""

import ctypes
import inspect
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import (
    DynamicCache,
    LogitsProcessor,
    LogitsProcessorList,
    StoppingCriteria,
    StoppingCriteriaList,
)
from transformers.cache_utils import DynamicLayer

from service.llm.loader import Loaded, greedy
from service.llm.sequence import Generated, SampleToken

GROWTH = 128
"""Tokens that a layer of the cache grows by."""
ROUNDING = 0.01
"""How far apart a row's logits may be, alone and in a batch, as a share of how far they vary."""
SHORT, LONG, STEPS, NARROW = 9, 40, 4, 24
"""Tokens of a trial: of its rows, of what they write, and of a text that counts as short."""


@dataclass(frozen=True, slots=True)
class Row:
    """A prompt to continue by at most `max_tokens`; `abandoned` is asked after each.

    `sample` picks the next token; None: greedy.
    """

    ids: Sequence[int]
    max_tokens: int
    abandoned: Callable[[], bool] = lambda: False
    sample: SampleToken | None = None


def generate(loaded: Loaded, rows: Sequence[Row]) -> list[Generated]:
    """Continue every row, all in one batch, in the order of `rows`."""
    ids, mask = pad_left([row.ids for row in rows], loaded.stops[0], loaded.model.device)
    start = ids.shape[1]
    settings = greedy(loaded.stops)
    settings.max_new_tokens = max(row.max_tokens for row in rows)
    with torch.inference_mode():
        output = loaded.model.generate(
            input_ids=ids,
            attention_mask=mask,
            generation_config=settings,
            logits_processor=LogitsProcessorList([_OwnChoices(rows, start)]),
            stopping_criteria=StoppingCriteriaList([_RowEnds(rows, start)]),
            **_cache_for(loaded.model),
        )
    return [
        _cut(tokens, row, loaded.stops)
        for tokens, row in zip(output[:, start:].tolist(), rows, strict=True)
    ]


def log_probs(loaded: Loaded, rows: Sequence[Sequence[int]], last: int) -> Tensor:
    """Of the token after each of the `last` tokens of every row: (rows, last, vocabulary)."""
    ids, mask = pad_left(rows, loaded.stops[0], loaded.model.device)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    with torch.inference_mode():
        output = loaded.model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            use_cache=False,
            logits_to_keep=last,
        )
    logits: Tensor = output.logits
    return logits.float().log_softmax(-1)


def pad_left(
    rows: Sequence[Sequence[int]], filler: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Ids and attention mask, both (rows, longest row); the mask is 0 where `filler` stands."""
    longest = max(map(len, rows))
    ids = [[filler] * (longest - len(row)) + list(row) for row in rows]
    mask = [[0] * (longest - len(row)) + [1] * len(row) for row in rows]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)


class _OwnChoices(LogitsProcessor):
    """Leaves the rows that sample for themselves no other token than the one they took."""

    def __init__(self, rows: Sequence[Row], start: int) -> None:
        self._rows, self._start = rows, start

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Any:
        for index, row in enumerate(self._rows):
            if row.sample is not None:
                token = row.sample(scores[index], input_ids[index, self._start :].tolist())
                scores[index] = -torch.inf
                scores[index, token] = 0
        return scores


class _RowEnds(StoppingCriteria):
    """Says for each row whether it has reached its own limit or nobody waits for it any more."""

    def __init__(self, rows: Sequence[Row], start: int) -> None:
        self._rows, self._start = rows, start

    def __call__(self, input_ids: Tensor, scores: Any, **_: Any) -> Any:
        count = input_ids.shape[1] - self._start
        ends = [count >= row.max_tokens or row.abandoned() for row in self._rows]
        return torch.tensor(ends, device=input_ids.device)


def _cut(tokens: list[int], row: Row, stops: Sequence[int]) -> Generated:
    """A row that ended before the others is filled up to their length; leave the filling out."""
    tokens = tokens[: row.max_tokens]
    for index, token in enumerate(tokens):
        if token in stops:
            return Generated(tokens[:index], complete=True)
    return Generated(tokens, complete=False)


# Memory: what a step allocates is as large as the cache, and the system gives it out page by page.


class GrowingLayer(DynamicLayer):  # type: ignore[no-untyped-call]
    """A layer of transformers' cache that writes in place; its own copies itself each step."""

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> Any:
        """(rows, heads, new tokens, width) in, all tokens out."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self._keys, self._values = key_states[..., :0, :], value_states[..., :0, :]
            self._used = 0
        end = self._used + key_states.shape[-2]
        self._keys = _written(self._keys, key_states, self._used)
        self._values = _written(self._values, value_states, self._used)
        self._used = end
        self.keys, self.values = self._keys[..., :end, :], self._values[..., :end, :]
        return self.keys, self.values


def _written(buffer: Tensor, new: Tensor, used: int) -> Tensor:
    """`buffer`, or a longer copy of it, with `new` after the tokens that are used."""
    end = used + new.shape[-2]
    if end > buffer.shape[-2]:
        longer = new.new_empty((*new.shape[:-2], end + GROWTH, new.shape[-1]))
        longer[..., :used, :] = buffer[..., :used, :]
        buffer = longer
    buffer[..., used:end, :] = new
    return buffer


def _cache_for(model: Any) -> dict[str, Any]:
    """A cache to hand to `generate`; nothing for models that have one of their own kind."""
    takes = "past_key_values" in inspect.signature(model.forward).parameters
    if not takes or not model._supports_default_dynamic_cache():
        return {}
    cache = DynamicCache(config=model.config.get_text_config(decoder=True))
    grown: Any = GrowingLayer
    cache.layers = [grown() if type(each) is DynamicLayer else each for each in cache.layers]
    return {"past_key_values": cache}


def keep_freed_memory() -> None:
    """Let the C library reuse what a step frees, instead of giving it back to the system.

    Attention's copies of keys and values are tens of megabytes; from 32 MiB on glibc maps each
    afresh, and the system fills it with zeros, a page fault every 4 KiB. For 16 prompts of 930
    tokens with 24 new ones, SmolLM2 in float32, `generate` took 8.0 million faults and 21 of its 84
    CPU seconds in the system; with this setting 0.6 million and 2 of 63 (benchmarks/fallback.py).
    """
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):
        m_trim_threshold, m_mmap_threshold, most = -1, -3, (1 << 31) - 1
        mallopt(m_mmap_threshold, most)
        mallopt(m_trim_threshold, most)


# Does a row get in a batch what it gets alone?


@torch.inference_mode()
def rows_are_independent(loaded: Loaded) -> bool:
    """Asked of the model: a short row is continued alone, and beside a long one.

    The yardstick is the model's own rounding: how far its logits move when its embeddings do in
    their last bits.
    """
    rng = random.Random(0)
    words = loaded.model.config.get_text_config().vocab_size
    short, long = ([rng.randrange(words) for _ in range(size)] for size in (SHORT, LONG))
    forced = [rng.randrange(words) for _ in range(STEPS)]
    with _short_contexts(loaded.model):
        alone = _first_row(loaded, [short], forced)
        beside = _first_row(loaded, [short, long], forced)
        with _shaken(loaded.model):
            moved = _first_row(loaded, [short], forced)
    spread = alone.std().clamp(min=1e-30)
    off, rounding = ((one - alone).abs().mean() / spread for one in (beside, moved))
    return bool(off <= ROUNDING + 3 * rounding)


def _first_row(loaded: Loaded, rows: Sequence[Sequence[int]], forced: Sequence[int]) -> Tensor:
    """Its logits before each of the tokens that all rows are made to write."""
    seen: list[Tensor] = []

    def note(logits: Tensor, written: Sequence[int]) -> int:
        seen.append(logits.float().clone())
        return forced[len(written)]

    def write(_: Tensor, written: Sequence[int]) -> int:
        return forced[len(written)]

    first, *others = rows
    batch = [Row(first, len(forced), sample=note)]
    batch += [Row(ids, len(forced), sample=write) for ids in others]
    generate(loaded, batch)
    return torch.stack(seen)


@contextmanager
def _short_contexts(model: Any) -> Iterator[None]:
    """Rotary positions that go by the longest text find the long row of a trial long."""
    key, undo = "original_max_position_embeddings", []
    config = model.config.get_text_config()
    rope = getattr(config, "rope_parameters", None) or {}
    places = [vars(config), rope, *(value for value in rope.values() if isinstance(value, dict))]
    for place in places:
        if place.get(key):
            undo.append((place, place[key]))
            place[key] = NARROW
    try:
        yield
    finally:
        for place, value in undo:
            place[key] = value
        for module in model.modules():  # what such a rotation has worked out and kept
            for name in [name for name in vars(module) if name.endswith("long_inv_freq")]:
                delattr(module, name)


@contextmanager
def _shaken(model: Any) -> Iterator[None]:
    rng = torch.Generator().manual_seed(0)

    def shake(_: Any, __: Any, output: Tensor) -> Tensor:
        noise = torch.randn(output.shape, generator=rng).to(output)
        return output * (1 + 4 * torch.finfo(output.dtype).eps * noise)

    with model.get_input_embeddings().register_forward_hook(shake):
        yield
