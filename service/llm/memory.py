"""Memory: how much is free, whether a model fits, and whether an error means a lack of it."""

import ctypes
import gc
import sys
from pathlib import Path

import psutil
import torch

from service.errors import BadSetting
from service.llm.environment import CONTROL_GROUP

GIB = 1 << 30


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out; torch has its own error for a GPU, and a plain one for a CPU."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    messages = ("can't allocate memory", "CUDA error: out of memory")
    return isinstance(error, RuntimeError) and any(text in str(error) for text in messages)


def refuse_if_too_large(size: int, dtype: str, device: torch.device, name: str) -> None:
    """Raise BadSetting when the weights alone (`size` bytes) need more memory than is free.

    Checked in advance, because Linux hands out memory that it does not have and then kills the
    process without a message.
    """
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else free_memory()
    if free is not None and size > free:
        smaller = "int8" if device.type == "cpu" else "bfloat16"
        instead = "" if dtype == smaller else f" dtype {smaller},"
        raise BadSetting(
            f"model {name}: its weights need {size / GIB:.1f} GiB of memory as {dtype}"
            f" and {free / GIB:.1f} GiB are free."
            f" Take a smaller model,{instead} the engine remote with a server that holds it, or the"
            " extractive engine"
        )


def free_memory(group: Path = CONTROL_GROUP) -> int | None:
    """Bytes that this process may still take: the machine's, or its container's if fewer."""
    limits = [psutil.virtual_memory().available, _available_in_container(group)]
    return min((limit for limit in limits if limit is not None), default=None)


def _available_in_container(group: Path) -> int | None:
    """Bytes left in control group v2. File pages count as free: the kernel gives them back."""
    try:
        limit = (group / "memory.max").read_text(encoding="ascii").strip()
        used = int((group / "memory.current").read_text(encoding="ascii"))
        stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):
        return None
    return None if limit == "max" else max(0, int(limit) - used + int(stat.get("file", 0)))


def free_bytes(device: torch.device) -> int:
    """Bytes that may still be taken on the model's device; a modest guess where it is unknown."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return free_memory() or 4 * GIB


def trim() -> None:
    """Return freed memory to the system, because glibc keeps what lies between used blocks.

    After a model was loaded piece by piece that is a fifth of its size.
    """
    gc.collect()
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if malloc_trim := getattr(libc, "malloc_trim", None):
        malloc_trim(0)


def release(device: torch.device) -> None:
    """Free the memory that a failed forward pass left behind."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
