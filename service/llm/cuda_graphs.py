"""CUDA graphs: decode steps on a GPU that are recorded once and replayed over the KV cache.

A GPU executes the operators of a step faster than Python can launch them. Two steps of the same
shape differ only in a table of integers, one line per row. It is filled before every step, and
everything in a recorded step is computed from it on the device.

Rows and attended lengths are padded, so that steps have few shapes. Padding rows write their keys
to a scratch block and their recurrent state to an unused slot.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import torch

from service.llm.attention_metadata import EMPTY_SPAN, AttentionMetadata, QuerySegment
from service.llm.dense_attention import MAX_GATHERED
from service.llm.forward import ForwardContext, forward
from service.llm.kv_cache import KVCache
from service.llm.memory import release

log = logging.getLogger(__name__)

MIN_TOKENS = 256
"""Attended lengths are padded to at least this many tokens."""
MAX_SHAPES = 32
"""Most graphs that are kept, because each holds driver memory. The least recently used one goes."""
MAX_PADDING = 3
"""Most gathered tokens, as a multiple of the needed ones. A shape alone may double the rows and add
half to their lengths. Where one row is far longer than the rest, the eager step gathers less,
because it groups rows by length."""
LEVELS = 3
"""Most spans of a row: the prefix, a suffix that continuations share, and its own tokens."""

Compute = Callable[[], object]
Replay = Callable[[], object]


class Recorder(Protocol):
    """Records a computation as a single call. Only its implementation depends on a GPU."""

    def warm_up(self, compute: Compute) -> None:
        """Run the computation for the first time, as it will be recorded."""
        ...

    def record(self, compute: Compute) -> Replay:
        """Record the computation; returns a call that repeats it. Changes no existing tensor."""
        ...


class CudaGraphs:
    """A recorder that uses torch's CUDA graphs, all in one memory pool."""

    def __init__(self, device: torch.device) -> None:
        self._pool = torch.cuda.graph_pool_handle()
        stream: Any = torch.cuda.Stream
        self._stream = stream(device)

    def warm_up(self, compute: Compute) -> None:
        """Run on the recording stream, so that libraries allocate their memory before recording."""
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            compute()
        torch.cuda.current_stream().wait_stream(self._stream)

    def record(self, compute: Compute) -> Replay:
        graph = torch.cuda.CUDAGraph()
        # GPU calls of other threads meanwhile are neither recorded nor an error.
        recording = torch.cuda.graph(
            graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"
        )
        # A failed recording does not leave its stream by itself.
        with torch.cuda.stream(self._stream), recording:
            compute()
        return graph.replay


def recorder_on(device: torch.device) -> Recorder | None:
    """The recorder of `device`; None on a CPU, where Python's share of a step is small."""
    return CudaGraphs(device) if device.type == "cuda" else None


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of a step: its rows, and the tokens that each attends to, both padded."""

    rows: int
    tokens: int

    @classmethod
    def around(cls, rows: int, tokens: int, max_rows: int) -> "Shape":
        """The smallest shape that holds `rows` and `tokens`.

        Rows are a power of two or `max_rows`, tokens a power of two or the middle between two.
        """
        power = 1 << max(MIN_TOKENS - 1, tokens - 1).bit_length()
        middle = power * 3 // 4
        length = middle if middle >= max(MIN_TOKENS, tokens) else power
        return cls(min(max_rows, 1 << (rows - 1).bit_length()), length)


class DecodeGraphs:
    """Records and replays a model's decode steps, where that works and is worth it."""

    def __init__(self, model: Any, kv_cache: KVCache, max_rows: int) -> None:
        self._model, self._kv_cache, self._max_rows = model, kv_cache, max_rows
        self.recorder: Recorder | None = None
        """None: all steps are eager."""
        self.num_replayed = 0
        """Steps that were replayed."""
        self._replays: OrderedDict[Shape, Replay] = OrderedDict()
        scrap = kv_cache.scrap_slot
        self._padding = _line(0, QuerySegment(scrap, 0, 1, ((scrap, 1, 0),)))
        self._table = torch.tensor([self._padding] * max_rows, device=model.device)
        self._logits: torch.Tensor | None = None

    def run(self, ids: Sequence[int], segments: Sequence[QuerySegment]) -> torch.Tensor | None:
        """Run a decode step of `ids`, one token per row; logits (rows, vocabulary).

        The logits are valid until the next step. Returns None, and does nothing, where the step
        has to be eager. Raises whatever the model raises; the rows' states are invalid then.
        """
        if self.recorder is None:
            return None
        lengths = [sum(length for _, length, _ in segment.spans) for segment in segments]
        shape = Shape.around(len(ids), max(lengths), self._max_rows)
        if shape.rows * shape.tokens > max(MAX_GATHERED, MAX_PADDING * sum(lengths)):
            return None
        lines = [_line(token, segment) for token, segment in zip(ids, segments, strict=True)]
        lines += [self._padding] * (shape.rows - len(lines))
        self._table[: shape.rows].copy_(torch.tensor(lines))
        if shape in self._replays:
            self._replay(shape)
        else:
            self._record(shape, self.recorder)
        assert self._logits is not None  # allocated by the first step
        return self._logits[: len(ids)]

    def give_up(self, why: str) -> None:
        """Stop recording, and free all graphs."""
        if self.recorder is not None:
            self.recorder = None
            self._replays.clear()
            release(self._model.device)
            log.warning("steps of the model are not recorded any more: %s", why)

    def _replay(self, shape: Shape) -> None:
        self._replays.move_to_end(shape)
        try:
            self._replays[shape]()
        except Exception as error:
            self.give_up(_summary(error))
            raise
        self.num_replayed += 1

    def _record(self, shape: Shape, recorder: Recorder) -> None:
        """Run the first step of a shape, which warms up, and record it."""
        compute = partial(self._compute, shape)
        try:
            recorder.warm_up(compute)
        except Exception as error:
            self.give_up(_summary(error))
            raise
        try:
            self._replays[shape] = recorder.record(compute)
        except Exception as error:  # this step has run; the next ones are eager
            self.give_up(_summary(error))
        if len(self._replays) > MAX_SHAPES:
            self._replays.popitem(last=False)

    def _compute(self, shape: Shape) -> None:
        """The recorded computation: from the table to the KV cache and the logits."""
        table = self._table[: shape.rows]
        spans = table[:, 3:].view(-1, LEVELS, 3)
        order = torch.arange(shape.rows)
        metadata = AttentionMetadata(
            table[:, 1], table[:, 2], spans, order, padded_length=shape.tokens
        )
        context = ForwardContext(self._kv_cache, metadata, slice(0, shape.rows), fresh=False)
        logits = forward(self._model, context, table[:, :1])
        if self._logits is None:
            # Shared by all shapes, because a tensor per graph would keep the pool's memory.
            size = (self._max_rows, logits.shape[1])
            self._logits = torch.empty(size, dtype=logits.dtype, device=logits.device)
        self._logits[: shape.rows].copy_(logits)


def _line(token: int, segment: QuerySegment) -> list[int]:
    """A line of the table: a row's token, its slot, its position, and its spans."""
    spans = segment.spans + (EMPTY_SPAN,) * (LEVELS - len(segment.spans))
    return [token, segment.slot, segment.position, *(number for span in spans for number in span)]


def _summary(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0][:200]}"
