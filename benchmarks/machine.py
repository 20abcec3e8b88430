"""The machine that ran a benchmark, and the load of other programs on it."""

import os
import platform
import resource
import time
from pathlib import Path
from typing import Any

# The instructions that decide how fast a CPU multiplies matrices of small numbers.
FLAGS = "avx2 fma f16c avx_vnni avx512f avx512_vnni avx512_bf16 avx512_fp16 amx_int8 amx_bf16"
ARM_FLAGS = "asimd asimdhp asimddp i8mm bf16 sve sve2"


def cores() -> int:
    """The number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def facts() -> dict[str, Any]:
    lines = _lines("/proc/cpuinfo")
    flags = set(f"{lines.get('flags', '')} {lines.get('Features', '')}".split())
    known = f"{FLAGS} {ARM_FLAGS}".split()
    memory = _lines("/proc/meminfo").get("MemTotal", "0 kB").split()[0]
    return {
        "cpu": lines.get("model name", platform.processor()),
        "cpu_family_model": f"{lines.get('cpu family', '?')}/{lines.get('model', '?')}",
        "cores": cores(),
        "flags": [flag for flag in known if flag in flags],
        "memory_gib": round(int(memory) / (1 << 20), 1),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


class Neighbours:
    """Measures the cores that other programs used while a `with` block ran a child process."""

    cores: float | None = None
    """None where the system does not tell."""

    def __enter__(self) -> "Neighbours":
        self._before = time.perf_counter(), _busy(), _children()
        return self

    def __exit__(self, *_: object) -> None:
        clock, busy, children = self._before
        now = _busy()
        if busy is not None and now is not None:
            taken = now - busy - (_children() - children)
            self.cores = round(max(taken / (time.perf_counter() - clock), 0.0), 2)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _busy() -> float | None:
    """Busy seconds of all cores together, including stolen time (proc(5))."""
    try:
        words = Path("/proc/stat").read_text().partition("\n")[0].split()[1:9]
    except OSError:
        return None
    user, nice, system, _, _, irq, softirq, steal = map(int, words)
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def _lines(path: str) -> dict[str, str]:
    """Values of `name: value` lines by name; the first of each name."""
    try:
        text = Path(path).read_text()
    except OSError:
        return {}
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip(), value.strip())
    return found
