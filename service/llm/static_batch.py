"""Static batch: prompts padded on the left and continued by transformers' `generate`.

Each row stops at its own limit or its own end. Its result equals that of a batch of one, except
for models whose rows depend on each other (row_independence.py).
"""

import ctypes
import inspect
import sys
from collections.abc import Callable, Sequence
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
from service.llm.token_request import Generated, SampleToken

GROWTH = 128
"""Tokens that a layer of the cache grows by."""


@dataclass(frozen=True, slots=True)
class Row:
    """A prompt to continue by at most `max_tokens` tokens.

    `abandoned` is called after each token; once it returns true, the row stops. `sample` chooses
    the next token; None: greedy.
    """

    ids: Sequence[int]
    max_tokens: int
    abandoned: Callable[[], bool] = lambda: False
    sample: SampleToken | None = None


def generate(loaded: Loaded, rows: Sequence[Row]) -> list[Generated]:
    """Continue all rows in one batch; results are in the order of `rows`."""
    ids, mask = pad_left([row.ids for row in rows], loaded.stops[0], loaded.model.device)
    start = ids.shape[1]
    settings = greedy(loaded.stops)
    settings.max_new_tokens = max(row.max_tokens for row in rows)
    with torch.inference_mode():
        output = loaded.model.generate(
            input_ids=ids,
            attention_mask=mask,
            generation_config=settings,
            logits_processor=LogitsProcessorList([_RowSampler(rows, start)]),
            stopping_criteria=StoppingCriteriaList([_RowEnds(rows, start)]),
            **_cache_for(loaded.model),
        )
    return [
        _cut(tokens, row, loaded.stops)
        for tokens, row in zip(output[:, start:].tolist(), rows, strict=True)
    ]


def log_probs(loaded: Loaded, rows: Sequence[Sequence[int]], last: int) -> Tensor:
    """Log-probabilities of the token after each of the `last` tokens of every row.

    Returns (rows, last, vocabulary).
    """
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
    """Ids and attention mask, both (rows, longest row); the mask is 0 at every `filler`."""
    longest = max(map(len, rows))
    ids = [[filler] * (longest - len(row)) + list(row) for row in rows]
    mask = [[0] * (longest - len(row)) + [1] * len(row) for row in rows]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)


class _RowSampler(LogitsProcessor):
    """Applies each row's own sampler: every token but the chosen one gets minus infinity."""

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
    """Stops each row at its own limit, or when it is abandoned."""

    def __init__(self, rows: Sequence[Row], start: int) -> None:
        self._rows, self._start = rows, start

    def __call__(self, input_ids: Tensor, scores: Any, **_: Any) -> Any:
        count = input_ids.shape[1] - self._start
        ends = [count >= row.max_tokens or row.abandoned() for row in self._rows]
        return torch.tensor(ends, device=input_ids.device)


def _cut(tokens: list[int], row: Row, stops: Sequence[int]) -> Generated:
    """The row's own tokens, without the padding after a row that ended before the others."""
    tokens = tokens[: row.max_tokens]
    for index, token in enumerate(tokens):
        if token in stops:
            return Generated(tokens[:index], complete=True)
    return Generated(tokens, complete=False)


# Memory: a step allocates as much as the cache holds, and the system provides it page by page.


class GrowingLayer(DynamicLayer):  # type: ignore[no-untyped-call]
    """A layer of transformers' cache that writes in place; the original is copied every step."""

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> Any:
        """Append (rows, heads, new tokens, width); returns all tokens."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self._keys, self._values = key_states[..., :0, :], value_states[..., :0, :]
            self._used = 0
        end = self._used + key_states.shape[-2]
        self._keys = _append(self._keys, key_states, self._used)
        self._values = _append(self._values, value_states, self._used)
        self._used = end
        self.keys, self.values = self._keys[..., :end, :], self._values[..., :end, :]
        return self.keys, self.values


def _append(buffer: Tensor, new: Tensor, used: int) -> Tensor:
    """`buffer`, or a longer copy of it, with `new` after its `used` tokens."""
    end = used + new.shape[-2]
    if end > buffer.shape[-2]:
        longer = new.new_empty((*new.shape[:-2], end + GROWTH, new.shape[-1]))
        longer[..., :used, :] = buffer[..., :used, :]
        buffer = longer
    buffer[..., used:end, :] = new
    return buffer


def _cache_for(model: Any) -> dict[str, Any]:
    """The cache argument of `generate`; empty for models with their own kind of cache."""
    has_cache = "past_key_values" in inspect.signature(model.forward).parameters
    if not has_cache or not model._supports_default_dynamic_cache():
        return {}
    cache = DynamicCache(config=model.config.get_text_config(decoder=True))
    growing: Any = GrowingLayer
    cache.layers = [growing() if type(each) is DynamicLayer else each for each in cache.layers]
    return {"past_key_values": cache}


def keep_freed_memory() -> None:
    """Make the C library reuse the memory that a step frees, instead of returning it to the system.

    Attention's copies of keys and values are tens of megabytes; from 32 MiB on glibc maps each
    afresh, and the system fills it with zeros, a page fault every 4 KiB. For 16 prompts of 930
    tokens with 24 new ones, SmolLM2 in float32, `generate` took 8.0 million faults and 21 of its 84
    CPU seconds in the system; with this setting 0.6 million and 2 of 63 (benchmarks/fallback.py).
    """
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):
        m_trim_threshold, m_mmap_threshold, most = -1, -3, (1 << 31) - 1
        mallopt(m_mmap_threshold, most)
        mallopt(m_trim_threshold, most)
