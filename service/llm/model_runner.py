"""Model runner: the forward pass of a batch, from its tokens to the logits of its rows."""

from itertools import accumulate
from typing import Any

import torch

from service.llm.attention_metadata import AttentionMetadata
from service.llm.cuda_graphs import DecodeGraphs
from service.llm.forward import ForwardContext, forward
from service.llm.kv_cache import KVCache
from service.llm.scheduler import Batch


class ModelRunner:
    """Runs prefill, decode, and both mixed in one pass, over `kv_cache`."""

    def __init__(self, model: Any, kv_cache: KVCache, max_rows: int) -> None:
        self._model, self._kv_cache = model, kv_cache
        self.graphs = DecodeGraphs(model, kv_cache, max_rows)

    def run(self, batch: Batch) -> torch.Tensor:
        """Logits (len(batch.rows), vocabulary), which stand until the next run.

        Raises what the model raises; then the recurrent states of the batch are of no use.
        """
        return self._prefill(batch) if batch.chunks else self._decode(batch)

    def _prefill(self, batch: Batch) -> torch.Tensor:
        """All tokens one after the other as a single row: nothing is padded."""
        ids = [token for chunk in batch.chunks for token in chunk.ids]
        ends = accumulate(len(chunk.ids) for chunk in batch.chunks)
        keep = [end - 1 for chunk, end in zip(batch.chunks, ends, strict=True) if chunk.is_prompt]
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

    def _decode(self, batch: Batch) -> torch.Tensor:
        """A token of each sequence: a CUDA graph's replay where there is one, else eager."""
        ids = [sequence.next_token for sequence in batch.sequences]
        segments = [sequence.segment for sequence in batch.sequences]
        logits = self.graphs.run(ids, segments)
        if logits is not None:
            return logits
        tokens = torch.tensor([[token] for token in ids], device=self._model.device)
        return forward(self._model, self._context(batch), tokens)

    def _context(self, batch: Batch) -> ForwardContext:
        segments = [chunk.segment for chunk in batch.chunks]
        segments += [sequence.segment for sequence in batch.sequences]
        metadata = AttentionMetadata.of(segments)
        return ForwardContext(self._kv_cache, metadata, batch.state_slots, batch.fresh)
