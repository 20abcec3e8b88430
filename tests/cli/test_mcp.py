"""`mcp` from the command line: it ends with its input, and says how to get its package."""

import subprocess
import sys

import pytest

from tests.support.serving import ROOT
from tests.support.waiting import PATIENCE_S


@pytest.mark.slow
def test_it_ends_with_its_input() -> None:
    pytest.importorskip("mcp", reason="the extra mcp is not installed")
    done = subprocess.run(
        [sys.executable, "-m", "service", "mcp", "--engine", "extractive"],
        cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == b""


def test_without_the_package_it_says_how_to_get_it() -> None:
    code = (
        "import sys; sys.modules['mcp'] = None; sys.modules['mcp.server'] = None\n"
        "from service.cli import main; main(['mcp', '--engine', 'extractive'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False,
        timeout=PATIENCE_S,
    )  # fmt: skip
    assert done.returncode == 2
    assert "diglot[mcp]" in done.stderr
