import sys
from collections.abc import Mapping

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
