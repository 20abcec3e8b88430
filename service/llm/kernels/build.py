"""Compile the C sources once, and find them again. Without a compiler torch does all, slower.

    python -m service.llm.kernels.build

compiles for every processor of this kind beside the source, for an image that has no compiler.
"""

import ctypes
import hashlib
import logging
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path

log = logging.getLogger(__name__)

FOLDER = Path(__file__).parent
# Words in memory are floats here and pairs of halves there: no aliasing by type.
FLAGS = (
    *("-O3", "-std=gnu17", "-fopenmp", "-shared", "-fPIC"),
    *("-fno-math-errno", "-fno-strict-aliasing"),
)
COMPILERS = ("cc", "gcc")


@dataclass(frozen=True, slots=True)
class Level:
    """What a processor must have beside the levels before it, as Linux names it; the compiler's
    flags."""

    needs: frozenset[str]
    flags: tuple[str, ...]


# By the psABI's levels rather than for this very processor: an image moves between machines.
LEVELS = {
    "avx2": Level(frozenset({"avx2", "fma", "bmi2"}), ("-march=x86-64-v3",)),
    "avx512": Level(
        frozenset({"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}),
        ("-march=x86-64-v4",),
    ),
    "avx512vnni": Level(frozenset({"avx512_vnni"}), ("-march=x86-64-v4", "-mavx512vnni")),
    "avx512bf16": Level(
        frozenset({"avx512_bf16"}), ("-march=x86-64-v4", "-mavx512vnni", "-mavx512bf16")
    ),
}


@cache
def library() -> ctypes.CDLL | None:
    """The compiled kernels; None, with a line in the log, where they can't be had.

    torch must be imported first: the kernels share its threads (its libgomp).
    """
    level = _level()
    if level is None:
        log.info("no kernels for this processor; attention runs on torch")
        return None
    try:
        found = _find(level)
        return ctypes.CDLL(str(found)) if found else _compiled_here(level)
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("the kernels can't be used (%s); attention runs on torch, slower", error)
        return None


def _level() -> str | None:
    """What this processor can do; "" for one whose compiler's defaults are good (Arm)."""
    if sys.platform != "linux":
        return None
    if platform.machine() == "aarch64":
        return ""
    reached = list(takewhile(lambda level: LEVELS[level].needs <= processor(), LEVELS))
    return reached[-1] if reached else None


@cache
def processor() -> frozenset[str]:
    """What this machine's processor can do, as Linux names it; nothing on other systems."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return frozenset()
    return frozenset(next((line for line in lines if line.startswith("flags")), "").split())


def _name(level: str) -> str:
    """Names the source and the flags, so that an old build is never taken for new sources."""
    text = " ".join((*_flags(level), platform.machine())).encode()
    for source in _sources("*.[ch]"):
        text += Path(source).read_bytes()
    return f"kernels-{level or platform.machine()}-{hashlib.sha256(text).hexdigest()[:16]}.so"


def _flags(level: str) -> tuple[str, ...]:
    return (*FLAGS, *LEVELS[level].flags) if level else FLAGS


def _sources(kind: str) -> list[str]:
    return sorted(map(str, FOLDER.glob(kind)))


def _find(level: str) -> Path | None:
    places = (FOLDER, _cache())
    return next((at / _name(level) for at in places if (at / _name(level)).is_file()), None)


def _cache() -> Path:
    given = os.environ.get("XDG_CACHE_HOME")
    try:
        return Path(given or Path.home() / ".cache") / "diglot"
    except RuntimeError:  # a container's user without a home: nothing is there, nor can be put
        return Path(os.devnull, "diglot")


def _compiled_here(level: str) -> ctypes.CDLL | None:
    if not any(map(shutil.which, COMPILERS)):
        log.warning("no C compiler found (cc); attention runs on torch, slower")
        return None
    try:
        return ctypes.CDLL(str(build(level, _cache())))
    except OSError:  # a home that can't be written or run from, or is no folder: this run's own
        with tempfile.TemporaryDirectory(prefix="diglot-") as folder:
            return ctypes.CDLL(str(build(level, Path(folder))))  # what is loaded needs no file


def build(level: str, folder: Path) -> Path:
    """Compile for `level` into `folder`.

    Raises OSError or CalledProcessError when that can't be done.
    """
    compiler = next(filter(None, map(shutil.which, COMPILERS)), None)
    if compiler is None:
        raise FileNotFoundError("no C compiler (cc)")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / _name(level)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        made = Path(scratch, target.name)
        command = [compiler, *_flags(level), *_sources("*.c"), "-o", str(made), "-lm"]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        made.replace(target)  # whole or not at all, also when two start at once
    return target


def main() -> None:
    levels = [""] if platform.machine() == "aarch64" else list(LEVELS)
    for level in levels:
        sys.stdout.write(f"{build(level, FOLDER)}\n")


if __name__ == "__main__":
    main()
