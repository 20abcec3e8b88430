"""A cluster of this machine, started."""

from collections import Counter

import psutil
import pytest

from service.scale.cluster import connected

pytest.importorskip("ray")
from ray._private.parameter import RayParams

from service.scale.local_node import LocalNode


def running() -> Counter[str]:
    """The Python programs and servers that are children of this process, by name."""
    found: Counter[str] = Counter()
    for process in psutil.Process().children(recursive=True):
        command = process.cmdline()
        found.update(word.rpartition("/")[2] for word in command if "/ray/" in word)
    return found


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_it_has_no_processes_for_other_machines_and_people_and_leaves_none_behind() -> None:
    before = running()
    with connected(None) as nodes:
        (node,) = nodes
        found = running() - before
        assert {"raylet", "gcs_server"} <= set(found)
        assert not {"dashboard.py", "monitor.py", "log_monitor.py"} & set(found)
        assert node["CPU"] >= 1
    assert running() == before


def test_a_start_that_fails_leaves_no_processes_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = []

    def fail(*_: object, **__: object) -> None:
        raise Exception("The current node timed out during startup.")

    monkeypatch.setattr("ray._private.node.Node.__init__", fail)
    monkeypatch.setattr(
        "ray._private.node.Node.kill_all_processes", lambda self, **how: ended.append(how)
    )
    with pytest.raises(Exception, match="timed out"):
        LocalNode(RayParams())
    assert ended == [{"check_alive": False, "allow_graceful": False}]
