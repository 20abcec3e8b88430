"""llama.cpp as its server would run with a prompt cache that never misses; see sequences.py."""

import argparse
import ctypes
from typing import Any

import llama_cpp

from benchmarks.job import run
from benchmarks.peers.sequences import Context, work_with


@llama_cpp.llama_log_callback
def _silence(level: int, text: bytes, data: ctypes.c_void_p) -> None:
    """Its log is long, and errors come back as codes."""


class LlamaCpp(Context):
    api = llama_cpp
    package = "llama-cpp-python"

    def choose_model(self, params: Any, args: argparse.Namespace) -> None:
        params.use_extra_bufts = bool(args.extra_buffers)

    def choose(self, params: Any, args: argparse.Namespace) -> None:
        llama_cpp.llama_log_set(_silence, ctypes.c_void_p(0))
        params.flash_attn_type = args.flash_attention
        params.kv_unified = bool(args.unified)

    def fork(self, source: int, target: int) -> None:
        memory = llama_cpp.llama_get_memory(self.context)
        llama_cpp.llama_memory_seq_cp(memory, source, target, -1, -1)

    def forget(self) -> None:
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), False)


if __name__ == "__main__":
    run(work_with(LlamaCpp), wave=8, batch=512, flash_attention=1, unified=0, extra_buffers=1)
