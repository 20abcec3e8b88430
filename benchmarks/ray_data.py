"""Ray Data's own pool of actors and its checkpoints, under what a long run meets.

`poison`: one row of forty kills the process that reads it. `node`: one of two nodes dies and none
comes back. Both print how many rows arrive within the limit and how many actors were started.
`checkpoint`: a second run over rows that are done, and the memory that knowing them takes.
"""

import argparse
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks.on_ray import start_cluster

ROWS, POISONED = 40, 20


class Reader:
    """An actor that notes its start in a folder, and dies of one row where it is told to."""

    def __init__(self, folder: str, mortal: bool) -> None:
        self._mortal = mortal
        Path(folder, f"{time.time_ns()}").touch()

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        time.sleep(0.3)
        if self._mortal and POISONED in batch["id"]:
            os._exit(1)
        return batch


def pool(asked: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp") as folder:
        cluster, nodes = start_cluster(Path(folder) / "ray", resources={"engine": 1})
        import ray

        ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
        starts = Path(folder) / "starts"
        starts.mkdir()
        arrived: list[int] = []
        rows = ray.data.from_items(
            [{"id": number} for number in range(ROWS)], override_num_blocks=ROWS
        ).map_batches(
            Reader,
            fn_constructor_args=(str(starts), asked.measure == "poison"),
            batch_size=1,
            num_cpus=0.1,
            resources={"engine": 1},  # as a GPU would be: one a node
            compute=ray.data.ActorPoolStrategy(size=2),
        )
        reading = threading.Thread(
            target=lambda: arrived.extend(row["id"] for row in rows.iter_rows()), daemon=True
        )
        begun = time.monotonic()
        reading.start()
        if asked.measure == "node":
            while len(list(starts.iterdir())) < 2:
                time.sleep(0.1)
            time.sleep(2)
            cluster.remove_node(nodes[0], allow_graceful=False)
        reading.join(asked.limit)
        print(
            f"{asked.measure}: {len(arrived)} of {ROWS} rows,"
            f" {time.monotonic() - begun:.0f} s,"
            f" {'still running' if reading.is_alive() else 'ended'};"
            f" {len(list(starts.iterdir()))} actors started"
        )
        os._exit(0)  # a thread that hangs can't be joined


def checkpoint(asked: argparse.Namespace) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq
    import ray
    from ray.data.checkpoint import CheckpointConfig

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp") as folder:
        ids = [f"{number:016x}" for number in range(asked.ids)]
        for name in ("in", "done"):
            Path(folder, name).mkdir()
            pq.write_table(pa.table({"id": ids}), f"{folder}/{name}/a.parquet")
        ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
        ray.data.DataContext.get_current().checkpoint_config = CheckpointConfig(
            id_column="id", checkpoint_path=f"{folder}/done", delete_checkpoint_on_success=False
        )
        begun, before = time.monotonic(), _memory()
        peak = [before]
        watching = threading.Thread(target=_watch, args=(peak,), daemon=True)
        watching.start()
        ray.data.read_parquet(f"{folder}/in").write_parquet(f"{folder}/out")
        print(
            f"checkpoint: {asked.ids} done rows skipped in {time.monotonic() - begun:.1f} s;"
            f" memory of all of Ray's processes grew by {(peak[0] - before) >> 20} MB"
        )
        ray.shutdown()


def _watch(peak: list[int]) -> None:
    while True:
        peak[0] = max(peak[0], _memory())
        time.sleep(0.2)


def _memory() -> int:
    """The unshared memory of this process and of all that it started, in bytes."""
    total = 0
    own = psutil.Process()
    for process in [own, *own.children(recursive=True)]:
        try:
            total += process.memory_full_info().uss
        except psutil.Error:
            continue
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("measure", choices=["poison", "node", "checkpoint"])
    parser.add_argument("--limit", type=float, default=60.0, help="seconds")
    parser.add_argument("--ids", type=int, default=1_000_000)
    asked = parser.parse_args()
    (checkpoint if asked.measure == "checkpoint" else pool)(asked)


if __name__ == "__main__":
    main()
