"""Kernel build: compiles the C sources once, and caches and loads the library.

Without it torch computes everything, slower and without int8. CC names another compiler,
DIGLOT_KERNEL_FLAGS adds flags (as `make sanitize` does), and DIGLOT_KERNEL_LEVEL names the best of
LEVELS to use, so that two machines compute the same.

    python -m service.llm.kernels.build

compiles for all levels of this machine's architecture into the source folder, for an image without
a compiler.
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
from pathlib import Path

log = logging.getLogger(__name__)

FOLDER = Path(__file__).parent
# The same memory is read as floats and as pairs of halves, so aliasing by type is switched off.
FLAGS = (
    *("-O3", "-std=gnu17", "-fopenmp", "-shared", "-fPIC"),
    *("-fno-math-errno", "-fno-strict-aliasing", "-ffp-contract=fast"),
)
COMPILERS = (*filter(None, [os.environ.get("CC")]), "cc", "gcc", "clang")
EXTRA = tuple(os.environ.get("DIGLOT_KERNEL_FLAGS", "").split())
ARCH_PRCTL, REQUEST_PERMISSION, TILE_DATA = 158, 0x1023, 18
"""Numbers of Linux on x86-64: the system call, ARCH_REQ_XCOMP_PERM and XFEATURE_XTILEDATA."""


@dataclass(frozen=True, slots=True)
class Level:
    """An instruction set that the kernels are compiled for.

    `needs`: processor features by their names in Linux. `flags`: of the compiler. `tiles`: whether
    it uses AMX, which a process has to ask the system for.
    """

    machine: str
    needs: frozenset[str]
    flags: tuple[str, ...]
    tiles: bool = False

    def runs_here(self) -> bool:
        """Whether this machine's processor and system support the level."""
        fits = self.machine == platform.machine() and self.needs <= processor()
        return fits and (not self.tiles or tiles_permitted())


_AVX2 = frozenset({"avx2", "fma", "bmi2", "f16c"})
_AVX512 = _AVX2 | {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}
_VNNI = _AVX512 | {"avx512_vnni"}
_BF16 = _VNNI | {"avx512_bf16"}
_BF16_FLAGS = ("-march=x86-64-v4", "-mavx512vnni", "-mavx512bf16")
# The best first. They are psABI levels rather than this very processor, because an image moves
# between machines.
LEVELS = {
    "amx": Level(
        "x86_64",
        _BF16 | {"avx512vbmi", "amx_tile", "amx_bf16"},
        (*_BF16_FLAGS, "-mavx512vbmi", "-mamx-tile", "-mamx-bf16"),
        tiles=True,
    ),
    "avx512bf16": Level("x86_64", _BF16, _BF16_FLAGS),
    "avx512vnni": Level("x86_64", _VNNI, ("-march=x86-64-v4", "-mavx512vnni")),
    "avx512": Level("x86_64", _AVX512, ("-march=x86-64-v4",)),
    "avxvnni": Level("x86_64", _AVX2 | {"avx_vnni"}, ("-march=x86-64-v3", "-mavxvnni")),
    "avx2": Level("x86_64", _AVX2, ("-march=x86-64-v3",)),
    "dotprod": Level("aarch64", frozenset({"asimddp"}), ("-march=armv8.2-a+dotprod",)),
    "neon": Level("aarch64", frozenset(), ("-march=armv8-a",)),
}


@cache
def library() -> ctypes.CDLL | None:
    """The compiled kernels; logs why and returns None where they are unavailable.

    Import torch first, because the kernels share its threads (its libgomp).
    """
    levels = _levels()
    if not levels:
        log.info("no kernels for this processor: the model runs on torch alone, slower")
        return None
    problem: Exception | None = None
    for level in levels:
        try:
            path = _find(level)
            return ctypes.CDLL(str(path)) if path else _compile(level)
        except subprocess.CalledProcessError as error:  # an old compiler lacks the best levels
            problem = problem or error
        except (OSError, subprocess.SubprocessError) as error:
            problem = error
            break
    log.warning("the kernels can't be used (%s): the model runs on torch alone, slower", problem)
    return None


def _levels() -> list[str]:
    """The levels that this machine supports, the best first."""
    if sys.platform != "linux":
        return []
    names = list(LEVELS)
    best = os.environ.get("DIGLOT_KERNEL_LEVEL")
    if best in names:
        names = names[names.index(best) :]
    elif best:
        log.warning("DIGLOT_KERNEL_LEVEL=%s is unknown and ignored; there are %s", best, names)
    return [name for name in names if LEVELS[name].runs_here()]


@cache
def tiles_permitted() -> bool:
    """Whether Linux lets this process use AMX's tiles; asks for it. Older kernels refuse."""
    try:
        syscall = ctypes.CDLL(None).syscall
    except (OSError, AttributeError):
        return False
    return bool(syscall(*map(ctypes.c_long, (ARCH_PRCTL, REQUEST_PERMISSION, TILE_DATA))) == 0)


@cache
def processor() -> frozenset[str]:
    """The processor's features by their names in Linux; none on other systems."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return frozenset()
    features = (line for line in lines if line.startswith(("flags", "Features")))
    return frozenset(next(features, "").split())


def _name(level: str) -> str:
    """The library's file name, with a hash of sources and flags against outdated builds."""
    text = " ".join(_flags(level)).encode()
    for source in _sources("*.[ch]"):
        text += Path(source).read_bytes()
    return f"kernels-{level}-{hashlib.sha256(text).hexdigest()[:16]}.so"


def _flags(level: str) -> tuple[str, ...]:
    return (*FLAGS, *LEVELS[level].flags, *EXTRA)


def _sources(kind: str) -> list[str]:
    return sorted(map(str, FOLDER.glob(kind)))


def _find(level: str) -> Path | None:
    paths = (folder / _name(level) for folder in (FOLDER, _cache()))
    return next((path for path in paths if path.is_file()), None)


def _cache() -> Path:
    folder = os.environ.get("XDG_CACHE_HOME")
    try:
        return Path(folder or Path.home() / ".cache") / "diglot"
    except RuntimeError:  # a container's user without a home has no cache
        return Path(os.devnull, "diglot")


def _compile(level: str) -> ctypes.CDLL | None:
    if not any(map(shutil.which, COMPILERS)):
        log.warning("no C compiler found (cc): the model runs on torch alone, slower")
        return None
    try:
        return ctypes.CDLL(str(build(level, _cache())))
    except OSError:  # the home is read-only, noexec or no folder: compile for this run only
        with tempfile.TemporaryDirectory(prefix="diglot-") as folder:
            return ctypes.CDLL(str(build(level, Path(folder))))  # a loaded library needs no file


def build(level: str, folder: Path) -> Path:
    """Compile for `level` into `folder`; returns the library's path.

    Raises OSError or CalledProcessError when that fails.
    """
    compiler = next(filter(None, map(shutil.which, COMPILERS)), None)
    if compiler is None:
        raise FileNotFoundError("no C compiler (cc)")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / _name(level)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        library_file = Path(scratch, target.name)
        command = [compiler, *_flags(level), *_sources("*.c"), "-o", str(library_file), "-lm"]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        library_file.replace(target)  # atomic, also when two processes compile at once
    return target


def main() -> None:
    for name, level in LEVELS.items():
        if level.machine == platform.machine():
            sys.stdout.write(f"{build(name, FOLDER)}\n")


if __name__ == "__main__":
    main()
