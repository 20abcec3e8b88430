"""Does a model fit, and was that error a lack of memory?"""

import ctypes
import gc
import sys
from pathlib import Path

import psutil
import torch

from service.errors import BadSetting

GIB = 1 << 30
CONTROL_GROUP = Path("/sys/fs/cgroup")


def is_out_of_memory(error: BaseException) -> bool:
    """Torch raises its own error on a GPU, and plain ones on a CPU and for a GPU's own work."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    said = ("can't allocate memory", "CUDA error: out of memory")
    return isinstance(error, RuntimeError) and any(words in str(error) for words in said)


def refuse_if_too_large(needed: int, dtype: str, device: torch.device, name: str) -> None:
    """Raise BadSetting when the weights alone (`needed` bytes) need more memory than is free.

    Linux hands out memory that it does not have and then kills the process without a word, so
    the question has to be asked before.
    """
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else free_memory()
    if free is not None and needed > free:
        smaller = "int8" if device.type == "cpu" else "bfloat16"
        instead = "" if dtype == smaller else f" dtype {smaller},"
        raise BadSetting(
            f"model {name}: its weights need {needed / GIB:.1f} GiB of memory as {dtype}"
            f" and {free / GIB:.1f} GiB are free."
            f" Take a smaller model,{instead} or the extractive engine"
        )


def free_memory(group: Path = CONTROL_GROUP) -> int | None:
    """Bytes that this process may still take: of the machine, or of its container if less."""
    limits = [psutil.virtual_memory().available, _available_in_container(group)]
    return min((limit for limit in limits if limit is not None), default=None)


def _available_in_container(group: Path) -> int | None:
    """What control group v2 leaves, counting file pages as free: the kernel gives them back."""
    try:
        limit = (group / "memory.max").read_text(encoding="ascii").strip()
        used = int((group / "memory.current").read_text(encoding="ascii"))
        stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):
        return None
    return None if limit == "max" else max(0, int(limit) - used + int(stat.get("file", 0)))


def free_bytes(device: torch.device) -> int:
    """Bytes that may still be taken where the model runs; a modest guess where nobody knows."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return free_memory() or 4 * GIB


def trim() -> None:
    """Give the system what was freed: the C library keeps it between blocks that are still used.

    After a model was loaded piece by piece that is a fifth of its size.
    """
    gc.collect()
    if sys.platform == "linux" and (of_glibc := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        of_glibc(0)


def release(device: torch.device) -> None:
    """Give back what a failed pass left behind."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
