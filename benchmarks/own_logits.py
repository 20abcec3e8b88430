"""Logits computed in this environment: by plain transformers, Diglot, and a simulated Q8_0.

python -m benchmarks.own_logits --way diglot --dtype int8 --model FOLDER --texts FILE …
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from benchmarks.logits import Texts, run

CHUNK = 128
"""Tokens that Diglot reads in one pass, so that later ones look at what was stored."""
GROUP = 32
"""Numbers that share a scale in Q8_0."""


def work(folder: Path, texts: Texts, args: argparse.Namespace) -> Iterator[torch.Tensor]:
    torch.set_num_threads(args.threads)
    torch.set_grad_enabled(False)
    logits = WAYS[args.way](folder, args)
    for ids in texts:
        yield logits(ids)


Logits = Callable[[Sequence[int]], torch.Tensor]
"""Of every token of a text: (tokens, words)."""


def plain(folder: Path, args: argparse.Namespace) -> Logits:
    """Plain transformers in float32, the reference for everything else."""
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    return lambda ids: model(input_ids=torch.tensor([ids])).logits[0]


def simulated_q8(folder: Path, args: argparse.Namespace) -> Logits:
    """Every linear layer and embedding as llama.cpp computes Q8_0, in transformers."""
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    for layer in model.modules():
        if isinstance(layer, torch.nn.Linear | torch.nn.Embedding):
            layer.weight.data = q8_0(layer.weight.data)
        if isinstance(layer, torch.nn.Linear):
            layer.register_forward_pre_hook(lambda _, inputs: (q8_0(inputs[0]), *inputs[1:]))
    return lambda ids: model(input_ids=torch.tensor([ids])).logits[0]


def q8_0(values: torch.Tensor) -> torch.Tensor:
    """`values` rounded to Q8_0: 32 neighbours of the last dimension share a float16 scale, the
    largest of them over 127. Unchanged where that dimension has no whole groups."""
    if values.shape[-1] % GROUP:
        return values
    groups = values.float().unflatten(-1, (-1, GROUP))
    scales = groups.abs().amax(-1, keepdim=True) / 127
    rounded = torch.where(scales > 0, groups / scales, 0.0).round()
    return (rounded * scales.half().float()).flatten(-2)


def diglot(folder: Path, args: argparse.Namespace) -> Logits:
    """The engine's loader, KV cache and kernels, with the number formats that it chooses."""
    from service.llm.loader import load
    from service.settings import Settings

    loaded = load(
        Settings(engine="transformers", model=str(folder), dtype=args.dtype, threads=args.threads)
    )
    return lambda ids: _read_in_chunks(loaded, ids)


def _read_in_chunks(loaded: Any, ids: Sequence[int]) -> torch.Tensor:
    """Prefill a text in chunks into a KV cache of its own, without the capability probe.

    The only function here that uses the engine's internals.
    """
    from service.llm.attention_metadata import AttentionMetadata, QuerySegment
    from service.llm.block_manager import num_blocks
    from service.llm.capacity import _kv_dtype
    from service.llm.forward import ATTENTION, ForwardContext, forward
    from service.llm.kv_cache import KVCache, RecurrentState

    model = loaded.model
    model.set_attn_implementation(ATTENTION)
    cache = KVCache(num_blocks(len(ids)), RecurrentState(1), _kv_dtype(loaded))
    logits = []
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        segment = QuerySegment(start, start, len(part), ((0, start + len(part), 0),))
        metadata = AttentionMetadata.of([segment])
        context = ForwardContext(cache, metadata, slice(0, 1), fresh=start == 0)
        every = torch.arange(len(part))
        logits.append(forward(model, context, torch.tensor([part]), every).float())
    return torch.cat(logits)


WAYS = {"plain": plain, "simulated-q8": simulated_q8, "diglot": diglot}

if __name__ == "__main__":
    run(work, way="plain", dtype="float32")
