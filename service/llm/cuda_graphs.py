"""CUDA graphs: a decode step on a GPU that is recorded once and replayed over the KV cache.

A GPU does a step's operators in less time than Python takes to call them one by one. What differs
between two steps of one shape is a table of integers, a line a row. It is filled anew before every
step; all that a recorded step does is computed from it, on the device.

Steps have few shapes: rows and what they attend to are padded. A padding row writes its keys to the
KV cache's scrap slot, and its states to the slot of a row that is yet to come.
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
"""What a row attends to is padded to this many tokens at least."""
MAX_SHAPES = 32
"""Graphs that are kept: each holds memory of the driver. The least recently used one goes."""
MAX_PADDING = 3
"""What is gathered, over what is needed. A shape alone may double the rows, and add half to what
they attend to. Where one row is far longer than the rest, the eager step, which groups rows by
length, does less."""
LEVELS = 3
"""Spans of a row: the prefix, a suffix that several continuations share, and its own tokens."""

Compute = Callable[[], object]
Replay = Callable[[], object]


class Recorder(Protocol):
    """Turns a computation into one call. Nothing else here knows of a GPU."""

    def warm_up(self, compute: Compute) -> None:
        """Compute for the first time, as it will be recorded."""
        ...

    def record(self, compute: Compute) -> Replay:
        """A call that computes again. Recording changes no tensor that was there before."""
        ...


class CudaGraphs:
    """Records by torch's CUDA graphs, which share one pool of memory."""

    def __init__(self, device: torch.device) -> None:
        self._pool = torch.cuda.graph_pool_handle()
        stream: Any = torch.cuda.Stream
        self._stream = stream(device)

    def warm_up(self, compute: Compute) -> None:
        """On the stream that records, whose libraries take their memory before."""
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            compute()
        torch.cuda.current_stream().wait_stream(self._stream)

    def record(self, compute: Compute) -> Replay:
        graph = torch.cuda.CUDAGraph()
        # What other threads ask of the GPU meanwhile is no part of it, and no fault.
        recording = torch.cuda.graph(
            graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"
        )
        # A recording that fails does not leave its stream by itself.
        with torch.cuda.stream(self._stream), recording:
            compute()
        return graph.replay


def recorder_on(device: torch.device) -> Recorder | None:
    """None on a CPU, where Python's share of a step is small."""
    return CudaGraphs(device) if device.type == "cuda" else None


@dataclass(frozen=True, slots=True)
class Shape:
    """Rows of a step, and the tokens that each attends to, both padded."""

    rows: int
    tokens: int

    @classmethod
    def around(cls, rows: int, tokens: int, max_rows: int) -> "Shape":
        """The smallest that holds them: rows a power of two or the most that there are, tokens a
        power of two or the middle between two of them."""
        power = 1 << max(MIN_TOKENS - 1, tokens - 1).bit_length()
        middle = power * 3 // 4
        length = middle if middle >= max(MIN_TOKENS, tokens) else power
        return cls(min(max_rows, 1 << (rows - 1).bit_length()), length)


class DecodeGraphs:
    """The decode steps of a model, as far as they can be recorded and are worth it."""

    def __init__(self, model: Any, kv_cache: KVCache, max_rows: int) -> None:
        self._model, self._kv_cache, self._max_rows = model, kv_cache, max_rows
        self.recorder: Recorder | None = None
        """None: every step is eager."""
        self.num_replayed = 0
        """Steps that were replays."""
        self._replays: OrderedDict[Shape, Replay] = OrderedDict()
        scrap = kv_cache.scrap_slot
        self._padding = _line(0, QuerySegment(scrap, 0, 1, ((scrap, 1, 0),)))
        self._table = torch.tensor([self._padding] * max_rows, device=model.device)
        self._logits: torch.Tensor | None = None

    def run(self, ids: Sequence[int], segments: Sequence[QuerySegment]) -> torch.Tensor | None:
        """Feed all sequences at work their next tokens; logits (rows, vocabulary), which stand
        until the next step. None, and nothing is done: the step is to be eager.

        Raises what the model raises; then the rows' states are of no use any more.
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
        assert self._logits is not None  # made by the first step
        return self._logits[: len(ids)]

    def give_up(self, why: str) -> None:
        """Record nothing from now on, and free what was recorded."""
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
        """The first step of a shape warms up for its own recording."""
        compute = partial(self._compute, shape)
        try:
            recorder.warm_up(compute)
        except Exception as error:
            self.give_up(_summary(error))
            raise
        try:
            self._replays[shape] = recorder.record(compute)
        except Exception as error:  # the step itself is done, and the next one is eager
            self.give_up(_summary(error))
        if len(self._replays) > MAX_SHAPES:
            self._replays.popitem(last=False)

    def _compute(self, shape: Shape) -> None:
        """Read the table, write the KV cache and the logits: what is recorded."""
        table = self._table[: shape.rows]
        spans = table[:, 3:].view(-1, LEVELS, 3)
        order = torch.arange(shape.rows)
        metadata = AttentionMetadata(
            table[:, 1], table[:, 2], spans, order, padded_length=shape.tokens
        )
        context = ForwardContext(self._kv_cache, metadata, slice(0, shape.rows), fresh=False)
        logits = forward(self._model, context, table[:, :1])
        if self._logits is None:
            # One for all shapes: a graph that kept its own would keep the pool's memory.
            size = (self._max_rows, logits.shape[1])
            self._logits = torch.empty(size, dtype=logits.dtype, device=logits.device)
        self._logits[: shape.rows].copy_(logits)


def _line(token: int, segment: QuerySegment) -> list[int]:
    """A line of the table: the token that is fed, its slot, its position, and its spans."""
    spans = segment.spans + (EMPTY_SPAN,) * (LEVELS - len(segment.spans))
    return [token, segment.slot, segment.position, *(number for span in spans for number in span)]


def _summary(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0][:200]}"
