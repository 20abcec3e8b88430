"""The surroundings of every test: a home of its own, its turn, the effort of the property tests.

`pytest --hypothesis-profile=thorough` looks for minutes, at other examples each time.
"""

import atexit
import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.turns import Turns

WORKER = "PYTEST_XDIST_WORKER" in os.environ

# A shell lets what it starts in the background ignore this, and all that is started by that.
signal.signal(signal.SIGINT, signal.default_int_handler)

if WORKER:  # threads that wait for each other by spinning would take the other workers' cores
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# The user's own keys and kept results neither matter here nor change. Caches may be shared. A
# worker's home lies in that of the process that started it, which removes both.
os.environ.setdefault("XDG_CACHE_HOME", str(Path.home() / ".cache"))
RUN = Path.home()
_home = tempfile.TemporaryDirectory(prefix="diglot-home-", dir=RUN if WORKER else None)
atexit.register(_home.cleanup)
os.environ["HOME"] = _home.name

# The examples are the same each time, so that a change fails by what it changes.
settings.register_profile(
    "quick",
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "thorough", settings.get_profile("quick"), max_examples=2_000, derandomize=False
)
settings.load_profile("quick")


@pytest.hookimpl(wrapper=True, tryfirst=True)  # before a test's time begins to run
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    if not hasattr(item.config, "workerinput"):  # nothing runs beside this process
        return (yield)
    turns = Turns(RUN)
    with turns.alone() if item.get_closest_marker("alone") else turns.beside_others():
        return (yield)
