"""A run on a Ray cluster of this machine: with kills at random, and beside runs without Ray.

`kills` starts a cluster of a head without cores and two nodes of one core, digests generated
articles on it, and meanwhile kills engines and a node (its raylet) at random. It prints whether
each article is there exactly once. With `--keep FOLDER` and `--stop-after SECONDS` a long run is
made in pieces, each on a new cluster, until all articles are there. `overhead` digests
the same articles in turn by two plain runs at once, each of one half, and by `--on ray --workers
2`, first few and then all of them, so that the start of Ray is told apart from what an article and
a second cost. `feeding` measures the run's own process, with an engine that answers at once: the
articles that it can read, write down, and skip.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import psutil

ENGLISH = (
    "The council of {place} met on {day} May and voted {yes} to {no} for the tram plan. It will"
    " build {stops} stops for {cost} million dollars. Mayor {name} called the plan a wise one."
    " Opponents fear that fares will rise by {rise} percent."
)
CHINESE = (
    "{place}市议会五月{day}日开会，以{yes}比{no}通过电车计划。会议决定投资{cost}00万美元，新建{stops}个车站。"
    "市长{name}称赞这一计划是明智之举。反对者担心票价上涨{rise}%。"
)
PLACES = {True: ["Harlow Bay", "Northfield", "Eastbrook"], False: ["海湾", "北田", "东溪"]}
LANGUAGES = "en,zh"
NAMES = {True: ["Ann Reed", "Paul Marsh", "Ida Stone"], False: ["李明", "王芳", "陈静"]}


def articles(count: int, rng: random.Random, languages: Sequence[str]) -> Iterator[str]:
    """Short articles, no two alike, in `languages` in turn."""
    for number in range(count):
        english = languages[number % len(languages)] == "en"
        text = (ENGLISH if english else CHINESE).format(
            place=rng.choice(PLACES[english]),
            name=rng.choice(NAMES[english]),
            day=rng.randint(1, 30),
            yes=rng.randint(8, 20),
            no=rng.randint(0, 7),
            stops=number + 2,
            cost=rng.randint(2, 99),
            rise=rng.randint(2, 9),
        )
        yield text


def write(folder: Path, count: int, files: int, languages: str = LANGUAGES) -> list[Path]:
    """`count` articles as JSON Lines, in `files` files of about one size."""
    folder.mkdir(parents=True)
    paths = [folder / f"{number}.jsonl" for number in range(files)]
    opened = [path.open("w", encoding="utf-8") for path in paths]
    for number, text in enumerate(articles(count, random.Random(0), languages.split(","))):
        opened[number % files].write(json.dumps({"text": text}, ensure_ascii=False) + "\n")
    for file in opened:
        file.close()
    return paths


def digest(*arguments: object, **environment: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "service", "digest", *map(str, arguments)]
    return subprocess.Popen(
        command, env={**os.environ, "OMP_NUM_THREADS": "1", **environment}, stdout=sys.stderr
    )


@dataclass
class Killer:
    """Kills an engine every few seconds, and a node once, which gets a successor later.

    It is called from the main thread, where alone Ray can start a node.
    """

    cluster: Any
    nodes: list[Any]
    seconds: float
    node_after: int
    rng: random.Random
    kills: Counter[str] = field(default_factory=Counter)
    rounds: int = 0
    due: float = 0.0

    def __post_init__(self) -> None:
        self._wait()

    def _wait(self) -> None:
        self.due = time.monotonic() + self.seconds * self.rng.uniform(0.5, 1.5)

    def kill_when_due(self) -> None:
        if time.monotonic() < self.due:
            return
        self.rounds += 1
        if self.rounds == self.node_after:
            node = self.nodes.pop(self.rng.randrange(len(self.nodes)))
            self.cluster.remove_node(node, allow_graceful=False)
            self.kills["nodes"] += 1
        elif engines := list(running_engines()):
            self.rng.choice(engines).send_signal(signal.SIGKILL)
            self.kills["engines"] += 1
        if self.rounds == self.node_after + 2:
            self.nodes.append(add_node(self.cluster))
        self._wait()


def running_engines() -> Iterator[psutil.Process]:
    for process in psutil.Process().children(recursive=True):
        try:
            if process.name().startswith("ray::Engine") or "EngineActor" in "".join(
                process.cmdline()[:1]
            ):
                yield process
        except psutil.Error:
            continue


QUIET_NODE = {"object_store_memory": 100 << 20}


def start_cluster(folder: Path, **more: Any) -> tuple[Any, list[Any]]:
    """A head without cores, so that the run itself is on a node that lives, and two nodes."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # all of it on loopback
    os.environ["RAY_TMPDIR"] = str(folder.parent)  # Ray writes an address to `ray` in it
    folder.mkdir()
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 0, "include_dashboard": False, "temp_dir": str(folder), **QUIET_NODE}
    cluster = patiently(partial(Cluster, initialize_head=True, head_node_args=head))
    return cluster, [add_node(cluster, **more) for _ in range(2)]


def add_node(cluster: Any, **more: Any) -> Any:
    return patiently(partial(cluster.add_node, num_cpus=1, **QUIET_NODE, **more))


def patiently(start: Callable[[], Any]) -> Any:
    """The result of `start`, tried five times: Ray gives a node 30 seconds, too few for some."""
    for _ in range(4):
        with suppress(Exception):  # Ray raises bare ones
            return start()
    return start()


def kills(asked: argparse.Namespace, folder: Path) -> bool:
    kept = asked.keep or folder
    if not (kept / "in").exists():
        write(kept / "in", asked.articles, 4, asked.languages)
    earlier = Pieces.read(kept)
    cluster, nodes = start_cluster(folder / "ray")
    # Kills of each piece are others.
    rng = random.Random(asked.seed + earlier.pieces)
    killer = Killer(cluster, nodes, asked.seconds, asked.node_after, rng)
    begun = time.monotonic()
    engine = ["--model", asked.model] if asked.model else ["--engine", "extractive"]
    run = digest(
        kept / "in", "--out", kept / "out", "--on", "ray", "--workers", 2, "--threads", 1,
        "--length", "short", "--languages", asked.languages, *engine, RAY_ADDRESS=cluster.address,
    )  # fmt: skip
    session = Path(cluster.head_node.get_session_dir_path())
    peak, largest = watch(run, session, killer, asked.stop_after)
    seconds = time.monotonic() - begun
    cluster.shutdown()
    done = earlier.and_one(killer.kills, seconds)
    done.write(kept)
    rows = read(kept / "out")
    ids = Counter(row["id"] for row in rows)
    failed = [row["error"] for row in rows if row["error"]]
    print(
        f"articles {asked.articles}, rows {len(rows)}, different {len(ids)}, failed {len(failed)}"
    )
    print(f"engines killed {done.engines}, nodes killed {done.nodes}")
    print(f"exit status {run.returncode}, {done.seconds:.0f} s in {done.pieces} pieces")
    print(f"peak memory of the run's own process {peak >> 20} MB")
    print(f"Ray's folder on the disk at most {largest / 1e6:.1f} MB")
    return run.returncode == 0 and len(rows) == len(ids) == asked.articles and not failed


@dataclass(frozen=True)
class Pieces:
    """The pieces of a run so far: their number, their seconds and what was killed in them."""

    pieces: int = 0
    seconds: float = 0.0
    engines: int = 0
    nodes: int = 0

    @classmethod
    def read(cls, folder: Path) -> "Pieces":
        file = folder / "pieces.json"
        return cls(**json.loads(file.read_text("utf-8"))) if file.exists() else cls()

    def write(self, folder: Path) -> None:
        (folder / "pieces.json").write_text(json.dumps(asdict(self)), "utf-8")

    def and_one(self, kills: Counter[str], seconds: float) -> "Pieces":
        return Pieces(
            self.pieces + 1,
            self.seconds + seconds,
            self.engines + kills["engines"],
            self.nodes + kills["nodes"],
        )


def watch(
    run: subprocess.Popen[bytes], folder: Path, killer: Killer, stop_after: float | None
) -> tuple[int, int]:
    """Kill while a run goes on; its peak memory, and the most that Ray's folder took, in bytes.

    A run that takes longer than `stop_after` seconds is asked to stop.
    """
    peak = largest = 0
    end = time.monotonic() + (stop_after or float("inf"))
    while run.poll() is None:
        with suppress(psutil.Error):
            peak = max(peak, psutil.Process(run.pid).memory_info().rss)
        largest = max(largest, size(folder))
        killer.kill_when_due()
        if time.monotonic() > end:
            run.terminate()
            end = float("inf")
        time.sleep(2)
    return peak, largest


def size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_size
        except OSError:
            continue
    return total


def read(out: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    return [
        row
        for path in sorted(out.glob("part-*.parquet"))
        for row in pq.read_table(path, columns=["id", "error", "fingerprint"]).to_pylist()
    ]


def overhead(asked: argparse.Namespace, folder: Path) -> bool:
    """The CPU of runs over few and over all articles tells the start apart from each article, and
    that of an idle cluster what Ray takes for each second, however little is done in it."""
    idle = idle_cpu(asked.idle)
    print(f"idle: {1000 * idle:.0f} ms of CPU a second, for two engines and Ray's own processes")
    spent: dict[tuple[str, int], list[float]] = defaultdict(list)
    for round_ in range(asked.rounds):
        for count in (asked.few, asked.articles):
            load = os.getloadavg()[0]
            plain, on_ray, same = side_by_side(folder / f"{round_}-{count}", count, asked.model)
            spent["plain", count].append(plain.cpu)
            spent["ray", count].append(on_ray.cpu - idle * on_ray.seconds)
            print(f"round {round_}, {count} articles, load {load:.0f}, same fingerprints: {same}")
            for name, one in (("without Ray", plain), ("on Ray", on_ray)):
                print(f"  {name} {one.seconds:.0f} s, {one.cpu:.1f} s of CPU: {one.parts()}")
            print(f"  on Ray beside without: CPU {on_ray.cpu / plain.cpu:.3f}", flush=True)
    few, count = asked.few, asked.articles
    start, each = {}, {}
    for kind in ("plain", "ray"):
        less, more = (median(spent[kind, number]) for number in (few, count))
        each[kind] = (more - less) / (count - few)
        start[kind] = less - few * each[kind]
        print(f"{kind}: start {start[kind]:.1f} s of CPU, {1000 * each[kind]:.2f} ms an article")
    plain_cpu, ray_cpu = (start[kind] + TOLD * each[kind] for kind in ("plain", "ray"))
    ray_cpu += idle * TOLD * each["ray"] / 2
    print(f"{TOLD} articles on two cores, by arithmetic: {ray_cpu / plain_cpu:.3f}")
    return ray_cpu / plain_cpu < 1.1


TOLD = 20_000
"""Articles for which the overhead is computed."""


def idle_cpu(seconds: float) -> float:
    """The CPU that two engines that have nothing to do and Ray's processes take, of a second."""
    from service.scale.cluster import PoolShape, connected
    from service.scale.pool import EnginePool
    from service.settings import Settings
    from service.tasks import Options

    with connected(None):
        pool = EnginePool(PoolShape(2, 1, 0), Settings(engine="extractive"), Options())
        while len(pool.ready) < 2:
            pool.wait(1)
        time.sleep(5)
        before = cpu_of_children()
        time.sleep(seconds)
        after = cpu_of_children()
        pool.close()
    return sum(after[pid] - before.get(pid, 0.0) for pid in after) / seconds


def cpu_of_children() -> dict[int, float]:
    found = {}
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            used = process.cpu_times()
            found[process.pid] = used.user + used.system
    return found


def side_by_side(folder: Path, count: int, model: str | None) -> tuple["Spent", "Spent", bool]:
    """Two plain runs at once, each of half of the articles, and one on Ray with two workers."""
    halves = write(folder / "in", count, 2)
    engine = ["--model", model] if model else ["--engine", "extractive"]
    common = [*engine, "--length", "short", "--threads", 1]
    plain = timed(
        *(digest(half, "--out", folder / half.stem, "--no-report", *common) for half in halves)
    )
    on_ray = timed(digest(*halves, "--out", folder / "ray", "--on", "ray", "--workers", 2, *common))
    rows = read(folder / "ray")
    same = fingerprints(folder, halves) == {row["fingerprint"] for row in rows}
    return plain, on_ray, same and len(rows) == count


@dataclass(frozen=True)
class Spent:
    """The seconds that runs took, and the CPU seconds of all their processes, by name."""

    seconds: float
    by_name: Counter[str]

    @property
    def cpu(self) -> float:
        return sum(self.by_name.values())

    def parts(self) -> str:
        return ", ".join(f"{name} {cpu:.1f}" for name, cpu in self.by_name.most_common(5))


def timed(*runs: subprocess.Popen[bytes]) -> Spent:
    """Wait for runs, and watch their processes meanwhile."""
    begun = time.monotonic()
    spent: dict[int, tuple[str, float]] = {}
    own = {run.pid for run in runs}
    while any(run.poll() is None for run in runs):
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                used = process.cpu_times()
                name = "the run" if process.pid in own else process.name().partition(".")[0]
                spent[process.pid] = name, used.user + used.system
        time.sleep(0.1)
    assert not any(run.returncode for run in runs)
    by_name: Counter[str] = Counter()
    for name, cpu in spent.values():
        by_name[name] += cpu
    return Spent(time.monotonic() - begun, by_name)


def feeding(asked: argparse.Namespace, folder: Path) -> bool:
    from service.scale.cluster_run import digest_on
    from service.scale.partitions import Partitions
    from service.tasks import Options

    files = write(folder / "in", asked.articles, 4)
    for told in ("digested", "skipped"):
        begun = time.process_time()
        with Partitions(str(folder / "out")) as partitions:
            steps = digest_on(InstantPool(), files, partitions, Options(), column="text")
            assert {step.what for step in steps} == {told}
        rate = asked.articles / (time.process_time() - begun)
        print(f"{told}: {rate:.0f} articles in a second of one core")
    return True


class InstantPool:
    """Engines that answer with the row of one article, whichever they are asked about."""

    def __init__(self) -> None:
        from service.article import Article
        from service.folder.items import Item
        from service.scale.engine_actor import EngineActor, Hello
        from service.settings import Settings
        from service.tasks import Options

        engine = EngineActor(Settings(engine="extractive"))
        hello = engine.hello()
        assert isinstance(hello, Hello)
        self.hello: Hello | None = hello
        text = "\n".join(articles(10, random.Random(0), LANGUAGES.split(",")))
        item = Item("0" * 16, 0, "0" * 16, "a", "", Article(text))
        ((self._row,),) = engine.digest([item], Options())
        self._done: list[Any] = []

    @property
    def ready(self) -> list[int]:
        return [0, 1]

    def submit(self, worker: int, chunk: Any) -> None:
        from service.scale.pool import Rows

        rows = [{**self._row, "id": item.id, "place": item.place} for item in chunk.items]
        self._done.append(Rows(worker, chunk, rows))

    def wait(self, timeout_s: float) -> list[Any]:
        done, self._done = self._done, []
        return done


def fingerprints(out: Path, halves: Sequence[Path]) -> set[str]:
    found = set()
    for half in halves:
        with (out / half.stem / "digests.jsonl").open(encoding="utf-8") as lines:
            found |= {json.loads(line)["fingerprint"] for line in lines}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("measure", choices=["kills", "overhead", "feeding"])
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--languages", default=LANGUAGES, help="of articles and digests (kills)")
    parser.add_argument("--few", type=int, default=200, help="articles of the small runs")
    parser.add_argument("--idle", type=float, default=30.0, help="seconds of the idle cluster")
    parser.add_argument("--model", help="a model's folder instead of the extractive engine")
    parser.add_argument("--seconds", type=float, default=15.0, help="between two kills, about")
    parser.add_argument("--node-after", type=int, default=3, help="kills before that of a node")
    parser.add_argument("--keep", type=Path, help="a folder of which a later run goes on (kills)")
    parser.add_argument("--stop-after", type=float, help="seconds of one run (kills)")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))  # sockets need a short path
    try:
        measures = {"kills": kills, "overhead": overhead, "feeding": feeding}
        held = measures[asked.measure](asked, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
