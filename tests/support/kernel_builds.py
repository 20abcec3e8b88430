"""Builds of the kernels: this processor's levels, others in emulation, Arm's under qemu.

Every build has `call`, which does what `ops.call` does with the library that the service loads.
Compiled files are kept until a source or the compiler changes: each takes some seconds, and the
processes of a test run need the same ones.
"""

import ctypes
import fcntl
import hashlib
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol
from unittest.mock import patch

import pytest
import torch
from torch import Tensor

from service.llm.kernels import build, linear, linear_attention, ops, rotary, rowwise

HERE = Path(__file__).parents[1] / "llm/kernels"
CROSS = "aarch64-linux-gnu-gcc"
QEMU = "qemu-aarch64-static"
EMULATED = {
    "emulated amx": ("-DEMULATE_AVX512", "-DEMULATE_AMX", "-Wno-psabi"),
    "emulated avx512vnni": ("-DEMULATE_AVX512", "-Wno-psabi"),
    "emulated avxvnni": (),
}
"""Levels that run in plain C on AVX2 (emulated_*.h), with the flags that choose them."""
ARM = {f"qemu {name}": name for name, level in build.LEVELS.items() if level.machine == "aarch64"}
NATIVE = [name for name, level in build.LEVELS.items() if level.runs_here()]
NAMES = (*NATIVE, *EMULATED, *ARM)
KEPT = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "diglot", "tests")
TILED = [name for name in NAMES if name.endswith("amx")]
"""Builds that multiply by tiles."""


class Build(Protocol):
    """Kernels that were compiled in one way."""

    def call(self, name: str, *arguments: object) -> None:
        """Call the function `name` as `ops.call` does."""


class Loaded:
    """A build in this process."""

    def __init__(self, path: Path) -> None:
        self.library = ctypes.CDLL(str(path))

    def call(self, name: str, *arguments: object) -> None:
        with patch.object(ops, "library", lambda: self.library):
            ops.call(name, *arguments)


class UnderQemu:
    """A build for another processor, in a process of an emulator (driver.c)."""

    def __init__(self, path: Path) -> None:
        command = [QEMU, str(path)]
        pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen(command, env={"OMP_NUM_THREADS": "2"}, **pipes)

    def call(self, name: str, *arguments: Any) -> None:
        if name == "delta_rule":
            arguments = _delta_arguments(arguments[0]._obj)
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin and stdout
        stdin.write(struct.pack("16sq", name.encode(), len(arguments)))
        stdin.write(b"".join(map(_sent, arguments)))
        stdin.flush()
        for array in map(_array, arguments):
            if array is not None:
                data = stdout.read(len(array))
                assert len(data) == len(array), f"the driver broke off in {name}"
                array[:] = data

    def close(self) -> None:
        self._process.communicate()


def _delta_arguments(delta: Any) -> tuple[Any, ...]:
    """The fields of a `_Delta` in order, with arrays as far as its sizes say that they go."""
    strides = list(delta.strides)
    sizes = [(delta.heads, delta.depth)] * 2 + [(delta.value_heads, delta.width)]
    sizes += [(delta.value_heads, 1)] * 2
    inputs = []
    for index, (heads, width) in enumerate(sizes):
        row, token, head = strides[3 * index : 3 * index + 3]
        size = (delta.rows - 1) * row + (delta.tokens - 1) * token + (heads - 1) * head + width
        inputs.append(_floats(getattr(delta, delta._fields_[index][0]), size))
    head_size = delta.value_heads * delta.depth * delta.width
    state = _floats(delta.state, (delta.rows - 1) * delta.state_row + head_size)
    out = _floats(delta.out, delta.rows * delta.tokens * delta.value_heads * delta.width)
    shape = (delta.rows, delta.tokens, delta.heads, delta.value_heads, delta.depth, delta.width)
    return (*inputs, *strides, state, out, *shape, delta.state_row)


def _floats(address: int, count: int) -> Any:
    return (ctypes.c_float * count).from_address(address)


def _array(argument: object) -> Any:
    """The memory of a tensor or of a ctypes array; None for other arguments."""
    if isinstance(argument, Tensor):
        storage = argument.untyped_storage()
        address, size = storage.data_ptr(), storage.nbytes()
        memory = (ctypes.c_char * size).from_address(address) if size else bytearray()
        return memoryview(memory).cast("B")
    return memoryview(argument).cast("B") if isinstance(argument, ctypes.Array) else None


def _sent(argument: object) -> bytes:
    """An argument as driver.c reads it."""
    array = _array(argument)
    if array is not None:
        offset = 0
        if isinstance(argument, Tensor):
            offset = int(argument.storage_offset()) * argument.element_size()
        return struct.pack("qqq", 2, len(array), offset) + bytes(array)
    if isinstance(argument, int):
        return struct.pack("qq", 0, argument)
    if isinstance(argument, ctypes.c_float):
        return struct.pack("=qf", 1, argument.value)
    assert argument is None
    return struct.pack("q", 3)


def make(name: str) -> Build:
    """The build of a name, compiled if it is not kept. Skips the test where this machine can't."""
    if name in EMULATED:
        return Loaded(_emulated(name))
    if name in ARM:
        return UnderQemu(_for_arm(ARM[name]))
    if name not in NATIVE:
        pytest.skip(f"this processor has no {name}")
    return Loaded(_kept(name, (compiler(), *build._flags(name)), _sources()))


def compiler() -> str:
    """The compiler that the service would take. Skips the test where there is none."""
    path = next(filter(None, map(shutil.which, build.COMPILERS)), None)
    return path or pytest.skip("there is no C compiler here")


def _sources() -> list[str]:
    return sorted(map(str, build.FOLDER.glob("*.c")))


def _emulated(name: str) -> Path:
    if "avx2" not in NATIVE:
        pytest.skip("this processor has no AVX2 to emulate on")
    flags = [*build.FLAGS, *build.LEVELS["avx2"].flags, *EMULATED[name], *build.EXTRA]
    headers = ("emulated_vnni.h", "emulated_amx.h")
    included = [word for header in headers for word in ("-include", str(HERE / header))]
    return _kept(name, (compiler(), *flags), [*included, *_sources()])


def _for_arm(level: str) -> Path:
    for tool in (CROSS, QEMU):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not here, and Arm's kernels go untested")
    flags = [flag for flag in build.FLAGS if flag not in {"-shared", "-fPIC"}]
    sources = [path for path in _sources() if not path.endswith("linear_attention.c")]
    sources += [str(HERE / "driver.c"), f"-I{build.FOLDER}"]
    command = (CROSS, *flags, *build.LEVELS[level].flags, "-static")
    return _kept(f"driver {level}", command, sources)


def _kept(name: str, command: Sequence[str], sources: Sequence[str]) -> Path:
    """The file that `command` makes of `sources`, kept under the hash of all that it comes from."""
    tool = Path(shutil.which(command[0]) or command[0]).resolve()
    made_of = hashlib.sha256(repr((command, str(tool), tool.stat().st_mtime_ns)).encode())
    for path in sorted(path for folder in (build.FOLDER, HERE) for path in folder.glob("*.[ch]")):
        made_of.update(path.read_bytes())
    KEPT.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = KEPT / f"{name.replace(' ', '-')}-{made_of.hexdigest()[:16]}"
    with (KEPT / f"{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another process of this run may be making it
        if not target.is_file():
            part = KEPT / f"{target.name}.part"
            _run(*command, *sources, "-o", str(part), "-lm")
            part.replace(target)
    return target


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


@contextmanager
def used(kernels: Build) -> Iterator[None]:
    """Let the wrappers in Python call `kernels`."""
    linear.layout.cache_clear()
    with ExitStack() as stack:
        for module in (linear, linear_attention, rotary, rowwise):
            stack.enter_context(patch.object(module, "call", kernels.call))
        yield
    linear.layout.cache_clear()


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let kernels in this process use so many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
