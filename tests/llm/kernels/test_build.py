"""The kernels are compiled where a compiler is; where none is, the engine runs all the same.

Each case is a process of its own, in an environment that is made for it.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from service.llm.kernels import build

LOAD = """
import logging, os, sys
logging.basicConfig(stream=sys.stderr, format="%(message)s")
from service.llm.kernels.build import library
if "BE" in os.environ:
    os.setuid(int(os.environ["BE"]))
found = library()
print("-" if found is None else found._name)
"""
COMPILER = next(filter(None, map(shutil.which, build.COMPILERS)), None)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        build.library() is None, reason="no kernels for this machine, or no compiler"
    ),
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A copy of the service's package in which nothing is compiled."""
    root = tmp_path / "root"
    native = root / "service/llm/kernels"
    native.mkdir(parents=True)
    for package in [*list(native.parents)[:2], native]:
        (package / "__init__.py").touch()
    for one in [build.FOLDER / "build.py", *build.FOLDER.glob("*.[ch]")]:
        shutil.copy(one, native)
    return root


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder of commands that is the whole PATH; its compiler is the machine's, and counts."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("as", "ld", "sh"):
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    compiler(folder, f'echo x >> "{folder}/count"\nexec "{COMPILER}" "$@"')
    return folder


def compiler(folder: Path, script: str) -> None:
    path = folder / "cc"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def compilations(tools: Path) -> int:
    count = tools / "count"
    return len(count.read_text().split()) if count.exists() else 0


def start(source: Path, tools: Path, cache: Path, **more: str) -> "subprocess.Popen[str]":
    environment = {
        "PATH": str(tools),
        "PYTHONPATH": str(source),
        "XDG_CACHE_HOME": str(cache),
        "HOME": str(cache),
        "TMPDIR": str(tools.parent),
        **more,
    }
    return subprocess.Popen(
        [sys.executable, "-c", LOAD],
        env={name: value for name, value in environment.items() if value != "unset"},
        cwd=source,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def load(source: Path, tools: Path, cache: Path, **more: str) -> tuple[str, str]:
    """The loaded library's path, "-" for none, and the log."""
    process = start(source, tools, cache, **more)
    out, log = process.communicate(timeout=120)
    assert process.returncode == 0, log
    return out.strip(), log


def test_it_is_compiled_once_and_found_again(source: Path, tools: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first, log = load(source, tools, cache)
    assert Path(first).parent == cache / "diglot" and not log
    assert load(source, tools, cache) == (first, "")
    assert compilations(tools) == 1
    assert [path.name for path in (cache / "diglot").iterdir()] == [Path(first).name]


def test_a_library_beside_the_source_needs_no_compiler(
    source: Path, tools: Path, tmp_path: Path
) -> None:
    """An image holds a compiled library and no compiler."""
    command = [sys.executable, "-m", "service.llm.kernels.build"]
    environment = {"PATH": str(tools), "PYTHONPATH": str(source)}
    done = subprocess.run(
        command, cwd=source, env=environment, capture_output=True, text=True, check=True
    )
    own = [one for one in build.LEVELS.values() if one.machine == platform.machine()]
    assert len(done.stdout.split()) == len(own)
    (tools / "cc").unlink()
    found, log = load(source, tools, tmp_path / "cache")
    assert found in done.stdout.split() and not log


def test_without_a_compiler_it_says_so_and_goes_on(
    source: Path, tools: Path, tmp_path: Path
) -> None:
    (tools / "cc").unlink()
    found, log = load(source, tools, tmp_path / "cache")
    assert found == "-"
    assert "no C compiler" in log and len(log.splitlines()) == 1


@pytest.mark.parametrize(
    "script", ["exit 1", "echo 'internal compiler error' >&2; kill -SEGV $$", "exit 0"]
)
def test_a_broken_compiler_counts_as_missing(
    source: Path, tools: Path, tmp_path: Path, script: str
) -> None:
    """Also one that says all is well and writes nothing."""
    cache = tmp_path / "cache"
    compiler(tools, script)
    found, log = load(source, tools, cache)
    assert found == "-"
    assert "runs on torch alone" in log and len(log.splitlines()) == 1
    assert not list((cache / "diglot").iterdir())


def test_a_compiler_that_writes_nonsense_counts_as_missing(
    source: Path, tools: Path, tmp_path: Path
) -> None:
    compiler(tools, 'while [ "$1" != -o ]; do shift; done; echo nonsense > "$2"')
    found, log = load(source, tools, tmp_path / "cache")
    assert found == "-"
    assert "runs on torch alone" in log


@pytest.mark.parametrize("cache", ["/proc/nowhere", "/dev/null", "file/below"])
def test_a_cache_that_cannot_be_written_costs_only_the_cache(
    source: Path, tools: Path, tmp_path: Path, cache: str
) -> None:
    """On a read-only system, or with a file as home, kernels are compiled for this process only."""
    (tmp_path / "file").touch()
    found, log = load(source, tools, tmp_path / cache)
    assert found != "-", log
    assert compilations(tools) == 1
    assert not Path(found).parent.exists()


def test_a_folder_that_may_not_be_written(source: Path, tools: Path, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    found, _ = load(source, tools, locked)
    assert found != "-"


def test_a_user_without_a_home(source: Path, tools: Path) -> None:
    """A container may run as a user id without an entry in the user database."""
    if os.geteuid():
        pytest.skip("only root may become somebody else")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # pytest's own folders are closed to others
        root = shutil.copytree(source, Path(folder, "root"))
        own = shutil.copytree(tools, Path(folder, "tools"), symlinks=True)
        compiler(own, f'exec "{COMPILER}" "$@"')
        unset = {"HOME": "unset", "XDG_CACHE_HOME": "unset", "TMPDIR": "unset"}
        found, log = load(root, own, root, BE="54321", **unset)
    assert found != "-" and not log, log
    assert not Path(found).parent.exists()  # a loaded library needs no file


def test_two_that_start_at_once_both_get_it(source: Path, tools: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    processes = [start(source, tools, cache) for _ in range(3)]
    outcomes = [process.communicate(timeout=120) for process in processes]
    assert len({out for out, _ in outcomes}) == 1
    assert all(log == "" for _, log in outcomes)
    assert len(list((cache / "diglot").iterdir())) == 1


def test_a_compiler_that_lacks_a_level_gets_the_next(
    source: Path, tools: Path, tmp_path: Path
) -> None:
    """As GCC 10 does not know AMX."""
    best, next_best = ([name for name, level in build.LEVELS.items() if level.runs_here()] * 2)[:2]
    if best == next_best:
        pytest.skip("this processor has a single level")
    flag = build.LEVELS[best].flags[-1]
    compiler(tools, f'case "$*" in *{flag}*) exit 1;; esac\nexec "{COMPILER}" "$@"')
    found, log = load(source, tools, tmp_path / "cache")
    assert f"kernels-{next_best}-" in found and not log


def test_a_level_can_be_chosen(source: Path, tools: Path, tmp_path: Path) -> None:
    name = [name for name, level in build.LEVELS.items() if level.runs_here()][-1]
    cache = tmp_path / "cache"
    found, log = load(source, tools, cache, DIGLOT_KERNEL_LEVEL=name)
    assert f"kernels-{name}-" in found and not log
    found, log = load(source, tools, cache, DIGLOT_KERNEL_LEVEL="nonsense")
    assert found != "-" and "nonsense is unknown" in log


REFUSE = """
import ctypes, sys
from service.llm.kernels import build
real = ctypes.CDLL
class Refusing:
    def syscall(self, *arguments):
        print("asked", [argument.value for argument in arguments])
        return int(sys.argv[1])
ctypes.CDLL = lambda name: real(name) if name else Refusing()
build.processor = lambda: frozenset().union(*(level.needs for level in build.LEVELS.values()))
print(build._levels()[0])
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="AMX is x86-64's")
@pytest.mark.parametrize(("answer", "level"), [(0, "amx"), (-1, "avx512bf16")])
def test_tiles_are_used_where_the_system_permits_them(answer: int, level: str) -> None:
    """A virtual machine's system may refuse what its processor has."""
    command = [sys.executable, "-c", REFUSE, str(answer)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["asked [158, 4131, 18]", level]


def test_an_old_build_is_not_taken_for_a_new_source(
    source: Path, tools: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    old, _ = load(source, tools, cache)
    code = source / "service/llm/kernels/vectors.h"
    code.write_text("/* New. */\n" + code.read_text())
    new, _ = load(source, tools, cache)
    assert new not in {old, "-"}
    assert compilations(tools) == 2


def test_an_old_build_is_not_taken_for_new_flags(source: Path, tools: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    old, _ = load(source, tools, cache)
    script = source / "service/llm/kernels/build.py"
    script.write_text(script.read_text().replace('"-O3"', '"-O2"', 1))
    new, _ = load(source, tools, cache)
    assert new not in {old, "-"}


def test_a_kill_in_the_middle_leaves_nothing_half_made(
    source: Path, tools: Path, tmp_path: Path
) -> None:
    """The compiler has written a part of the file when its process is killed."""
    cache = tmp_path / "cache"
    script = (tools / "cc").read_text().partition("\n")[2]
    hang = f'while [ "$1" != -o ]; do shift; done\necho half > "$2"\necho x >> {tools}/begun\n'
    compiler(tools, hang + f'while [ -e "{tools}/begun" ]; do :; done')
    process = start(source, tools, cache)
    while not (tools / "begun").exists():
        assert process.poll() is None
    process.kill()
    (tools / "begun").unlink()  # the compiler, an orphan now, waits for it
    process.communicate()
    compiler(tools, script)
    found, log = load(source, tools, cache)
    assert found != "-" and not log, log
