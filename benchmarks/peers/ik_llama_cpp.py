"""ik_llama.cpp, a fork of llama.cpp for CPUs, on the same job; see sequences.py.

Its cells are shared by all sequences, and every step looks at each of them. Its flash attention
stops with an assertion where a block of them is hidden from a token, as other articles' are, so it
is off; `--wave 1 --flash-attention 1` has one article at a time with it.
"""

import argparse
import ctypes
from typing import Any

from ik_llama_cpp import _ctypes_api as ik

from benchmarks.job import run
from benchmarks.peers.sequences import Context, work_with

# The package binds what one conversation needs; the library has more.
_copy = ik._lib.llama_kv_cache_seq_cp
_copy.argtypes = [ctypes.c_void_p, *[ctypes.c_int32] * 4]
_copy.restype = None


class IkLlamaCpp(Context):
    api = ik
    package = "ik-llama-cpp-python"

    def choose(self, params: Any, args: argparse.Namespace) -> None:
        params.flash_attn = bool(args.flash_attention)

    def fork(self, source: int, target: int) -> None:
        _copy(self.context, source, target, -1, -1)

    def forget(self) -> None:
        ik.llama_kv_cache_clear(self.context)


if __name__ == "__main__":
    run(work_with(IkLlamaCpp), wave=8, batch=512, flash_attention=0)
