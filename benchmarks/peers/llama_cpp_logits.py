"""llama.cpp's logits of texts that are given as token ids; see benchmarks/logits.py."""

import argparse
import ctypes
from collections.abc import Iterator
from pathlib import Path

import llama_cpp as api
import numpy as np

from benchmarks.logits import Texts, run


def work(file: Path, texts: Texts, args: argparse.Namespace) -> Iterator[np.ndarray]:
    api.llama_backend_init()
    api.llama_log_set(_silence, ctypes.c_void_p(0))
    model_params = api.llama_model_default_params()
    model_params.use_extra_bufts = False  # with them it breaks off on processors with AMX
    model = api.llama_model_load_from_file(str(file).encode(), model_params)
    params = api.llama_context_default_params()
    params.n_ctx = max(map(len, texts))
    params.n_batch = params.n_ubatch = args.batch
    params.n_threads = params.n_threads_batch = args.threads
    params.flash_attn_type = args.flash_attention
    context = api.llama_init_from_model(model, params)
    if not model or not context:
        raise SystemExit(f"llama.cpp can't load {file}")
    words = api.llama_vocab_n_tokens(api.llama_model_get_vocab(model))
    for ids in texts:
        api.llama_memory_clear(api.llama_get_memory(context), False)
        parts = [ids[start : start + args.batch] for start in range(0, len(ids), args.batch)]
        starts = range(0, len(ids), args.batch)
        yield np.concatenate(
            [_read(context, part, start, words) for part, start in zip(parts, starts, strict=True)]
        )


def _read(context: object, ids: list[int], start: int, words: int) -> np.ndarray:
    """The logits of every one of `ids`, which stand from `start` on in their text."""
    batch = api.llama_batch_init(len(ids), 0, 1)
    batch.n_tokens = len(ids)
    for index, id_ in enumerate(ids):
        batch.token[index] = id_
        batch.pos[index] = start + index
        batch.n_seq_id[index] = 1
        batch.seq_id[index][0] = 0
        batch.logits[index] = True
    failed = api.llama_decode(context, batch)
    api.llama_batch_free(batch)
    if failed:
        raise SystemExit(f"llama_decode gave {failed}")
    rows = [api.llama_get_logits_ith(context, index) for index in range(len(ids))]
    return np.stack([np.ctypeslib.as_array(row, (words,)) for row in rows])


@api.llama_log_callback
def _silence(level: int, text: bytes, data: ctypes.c_void_p) -> None:
    """Its log is long, and errors come back as codes."""


if __name__ == "__main__":
    run(work, batch=512, flash_attention=1)
