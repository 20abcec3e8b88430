"""The process's environment: variables that torch's libraries read once, and usable CPU cores.

Imports no torch, because the variables have to be set before torch is imported.
"""

import math
import os
from pathlib import Path

CONTROL_GROUP = Path("/sys/fs/cgroup")

ONEDNN_SHAPES = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
MAX_SHAPES = 64
"""Compiled shapes that oneDNN keeps. It multiplies in bfloat16 on a CPU and compiles for every
shape that it meets, up to 1,024 of them by its own default. Batches come in hundreds of lengths,
so a service would grow for hours (`python -m benchmarks.compiled`). 64 are those of the last few
batches, because a model has fewer than ten shapes of layers, and compiling one again takes little
beside a step of the model."""

SPIN_COUNT = "GOMP_SPINCOUNT"
WAIT_POLICY = "OMP_WAIT_POLICY"
SPINS = 1_000
"""Turns of its loop after which a waiting OpenMP thread sleeps, some 25 microseconds. When another
program takes a core for a time slice, threads that spin all through it use up the time that the
slow one waits for. Six sample articles with SmolLM2 on two cores took 36 s with 1,000 turns, 32
with 5,000 and 30 with 20,000; beside one busy program 46, 62 and 110 s."""


MIRROR = "HF_ENDPOINT"
NO_XET = "HF_HUB_DISABLE_XET"
"""Whether files are not taken from the Hugging Face hub's Xet storage. A mirror passes the hub's
answers on, which name that storage, and where a mirror is needed it is usually out of reach."""


def set_defaults() -> None:
    """Set the variables that the user has not set. Call it before torch is imported."""
    if MIRROR in os.environ:
        os.environ.setdefault(NO_XET, "1")
    os.environ.setdefault(ONEDNN_SHAPES, str(MAX_SHAPES))
    if WAIT_POLICY not in os.environ:
        os.environ.setdefault(SPIN_COUNT, str(SPINS))


def usable_cores(group: Path = CONTROL_GROUP) -> int:
    """The CPU cores that this process may use: the machine's, or its container's if fewer.

    With more threads than that, the scheduler stops them in turns and they wait for each other. A
    fraction of a core is rounded up.
    """
    cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    quota = _quota(group)
    return cores if quota is None else max(1, min(cores, math.ceil(quota)))


def _quota(group: Path) -> float | None:
    """The container's quota in cores, from control group v2 (cpu.max) or v1 (cpu.cfs_*)."""
    try:
        if (group / "cpu.max").is_file():
            time, period = (group / "cpu.max").read_text(encoding="ascii").split()
        else:
            time, period = (
                (group / "cpu" / f"cpu.cfs_{name}_us").read_text(encoding="ascii").strip()
                for name in ("quota", "period")
            )
        return None if time in {"max", "-1"} else int(time) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None
