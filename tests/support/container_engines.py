"""The container engine of the tests: Docker where one answers, else podman with its own storage.

Both need root, because the tests enter a container's network, which leads nowhere else.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BASE = os.environ.get("BASE", "docker.io/library/python:3.11-slim")
DEBIAN = "bookworm"  # its Python is the 3.11 that BASE has
DEBIAN_OPTIONS = (
    "--include=ca-certificates,python3,python3-pip,python3-venv --dpkgopt=force-unsafe-io"
    " --dpkgopt=path-exclude=/usr/share/man/* --dpkgopt=path-exclude=/usr/share/doc/*"
    " --dpkgopt=path-exclude=/usr/share/locale/*"
)
PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
NAME = f"diglot-image-test-{os.getpid()}"
# podman's defaults are above what a machine without systemd may allow.
LIMITS = ("--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096")
PODMAN_TOOLS = ("podman", "runc", "mmdebstrap")


@dataclass(frozen=True)
class Engine:
    command: tuple[str, ...]
    build_flags: tuple[str, ...] = ()
    run_flags: tuple[str, ...] = ()

    def __call__(self, *arguments: str, check: bool = True, stderr: bool = False) -> str:
        """The command's output on stdout (and on `stderr`), without its last line's end."""
        status, output, errors = run([*self.command, *arguments])
        if check and status:
            last = (output + errors)[-4_000:]
            raise AssertionError(f"{' '.join(arguments)}: exit status {status}\n{last}")
        return (output + (errors if stderr else "")).strip()


def run(
    command: Sequence[str], environment: Mapping[str, str] | None = None
) -> tuple[int, str, str]:
    """Exit status, stdout and stderr. When the tests are interrupted, the command ends first, as
    what it has mounted can't be removed.
    """
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env={**os.environ, **(environment or {})},
    ) as process:  # fmt: skip
        try:
            output, errors = process.communicate()
        except BaseException:
            process.terminate()
            process.communicate()
            raise
    return process.returncode, output, errors


def why_none() -> str | None:
    """The reason why no image can be built and run here; None when it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "it takes root on Linux"
    if _docker_answers():
        return None
    absent = [tool for tool in PODMAN_TOOLS if shutil.which(tool) is None]
    return f"no Docker answers, and {', '.join(absent)} is not installed" if absent else None


@contextmanager
def running_engine() -> Iterator[Engine]:
    """An engine that leaves nothing behind but Docker's own build cache."""
    with tempfile.TemporaryDirectory(
        prefix=f"{NAME}-", dir="/var/tmp"
    ) as name:  # /tmp may be small
        folder = Path(name)
        settings = _pip_settings()
        (folder / "pip.conf").write_text("\n".join(["[global]", *settings]))
        lent = ("--secret", f"id=pip.conf,src={folder / 'pip.conf'}", "--network", "host")
        mounts = [f"--volume={path}:{path}:ro" for path in _lent_paths(settings)]
        # Docker mounts no folder of the host while it builds.
        with _docker(lent) if _docker_answers() else _podman(folder, (*lent, *mounts)) as engine:
            yield engine


def _docker_answers() -> bool:
    if shutil.which("docker") is None:
        return False
    asked = subprocess.run(["docker", "info"], capture_output=True, check=False, timeout=60)
    return asked.returncode == 0


@contextmanager
def _docker(lent: Sequence[str]) -> Iterator[Engine]:
    engine = Engine(("docker",), build_flags=tuple(lent))
    try:
        yield engine
    finally:
        for kind, field in (("container", "name"), ("volume", "name"), ("image", "reference")):
            every = ("--all",) if kind == "container" else ()
            made = engine(kind, "ls", "--quiet", *every, "--filter", f"{field}={NAME}*")
            if made:
                engine(kind, "rm", "--force", *made.split())


@contextmanager
def _podman(folder: Path, lent: Sequence[str]) -> Iterator[Engine]:
    storage = [f"--{name}={folder}/{name}" for name in ("root", "runroot", "tmpdir")]
    # For a machine without systemd: its control groups, its journal, its timers.
    plain = ("--runtime", "runc", "--cgroup-manager", "cgroupfs", "--events-backend", "file")
    os.environ["DISABLE_HC_SYSTEMD"] = "true"
    # The format of Docker's images knows health checks; OCI's does not.
    build = ("--isolation", "chroot", "--format", "docker", "--pull=never", *LIMITS, *lent)
    engine = Engine(("podman", *storage, *plain), build, LIMITS)
    try:
        _provide_base(engine, folder)
        yield engine
    finally:
        engine("rm", "--all", "--force", "--time", "0", check=False)
        for mounted in _mounts_below(folder):
            subprocess.run(["umount", "--lazy", mounted], check=True)
        groups = Path("/sys/fs/cgroup")
        for group in (groups / "libpod_parent", *groups.glob("*/libpod_parent")):
            _remove_empty(group)


def _mounts_below(folder: Path) -> list[str]:
    """The storage's own, and those of a build that was broken off; the innermost first."""
    mounts = Path("/proc/self/mounts").read_text("utf-8").splitlines()
    points = [line.split()[1] for line in mounts]
    return sorted((point for point in points if point.startswith(f"{folder}/")), reverse=True)


def _remove_empty(folder: Path) -> None:
    for path, _, _ in os.walk(folder, topdown=False):
        try:
            os.rmdir(path)  # noqa: PTH106
        except OSError:  # another container is in it
            continue


def _provide_base(engine: Engine, folder: Path) -> None:
    """Fetch the base image; where there is no registry, make one of Debian's packages."""
    if engine("pull", "--quiet", BASE, check=False):
        return
    archive = folder / "base.tar"
    made = f"mmdebstrap --quiet --mode=root --variant=apt {DEBIAN_OPTIONS} {DEBIAN} {archive}"
    status, _, errors = run(made.split(), {"TMPDIR": str(folder)})
    assert status == 0, errors
    environment = ("--change", f"ENV PATH={PATH}", "--change", "ENV LANG=C.UTF-8")
    engine("import", *environment, str(archive), BASE)
    archive.unlink()


def _pip_settings() -> list[str]:
    """The pip settings of this user, as lines of a pip.conf."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout  # fmt: skip
    lines = [line.split("=", 1) for line in listed.splitlines() if "=" in line]
    lines.sort(key=lambda line: line[0].startswith(":env:"))  # variables count more than files
    found = {name.rpartition(".")[2]: ast.literal_eval(value) for name, value in lines}
    return [f"{name} = {value}" for name, value in found.items()]


def _lent_paths(settings: Sequence[str]) -> list[str]:
    """Folders of wheels, and certificates, that `settings` name."""
    named = re.findall(r"(?:[\s=]|file://)(/[^\s:]+)", "\n".join(settings))
    return sorted({path for path in named if Path(path).exists()})
