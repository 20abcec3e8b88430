"""Memory in large pages, for weights, which the kernels read from end to end at every step.

With pages of 4 KiB a processor spends much of the time of such a read on finding them, in a virtual
machine most of it. Linux provides large ones on request (transparent huge pages); where it does
not, this is memory like any other.
"""

import mmap
import sys
from contextlib import suppress

import torch

PAGE = 1 << 21
"""Bytes of a large page, on x86-64 and on Arm with small pages of 4 KiB."""


def empty(count: int, dtype: torch.dtype) -> torch.Tensor:
    """`count` uninitialised numbers, (count,). The system provides the memory as it is written.

    The end that does not fill a large page lies in small ones, so no memory is taken beyond it.
    """
    size = count * dtype.itemsize
    if size < PAGE or sys.platform != "linux":
        return torch.empty(count, dtype=dtype)
    memory = mmap.mmap(-1, size + PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    whole = torch.frombuffer(memory, dtype=torch.uint8)
    start = -whole.data_ptr() % PAGE
    with suppress(OSError):  # of a kernel without them
        memory.madvise(mmap.MADV_HUGEPAGE, start, size // PAGE * PAGE)
    return whole[start : start + size].view(dtype)
