"""A decode step that is recorded once and replayed: on a GPU, CUDA graphs over the store.

A GPU does a step's operators in less time than Python takes to call them one by one. What differs
between two steps of one shape is a table of whole numbers, a line a row. It is filled anew before
every step; all that a recorded step does is worked out from it, on the device.

Steps have few shapes: rows and what they look at are filled up. A row that is nobody's writes its
keys to the store's scrap, and its states to the slot of a row that is yet to come.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import torch

from service.llm.attention_metadata import NOTHING, Layout, Stretch
from service.llm.dense_attention import MOST_GATHERED
from service.llm.forward import Pass, Store, forward
from service.llm.memory import release

log = logging.getLogger(__name__)

LEAST_TOKENS = 256
"""What a row looks at is filled up to this many tokens at least."""
MOST_SHAPES = 32
"""Recordings that are kept: each holds memory of the driver. The one not used for longest goes."""
MOST_PADDING = 3
"""What is gathered, over what is needed. A shape alone may double the rows, and what they look at
by half. Where one row is far longer than the rest, the eager step, which parts them, does less."""
LEVELS = 3
"""Spans of a row: its passage, a suffix that several answers share, and its own words."""

Compute = Callable[[], object]
Replay = Callable[[], object]


class Recorder(Protocol):
    """What turns a computation into one call. Nothing else here knows of a GPU."""

    def warm_up(self, compute: Compute) -> None:
        """Do it for the first time, as it will be recorded."""
        ...

    def record(self, compute: Compute) -> Replay:
        """What does it once more. Recording itself changes no tensor that was there before."""
        ...


class CudaGraphs:
    """By torch's own, which take turns in one pool of memory."""

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
    """Rows of a step, and the tokens that each looks at, both filled up."""

    rows: int
    tokens: int

    @classmethod
    def around(cls, rows: int, tokens: int, most_rows: int) -> "Shape":
        """The least that holds them: rows a power of two or the most that there are, tokens a
        power of two or the middle between two of them."""
        power = 1 << max(LEAST_TOKENS - 1, tokens - 1).bit_length()
        middle = power * 3 // 4
        long = middle if middle >= max(LEAST_TOKENS, tokens) else power
        return cls(min(most_rows, 1 << (rows - 1).bit_length()), long)


class Steps:
    """The steps of a batch, as far as they can be recorded and are worth it."""

    def __init__(self, model: Any, store: Store, most_rows: int) -> None:
        self._model, self._store, self._most_rows = model, store, most_rows
        self.recorder: Recorder | None = None
        """None: every step is eager."""
        self.replayed = 0
        """Steps so far."""
        self._replays: OrderedDict[Shape, Replay] = OrderedDict()
        self._nobody = _line(0, Stretch(store.scrap, 0, 1, ((store.scrap, 1, 0),)))
        self._table = torch.tensor([self._nobody] * most_rows, device=model.device)
        self._logits: torch.Tensor | None = None

    def run(self, ids: Sequence[int], stretches: Sequence[Stretch]) -> torch.Tensor | None:
        """Feed the rows, which are all that there are, their next tokens; logits (rows, words),
        which stand until the next step. None, and nothing is done: the step is to be eager.

        Raises what the model raises; then the rows' states are of no use any more.
        """
        if self.recorder is None:
            return None
        seen = [sum(length for _, length, _ in one.spans) for one in stretches]
        shape = Shape.around(len(ids), max(seen), self._most_rows)
        if shape.rows * shape.tokens > max(MOST_GATHERED, MOST_PADDING * sum(seen)):
            return None
        lines = [_line(*one) for one in zip(ids, stretches, strict=True)]
        lines += [self._nobody] * (shape.rows - len(lines))
        self._table[: shape.rows].copy_(torch.tensor(lines))
        if shape in self._replays:
            self._run_again(shape)
        else:
            self._run_first(shape, self.recorder)
        assert self._logits is not None  # made by the first step
        return self._logits[: len(ids)]

    def give_up(self, why: str) -> None:
        """Record nothing from now on, and free what was recorded."""
        if self.recorder is not None:
            self.recorder = None
            self._replays.clear()
            release(self._model.device)
            log.warning("steps of the model are not recorded any more: %s", why)

    def _run_again(self, shape: Shape) -> None:
        self._replays.move_to_end(shape)
        try:
            self._replays[shape]()
        except Exception as error:
            self.give_up(_in_words(error))
            raise
        self.replayed += 1

    def _run_first(self, shape: Shape, recorder: Recorder) -> None:
        """The first step of a shape warms up for its own recording."""
        compute = partial(self._compute, shape)
        try:
            recorder.warm_up(compute)
        except Exception as error:
            self.give_up(_in_words(error))
            raise
        try:
            self._replays[shape] = recorder.record(compute)
        except Exception as error:  # the step itself is done, and the next one is eager
            self.give_up(_in_words(error))
        if len(self._replays) > MOST_SHAPES:
            self._replays.popitem(last=False)

    def _compute(self, shape: Shape) -> None:
        """What is recorded: reads the table, writes the store and the logits."""
        table = self._table[: shape.rows]
        spans = table[:, 3:].view(-1, LEVELS, 3)
        order = torch.arange(shape.rows)
        layout = Layout(table[:, 1], table[:, 2], spans, order, longest=shape.tokens)
        one = Pass(self._store, layout, slice(0, shape.rows), fresh=False)
        logits = forward(self._model, one, table[:, :1])
        if self._logits is None:
            # One for all shapes: a recording that kept its own would keep the pool's memory.
            size = (self._most_rows, logits.shape[1])
            self._logits = torch.empty(size, dtype=logits.dtype, device=logits.device)
        self._logits[: shape.rows].copy_(logits)


def _line(token: int, stretch: Stretch) -> list[int]:
    """The table's: the token that is fed, the slot where it is stored, its place in the text, and
    the spans that it looks at."""
    spans = stretch.spans + (NOTHING,) * (LEVELS - len(stretch.spans))
    return [token, stretch.slot, stretch.position, *(number for span in spans for number in span)]


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0][:200]}"
