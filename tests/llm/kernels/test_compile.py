"""The C compiles without a warning, for every level, with every compiler that is here."""

import shutil
import subprocess
from pathlib import Path

import pytest

from service.llm.kernels import build
from tests.support.kernel_builds import CROSS

pytestmark = pytest.mark.slow

SOURCES = sorted(build.FOLDER.glob("*.c"))
# -O1 is enough for the warnings that need the flow of data, in half of the time.
STRICT = ("-Wall", "-Wextra", "-Werror", "-O1", "-c", "-o", "/dev/null")
COMPILERS = {
    "x86_64": {"gcc": ("gcc",), "clang": ("clang", "--target=x86_64-linux-gnu")},
    "aarch64": {CROSS: (CROSS,), "clang": ("clang", "--target=aarch64-linux-gnu")},
}


def compile_strictly(command: tuple[str, ...], level: str, source: Path) -> str:
    """The compiler's warnings; empty without any."""
    flags = [flag for flag in build.FLAGS if flag != "-shared"]
    flags += [*build.LEVELS[level].flags, *STRICT]
    done = subprocess.run(
        [*command, *flags, str(source)], check=False, capture_output=True, text=True, timeout=120
    )
    assert bool(done.returncode) == bool(done.stderr), done.stderr
    return done.stderr


def usable(machine: str, name: str, folder: Path) -> tuple[str, ...]:
    """The command of a compiler. Skips the test where it is missing, or its headers or OpenMP."""
    command = COMPILERS[machine][name]
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not here: the C goes uncompiled by it for {machine}")
    trial = folder / "trial.c"
    trial.write_text("#include <math.h>\n#include <stdint.h>\n#include <stdlib.h>\n")
    level = next(name for name, level in build.LEVELS.items() if level.machine == machine)
    if complaint := compile_strictly(command, level, trial):
        pytest.skip(f"{' '.join(command)} can't compile for {machine}: {complaint}")
    return command


@pytest.mark.parametrize("level", build.LEVELS)
@pytest.mark.parametrize("kind", [0, 1], ids=["gcc", "clang"])
def test_no_compiler_has_a_warning(level: str, kind: int, tmp_path: Path) -> None:
    machine = build.LEVELS[level].machine
    command = usable(machine, list(COMPILERS[machine])[kind], tmp_path)
    for source in SOURCES:
        assert not compile_strictly(command, level, source)


def test_a_warning_would_be_seen(tmp_path: Path) -> None:
    command = usable("x86_64", "gcc", tmp_path)
    wrong = tmp_path / "wrong.c"
    wrong.write_text("int f(int x) { int y; return x; }\n")
    assert "unused variable" in compile_strictly(command, "avx2", wrong)
