"""The sanitizers that `make sanitize` runs the kernels under see what they are there for."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from service.llm.kernels import build
from tests.support.kernel_builds import HERE, compiler

pytestmark = pytest.mark.slow

# Without torch, which takes long to load. Small arrays of Python's would not be malloc's own.
NORM = """
import ctypes
from service.llm.kernels.build import library
kernels = library()
assert kernels is not None
row, weight, out = ((ctypes.c_float * 208)(*range(208)) for _ in range(3))
one, width, epsilon = ctypes.c_int64(1), ctypes.c_int64(208), ctypes.c_float(1e-6)
kernels.rms_norm(row, width, one, width, weight, epsilon, out, one, width)
print("done", out[0])
"""
LOOP = "for (; i + LANES <= width; i += LANES) squares"
SHARE = "const float share ="
PLANTED = {
    "": ("", ""),
    "heap-buffer-overflow": (LOOP, LOOP.replace("i + LANES <= width", "i <= width")),
    "signed integer overflow": (SHARE, f"sum += (int)width + 2147483647;\n    {SHARE}"),
}


@pytest.mark.skipif(build.library() is None, reason="no kernels for this machine, or no compiler")
@pytest.mark.parametrize("report", PLANTED, ids=["clean", "overflow", "undefined"])
def test_a_planted_fault_is_reported(report: str, tmp_path: Path) -> None:
    compiler()
    folder = tmp_path / "service/llm/kernels"
    shutil.copytree(build.FOLDER, folder, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    for package in (folder, folder.parent, folder.parent.parent):
        (package / "__init__.py").touch()
    source = folder / "rowwise.c"
    for other in set(folder.glob("*.c")) - {source}:  # compiling it would only take time
        other.unlink()
    assert PLANTED[report][0] in source.read_text()
    source.write_text(source.read_text().replace(*PLANTED[report], 1))
    done = subprocess.run(
        [HERE / "sanitized.sh", sys.executable, "-c", NORM],
        env=os.environ | {"PYTHONPATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)},
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    if "libasan" in done.stderr and "cannot be preloaded" in done.stderr:
        pytest.skip(f"there are no sanitizers here: {done.stderr}")
    assert ("done" in done.stdout) == (not report), done.stderr
    assert report in done.stderr
