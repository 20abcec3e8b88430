"""Engines as Ray's actors, on a cluster of this machine: each test starts one."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.errors import BadSetting, NotReady
from service.scale.claims import MOST_LOSSES
from service.scale.cluster import PoolShape, connected
from service.scale.cluster_run import digest_on
from service.scale.engine_actor import EngineActor
from service.scale.partitions import Partitions
from service.scale.pool import TIMEOUT_S, Died, EnginePool
from service.settings import Settings
from service.tasks import Options
from tests.support.scale import (
    POISON,
    HangingActor,
    MortalActor,
    OneByOneActor,
    StillbornActor,
    jsonl,
    texts,
)
from tests.support.serving import ROOT

pytest.importorskip("ray")
# Ray leaves sockets and logs to the collector.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
EXTRACTIVE = Settings(engine="extractive")


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))  # workers find the tests' own actors there
        with connected(None) as nodes:
            assert sum(node.get("CPU", 0) for node in nodes) >= 1
            yield


def pool(
    workers: int, actor: type[EngineActor] = EngineActor, timeout_s: float = TIMEOUT_S
) -> EnginePool:
    shape, options = PoolShape(workers, 0.5, 0), Options(length="short")
    return EnginePool(shape, EXTRACTIVE, options, actor, timeout_s=timeout_s)


def test_one_article_that_kills_ends_nothing_but_itself(tmp_path: Path) -> None:
    articles = texts(100)
    articles[40] = POISON
    file = jsonl(tmp_path / "a.jsonl", articles)
    engines = pool(2, MortalActor)
    with Partitions(str(tmp_path / "out")) as partitions:
        steps = list(digest_on(engines, [file], partitions, Options(), column="text"))
        rows = list(partitions.rows())
    engines.close()
    assert [step.number for step in steps if step.what == "failed"] == [40]
    assert len({row["id"] for row in rows}) == len(rows) == 100
    (failed,) = [row for row in rows if row["error"]]
    assert failed["error"] == f"the engine's process died of this article {MOST_LOSSES} times"


def test_an_engine_that_hangs_is_replaced_and_the_article_it_hangs_at_is_given_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = jsonl(tmp_path / "a.jsonl", [*texts(2), POISON])
    engines = pool(1, HangingActor, timeout_s=2)
    with Partitions(str(tmp_path / "out")) as partitions, caplog.at_level(logging.WARNING):
        steps = list(digest_on(engines, [file], partitions, Options(), column="text"))
    engines.close()
    assert {step.number: step.what for step in steps} == {
        0: "digested",
        1: "digested",
        2: "failed",
    }
    assert "has answered nothing for 2 s and is replaced" in caplog.text


def test_articles_that_an_engine_did_before_it_dies_are_not_done_again(tmp_path: Path) -> None:
    file = jsonl(tmp_path / "a.jsonl", [*texts(8), POISON])
    engines = pool(1, OneByOneActor)
    with Partitions(str(tmp_path / "out")) as partitions:
        steps = digest_on(engines, [file], partitions, Options(), column="text")
        assert [step.what for step in steps] == ["digested"] * 8 + ["failed"]
        rows = list(partitions.rows())
    engines.close()
    assert len({row["title"] for row in rows if not row["error"]}) == 1  # the first engine's


def test_an_engine_that_is_killed_is_replaced_and_each_article_is_there_once(
    tmp_path: Path,
) -> None:
    import ray

    file = jsonl(tmp_path / "a.jsonl", texts(300))
    engines = pool(2)
    with Partitions(str(tmp_path / "out")) as partitions:
        steps = digest_on(engines, [file], partitions, Options(), column="text")
        for number, _ in enumerate(steps):
            if number in {20, 150}:
                ray.kill(engines._actors[engines.ready[0]])
        rows = list(partitions.rows())
    engines.close()
    assert len({row["id"] for row in rows}) == len(rows) == 300
    assert not [row for row in rows if row["error"]]


def test_an_engine_that_can_not_load_ends_the_run_with_its_reason() -> None:
    settings = Settings(engine="transformers", model="/no/such/folder")
    engines = EnginePool(PoolShape(1, 0.5, 0), settings, Options())
    with pytest.raises(BadSetting, match="there is no such folder"):
        wait_for_hello(engines)
    engines.close()


def test_an_engine_that_dies_while_it_loads_is_not_started_for_ever() -> None:
    engines = pool(1, StillbornActor)
    with pytest.raises(NotReady, match="died 5 times while it loaded"):
        wait_for_hello(engines)
    engines.close()


def test_a_pool_without_room_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("service.scale.pool.PATIENCE_S", 0.5)
    engines = EnginePool(PoolShape(1, 10_000, 0), EXTRACTIVE, Options())
    with caplog.at_level(logging.WARNING):
        until = time.monotonic() + 2
        while time.monotonic() < until:
            assert engines.wait(0.2) == []
    engines.close()
    assert "no worker is ready yet" in caplog.text


def wait_for_hello(engines: EnginePool) -> list[Died]:
    died: list[Died] = []
    while engines.hello is None:
        died += [event for event in engines.wait(1.0) if isinstance(event, Died)]
    return died
