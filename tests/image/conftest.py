"""The image is built once for all tests here, and everything that was made is removed again."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.container_engines import NAME, Engine, running_engine, why_none
from tests.support.containers import build
from tests.support.tiny import make_model, save

REQUIRED = "IMAGE_TEST_REQUIRED"
MEASURED = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # made images go then, too
    why = why_none()
    if why and os.environ.get(REQUIRED) == "1":
        pytest.fail(why)
    if why:
        pytest.skip(why)
    with running_engine() as found:
        yield found


@pytest.fixture(scope="session")
def image(engine: Engine, measured: list[str]) -> str:
    start = time.monotonic()
    name = build(engine, NAME)
    measured.append(f"built in {time.monotonic() - start:.0f} s; its layers:")
    layers = engine("history", "--no-trunc", "--format", "{{.Size}}\t{{.CreatedBy}}", name)
    measured += [line[:90] for line in layers.splitlines() if not line.startswith(("0B", "0 B"))]
    return name


@pytest.fixture(scope="session")
def measured(pytestconfig: pytest.Config) -> list[str]:
    """Lines for the end of the run."""
    return pytestconfig.stash.setdefault(MEASURED, [])


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights in the shape of a published model; what it writes is noise."""
    return save(tmp_path_factory.mktemp("models") / "tiny", make_model("qwen3"))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if lines := config.stash.get(MEASURED, []):
        terminalreporter.section("the image")
        terminalreporter.write("\n".join(lines) + "\n")
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped := [report for report in skipped if report.nodeid.startswith("tests/image/")]:
        terminalreporter.section("THE IMAGE WAS NEITHER BUILT NOR RUN", sep="#", red=True)
        terminalreporter.write(f"{skipped[0].longrepr[2]}. {REQUIRED}=1 makes this a failure.\n")
