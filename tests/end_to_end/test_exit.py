"""The end of the process while a thread computes in C++: its exit status, and no abort."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.serving import ROOT
from tests.support.waiting import PATIENCE_S

AT_WORK = """
import logging.handlers, os, signal, sys, threading, time
import torch
from service import __main__ as program

def work():
    numbers = torch.randn(700, 700)
    while True:
        torch.nn.functional.silu(numbers @ numbers).sum()

def main(prog_name):
    threading.Thread(target=work, daemon=True).start()
    time.sleep(0.3)
    kept = logging.handlers.MemoryHandler(9, target=logging.StreamHandler(sys.stdout))
    logging.getLogger().addHandler(kept)
    logging.warning("the log's 最后一行 last line")
    print("一行 a line")
    {ending}

signal.signal(signal.SIGTERM, signal.default_int_handler)
program.main = main
program.run()
"""
INTERRUPT = "try:\n        os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)\n"
INTERRUPT += "    except KeyboardInterrupt:\n        sys.exit(130)"


@pytest.mark.parametrize(
    ("ending", "status", "says"),
    [
        pytest.param(INTERRUPT, 130, "", id="SIGTERM", marks=pytest.mark.slow),
        pytest.param("sys.exit(0)", 0, "", id="exit", marks=pytest.mark.slow),
        pytest.param("sys.exit('broken 坏了')", 1, "broken 坏了", id="message"),
        pytest.param("return", 0, "", id="return", marks=pytest.mark.slow),
        pytest.param(
            "raise ValueError('broken 坏了')", 1, "ValueError: broken 坏了", id="error",
            marks=pytest.mark.slow,
        ),
    ],
)  # fmt: skip
def test_a_thread_in_the_model_never_aborts_the_process(
    tmp_path: Path, ending: str, status: int, says: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AT_WORK.format(ending=ending)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
        check=False,
    )
    assert "terminate called" not in done.stderr
    assert done.returncode == status, done.stderr
    assert done.stdout == "一行 a line\nthe log's 最后一行 last line\n"
    assert says in done.stderr
