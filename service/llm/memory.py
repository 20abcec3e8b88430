"""Does a model fit, and was that error a lack of memory?"""

import ctypes
import gc
import json
import struct
import sys
from math import prod
from pathlib import Path
from typing import Any

import torch

from service.errors import BadSetting

GIB = 1 << 30
CONTROL_GROUP = Path("/sys/fs/cgroup")
STORED_BYTES = {"F16": 2, "BF16": 2}


def is_out_of_memory(error: BaseException) -> bool:
    """Torch raises its own error on a GPU, and plain ones on a CPU and for a GPU's own work."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    said = ("can't allocate memory", "CUDA error: out of memory")
    return isinstance(error, RuntimeError) and any(words in str(error) for words in said)


def refuse_if_too_large(folder: Path, dtype: str, device: torch.device, name: str) -> None:
    """Raise BadSetting when the weights alone need more memory than is free.

    Linux hands out memory that it does not have and then kills the process without a word, so
    the question has to be asked before.
    """
    needed = weight_bytes(folder, dtype)
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else free_memory()
    if free is not None and needed > free:
        smaller = "int8" if device.type == "cpu" else "bfloat16"
        instead = "" if dtype == smaller else f" dtype {smaller},"
        raise BadSetting(
            f"model {name}: its weights need {needed / GIB:.1f} GiB of memory as {dtype}"
            f" and {free / GIB:.1f} GiB are free."
            f" Take a smaller model,{instead} or the extractive engine"
        )


def parameters(folder: Path) -> int:
    """The number of parameters of the text model, read from the heads of the safetensors files."""
    return sum(prod(tensor["shape"]) for tensor in _tensors(folder).values())


def weight_bytes(folder: Path, dtype: str) -> int:
    """What the weights will take as `dtype`, which for int8 goes by the kind of layer."""
    tensors = _tensors(folder)
    if dtype != "int8":
        size: int = getattr(torch, dtype).itemsize
        return sum(prod(tensor["shape"]) * size for tensor in tensors.values())
    needed = sum(_int8_bytes(key, tensor) for key, tensor in tensors.items())
    if not any("lm_head" in key for key in tensors):  # the embedding's table, once more
        needed += sum(prod(t["shape"]) for key, t in tensors.items() if "embed_tokens" in key)
    return needed


def _int8_bytes(key: str, tensor: dict[str, Any]) -> int:
    """A byte a weight in linear layers; the embedding as it is stored, all else in float32."""
    count: int = prod(tensor["shape"])
    if "embed_tokens" in key:
        return count * min(4, STORED_BYTES.get(tensor["dtype"], 4))
    return count if len(tensor["shape"]) == 2 else count * 4


def _tensors(folder: Path) -> dict[str, dict[str, Any]]:
    """The shapes of the text model's weights, by name."""
    return {
        key: tensor
        for path in sorted(folder.glob("*.safetensors"))
        for key, tensor in _head(path).items()
        if key != "__metadata__" and "visual" not in key and not key.startswith("mtp")
    }


def _head(path: Path) -> dict[str, dict[str, Any]]:
    """The names and shapes of a file: 8 bytes of length, then JSON (huggingface/safetensors)."""
    with path.open("rb") as file:
        first = file.read(8)
        if len(first) < 8:
            return {}
        (length,) = struct.unpack("<Q", first)
        try:
            head: dict[str, dict[str, Any]] = json.loads(file.read(min(length, 100 << 20)))
        except ValueError:
            return {}  # loading it says what is wrong
    return head


def free_memory(group: Path = CONTROL_GROUP) -> int | None:
    """Bytes that this process may still take: of the machine, or of its container if less."""
    limits = [_available_on_machine(), _available_in_container(group)]
    return min((limit for limit in limits if limit is not None), default=None)


def _available_on_machine() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


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
