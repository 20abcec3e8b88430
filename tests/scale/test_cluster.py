import sys
from collections.abc import Mapping
from types import SimpleNamespace

import pytest

from service.errors import BadInput, BadSetting
from service.scale.cluster import PoolShape, connected, shape
from service.settings import Settings

PLAIN = [{"CPU": 8.0}, {"CPU": 8.0}]
GPUS = [{"CPU": 32.0, "GPU": 8.0}]
HEAD = [{"memory": 1.0}, *PLAIN]


@pytest.mark.parametrize(
    ("nodes", "settings", "workers", "expected"),
    [
        (GPUS, Settings(), None, PoolShape(8, 4.0, 1)),
        (GPUS, Settings(), 2, PoolShape(2, 16.0, 1)),
        (GPUS, Settings(device="cpu"), None, PoolShape(1, 32.0, 0)),
        (GPUS, Settings(engine="extractive"), None, PoolShape(32, 1.0, 0)),
        (PLAIN, Settings(), None, PoolShape(2, 8.0, 0)),
        (HEAD, Settings(), None, PoolShape(2, 8.0, 0)),
        (PLAIN, Settings(threads=4), None, PoolShape(4, 4, 0)),
        (PLAIN, Settings(), 1, PoolShape(1, 8.0, 0)),
        (PLAIN, Settings(engine="extractive"), None, PoolShape(16, 1.0, 0)),
        ([{"CPU": 2.0}], Settings(engine="extractive"), 8, PoolShape(8, 0.25, 0)),
    ],
)
def test_the_engines_fit_the_cluster(
    nodes: list[Mapping[str, float]], settings: Settings, workers: int | None, expected: PoolShape
) -> None:
    assert shape(nodes, settings, workers) == expected


def test_a_worker_that_no_node_has_room_for_is_refused() -> None:
    with pytest.raises(BadInput, match="no node has 9 cores for a worker, at most 8"):
        shape(PLAIN, Settings(threads=9), None)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(BadSetting, match=r"pip install 'diglot\[ray\]'"), connected(None):
        pass


class SlowRay:
    """A package that fails to start so many times, as on a busy machine."""

    def __init__(self, failures: int) -> None:
        self.asked, self._failures = 0, failures
        self._private = SimpleNamespace(worker=SimpleNamespace())

    def init(self, **_: object) -> None:
        self.asked += 1
        if self.asked <= self._failures:
            raise Exception("The current node\ntimed out during startup.")

    def shutdown(self) -> None:
        pass

    def nodes(self) -> list[dict[str, object]]:
        return [{"Alive": True, "Resources": {"CPU": 2.0}}]


def test_a_cluster_that_is_slow_to_start_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = SlowRay(failures=2)
    monkeypatch.setitem(sys.modules, "ray", ray)
    with connected(None) as nodes:
        assert nodes == [{"CPU": 2.0}]
    assert ray.asked == 3


@pytest.mark.parametrize(
    ("address", "told", "asked"),
    [
        (None, "Ray can't be started: The current node timed out during startup.", 3),
        ("10.0.0.1:6379", "the Ray cluster at 10.0.0.1:6379 can't be used: The current node", 1),
    ],
)
def test_a_cluster_that_does_not_start_is_a_line(
    monkeypatch: pytest.MonkeyPatch, address: str | None, told: str, asked: int
) -> None:
    ray = SlowRay(failures=9)
    monkeypatch.setitem(sys.modules, "ray", ray)
    with pytest.raises(BadSetting, match=told), connected(address):
        pass
    assert ray.asked == asked
