"""The number of threads that may compute at once, inside of a container too."""

import math
import os
from pathlib import Path

from service.llm.memory import CONTROL_GROUP


def usable_cores(group: Path = CONTROL_GROUP) -> int:
    """The cores that this process may use: fewer than the machine's where a container says so.

    More threads than that are stopped in turns and wait for each other. A part of a core is
    rounded up.
    """
    cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    quota = _quota(group)
    return cores if quota is None else max(1, min(cores, math.ceil(quota)))


def _quota(group: Path) -> float | None:
    """The container's share in cores: cpu.max of control group v2, or what v1 had for it."""
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
