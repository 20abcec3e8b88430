"""The Ray cluster: one that is there already, or one of this machine that lives as long as the run.

The cluster of this machine listens on loopback only, has no dashboard, and keeps its files in a
folder of its own, which is removed at the end. No usage statistics are sent in either case.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.errors import BadInput, BadSetting
from service.settings import Settings

_OBJECT_STORE_BYTES = 512 << 20
"""Articles and results on their way; what waits lies in the input and in the partitions."""
_LONGEST_FOLDER = 40
"""Characters: the path of a socket below it may have 107."""

_MOST_STARTS = 3
"""Tries to start a cluster of this machine."""


@dataclass(frozen=True, slots=True)
class PoolShape:
    """The number of engines, and the cores and GPUs of each."""

    workers: int
    cpus: float
    gpus: int


@contextmanager
def connected(address: str | None) -> Iterator[list[Mapping[str, float]]]:
    """A connection to the cluster at `address`, or one of this machine; the resources of each node.

    Raises BadSetting without the package ray, and where no cluster is at the address.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # read when the package is imported
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    if address is None:
        # Ray's own switch for machines whose cluster has one node: all of it binds to 127.0.0.1.
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    try:
        import ray
    except ImportError as error:
        raise BadSetting("--on ray needs the package ray: pip install 'diglot[ray]'") from error
    folder = _folder() if address is None else None
    try:
        _connect(ray, address, folder)
        yield _resources(ray)
    finally:
        ray.shutdown()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def shape(
    nodes: Sequence[Mapping[str, float]], settings: Settings, workers: int | None
) -> PoolShape:
    """The engines for a cluster: one a GPU; without a model one a core; else one a node.

    `workers` and `settings.threads` decide otherwise. Raises BadInput where no node has room for
    one of them.
    """
    cpus, gpus = ([node.get(name, 0.0) for node in nodes] for name in ("CPU", "GPU"))
    has_model = settings.engine in {"auto", "transformers"}
    on_gpu = has_model and settings.device != "cpu" and sum(gpus) >= 1
    if on_gpu:
        count = workers or int(sum(gpus))
    elif settings.threads or not has_model:
        count = workers or max(1, int(sum(cpus) // (settings.threads or 1)))
    else:
        count = workers or max(1, sum(each >= 1 for each in cpus))
    return PoolShape(count, _cpus(cpus, count, settings.threads), int(on_gpu))


def _cpus(nodes: Sequence[float], workers: int, threads: int) -> float:
    """The cores of a worker: those of its threads, or a share of all that fits on a node."""
    largest = max(nodes, default=0.0)
    if threads:
        if threads > largest:
            raise BadInput(
                f"no node has {threads} cores for a worker, at most {largest:.0f}:"
                " --threads says how many it takes"
            )
        return threads
    share = min(sum(nodes) / workers, largest)
    return float(int(share)) if share >= 1 else round(share, 3)


def _resources(ray: Any) -> list[Mapping[str, float]]:
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def _connect(ray: Any, address: str | None, folder: Path | None) -> None:
    """Connect to the cluster at `address`, or start one in `folder`. Raises BadSetting."""
    # Ray gives a cluster of its own 30 seconds to start, too few for a busy machine.
    tries = 1 if folder is None else _MOST_STARTS
    for left in reversed(range(tries)):
        try:
            _start(ray, address, folder)
            break
        except Exception as error:  # Ray raises bare ones
            ray.shutdown()
            if not left:
                raise BadSetting(_told(error, address)) from error
    # When a process of Ray's dies, Ray prints pages of its log on stdout. The pool tells it.
    ray._private.worker.print_to_stdstream = lambda *_, **__: None


def _told(error: Exception, address: str | None) -> str:
    reason = (" ".join(str(error).split()) or type(error).__name__)[:300]
    where = f"the Ray cluster at {address} can't be used" if address else "Ray can't be started"
    return f"{where}: {reason}"


def _start(ray: Any, address: str | None, folder: Path | None) -> None:
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    if folder is None:
        ray.init(address=address, **quiet)
        return
    from service.scale.local_node import few_processes

    with few_processes():
        ray.init(
            address="local",
            include_dashboard=False,
            object_store_memory=_OBJECT_STORE_BYTES,
            _node_ip_address="127.0.0.1",
            _temp_dir=str(folder),
            **quiet,
        )


def _folder() -> Path:
    """A new folder with a path that is short enough for sockets."""
    root = tempfile.gettempdir()
    return Path(
        tempfile.mkdtemp(prefix="diglot-ray-", dir=root if len(root) < _LONGEST_FOLDER else "/tmp")
    )
