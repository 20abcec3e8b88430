"""Model runner: runs the forward pass of a batch, from its tokens to the logits of its rows."""

from itertools import accumulate
from typing import Any

import torch

from service.llm.attention_metadata import AttentionMetadata
from service.llm.cuda_graphs import DecodeGraphs
from service.llm.forward import ForwardContext, forward
from service.llm.kv_cache import KVCache
from service.llm.scheduler import ForwardBatch


class ModelRunner:
    """Runs prefill, decode, and passes that mix both, over `kv_cache`."""

    def __init__(self, model: Any, kv_cache: KVCache, max_rows: int) -> None:
        self._model, self._kv_cache = model, kv_cache
        self.graphs = DecodeGraphs(model, kv_cache, max_rows)

    def run(self, batch: ForwardBatch) -> torch.Tensor:
        """Logits (len(batch.samplings), vocabulary), valid until the next run.

        Raises whatever the model raises; the batch's recurrent states are invalid then.
        """
        return self._prefill(batch) if batch.chunks else self._decode(batch)

    def _prefill(self, batch: ForwardBatch) -> torch.Tensor:
        """All tokens in a single row, one text after the other, without padding."""
        ids = [token for chunk in batch.chunks for token in chunk.ids]
        ends = accumulate(len(chunk.ids) for chunk in batch.chunks)
        keep: list[int] = []
        for chunk, end in zip(batch.chunks, ends, strict=True):
            keep += range(end - chunk.num_logits, end)
        keep += range(len(ids), len(ids) + len(batch.sequences))
        ids += [sequence.next_token for sequence in batch.sequences]
        device = self._model.device
        logits = forward(
            self._model,
            self._context(batch),
            torch.tensor([ids], device=device),
            torch.tensor(keep or [len(ids) - 1], device=device),
        )
        return logits[: len(keep)]

    def _decode(self, batch: ForwardBatch) -> torch.Tensor:
        """One token of each sequence: by a recorded CUDA graph where there is one, else eager."""
        ids = [sequence.next_token for sequence in batch.sequences]
        segments = [sequence.segment for sequence in batch.sequences]
        logits = self.graphs.run(ids, segments)
        if logits is not None:
            return logits
        tokens = torch.tensor([[token] for token in ids], device=self._model.device)
        return forward(self._model, self._context(batch), tokens)

    def _context(self, batch: ForwardBatch) -> ForwardContext:
        segments = [chunk.segment for chunk in batch.chunks]
        segments += [sequence.segment for sequence in batch.sequences]
        metadata = AttentionMetadata.of(segments)
        return ForwardContext(self._kv_cache, metadata, batch.state_slots, batch.fresh)
