"""Batch generator: answers token requests by continuous batching over a model's forward pass.

Each step prefills one or more chunks and decodes one token per sequence. Models without recurrent
state do both in a single forward pass, because a small pass costs almost as much as a large one.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from service import metrics
from service.llm.cuda_graphs import Recorder
from service.llm.kv_cache import KVCache, RecurrentState
from service.llm.model_runner import ModelRunner
from service.llm.sampler import sample
from service.llm.scheduler import PREFILL_STATES, ForwardBatch, Limits, Scheduler
from service.llm.token_request import FinishedRequest, TokenRequest

ATTENTION_LAYERS = {"full_attention", "sliding_attention"}
"""Kinds of layers that store keys and values."""


def has_linear_attention(model: Any) -> bool:
    """Whether some layers keep a recurrent state instead of keys and values."""
    kinds = getattr(model.config.get_text_config(), "layer_types", None) or []
    return any(kind not in ATTENTION_LAYERS for kind in kinds)


@dataclass(slots=True)
class Stats:
    """Counters of a generator's work since it was created.

    `mixed_tokens`: tokens that were decoded in passes that prefill as well. The time of such a pass
    counts as prefill; `decode_s` is the time of passes that only decode.
    """

    prefill_tokens: int = 0
    prefill_s: float = 0.0
    decode_tokens: int = 0
    mixed_tokens: int = 0
    decode_s: float = 0.0
    steps: int = 0

    def count(self, batch: ForwardBatch, seconds: float) -> None:
        prefilled, decoded = sum(len(chunk.ids) for chunk in batch.chunks), len(batch.sequences)
        if batch.chunks:
            self.prefill_s += seconds
            self.mixed_tokens += decoded
        else:
            self.decode_s += seconds
        self.prefill_tokens += prefilled
        self.decode_tokens += decoded
        self.steps += decoded > 0
        metrics.prefill_tokens.inc(prefilled)
        metrics.decode_tokens.inc(decoded)


class BatchGenerator:
    """Answers token requests with `model`, each as if it ran alone. Not thread-safe."""

    path = "forked"

    def __init__(
        self,
        model: Any,
        stops: Sequence[int],
        limits: Limits,
        *,
        dtype: torch.dtype,
        native: bool = True,
    ) -> None:
        """`stops`: tokens that end an answer. `dtype`: the number format of stored keys and values.
        `native`: use the kernels where they are available."""
        self.max_rows = limits.rows
        state = RecurrentState(limits.rows + PREFILL_STATES)
        self.scheduler = Scheduler(limits, stops, state, has_linear_attention(model))
        self.kv_cache = KVCache(self.scheduler.num_blocks, state, dtype, native)
        self.runner = ModelRunner(model, self.kv_cache, limits.rows)
        self.stats = Stats()
        metrics.kv_tokens_limit.set(self.kv_cache.num_tokens)

    @property
    def free_tokens(self) -> int:
        """Tokens of the KV cache that nothing has reserved."""
        return self.scheduler.free_tokens

    @property
    def num_running(self) -> int:
        """Sequences that are being decoded."""
        return len(self.scheduler.running)

    @property
    def token_bytes(self) -> int:
        """Memory of a token in the KV cache, known after the first forward pass."""
        return self.kv_cache.token_bytes

    @property
    def replayed_steps(self) -> int:
        """Decode steps that were replays of a CUDA graph."""
        return self.runner.graphs.num_replayed

    def record_steps(self, recorder: Recorder) -> None:
        """Record decode steps from now on, and replay them; not supported with the kernels.

        Once recording fails or memory runs out, all steps are eager again.
        """
        self.runner.graphs.recorder = recorder

    def admit(self, request: TokenRequest) -> None:
        """Admit a request and reserve all slots that it may need. Raises NoRoom and BadInput."""
        self.scheduler.admit(request)

    @torch.inference_mode()
    def step(self) -> list[FinishedRequest]:
        """Prefill a little and decode one token of every sequence; returns the requests that ended.

        Raises whatever the model or a request's callbacks raise; call `restart` or `cancel_all`
        then.
        """
        finished = self.scheduler.cancel_abandoned()
        for batch in self.scheduler.schedule():
            start = time.monotonic()
            logits = self.runner.run(batch)
            sampled = sample(batch.samplings, logits)
            finished += self.scheduler.finish(batch, sampled)
            self.stats.count(batch, time.monotonic() - start)
        metrics.engine_rows.set(self.num_running)
        metrics.kv_tokens.set(self.kv_cache.num_tokens - self.free_tokens)
        return finished

    @torch.inference_mode()
    def cancel(self, id: str) -> None:
        """Forget a request and free everything that it holds; an unknown id is ignored."""
        self.scheduler.cancel(id)

    @torch.inference_mode()
    def cancel_all(self) -> None:
        self.scheduler.cancel_all()

    def restart(self) -> None:
        """Restart all requests after a failed step."""
        self.scheduler.restart()

    def shrink(self) -> bool:
        """Compute less at once, because memory ran out; false when it can't be less."""
        # Graphs hold memory, and are recorded for all rows at once.
        self.runner.graphs.give_up("memory ran out")
        return self.scheduler.shrink()
