"""A process that runs plans: started when it is needed, ended with the service."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from service.checks.report import CheckRequest, CheckResult
from service.serving.plan_process import PlanProcess, ProcessEnded
from service.settings import Settings
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
PAIRS = [
    CheckRequest(text="The council met on Monday.", digests={"en": "The council met."}),
    CheckRequest(text="市议会星期一开会。", digests={"zh": "市议会开会。"}),
]
SERVICE = """
import sys, time
from service.settings import Settings
from service.serving.plan_process import PlanProcess
process = PlanProcess(Settings())
process._start()
print(process.pid, flush=True)
time.sleep(600)
"""


def is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def ask(process: PlanProcess, pair: CheckRequest) -> CheckResult:
    found: CheckResult = process.ask(pair, lambda _: None, lambda: False)
    return found


@pytest.mark.slow
def test_it_is_started_when_asked_outlives_signals_and_is_replaced_when_it_is_killed() -> None:
    process = PlanProcess(Settings())
    assert (process.pid, process.memory_bytes()) == (None, 0)
    try:
        assert ask(process, PAIRS[0]).checks["en"].verdict == "pass"
        first = process.pid
        assert first is not None and process.memory_bytes() > 10_000_000
        assert os.getpriority(os.PRIO_PROCESS, first) > os.getpriority(os.PRIO_PROCESS, 0)
        # A terminal or systemd sends them to every process.
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(first, number)
        assert ask(process, PAIRS[1]).checks["zh"].verdict == "pass"
        assert process.pid == first

        os.kill(first, signal.SIGKILL)
        with pytest.raises(ProcessEnded):
            ask(process, PAIRS[0])
        assert process.generation == 1
        assert ask(process, PAIRS[0])
        assert process.pid != first
    finally:
        last = process.pid
        process.close()
    with pytest.raises(ProcessEnded):
        ask(process, PAIRS[0])
    assert last is not None and not is_running(last)


def test_it_ends_when_the_service_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SERVICE], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as service:
        assert service.stdout is not None
        pid = int(service.stdout.readline())
        time.sleep(0.1)
        assert is_running(pid)
        service.kill()
    wait_until(lambda: not is_running(pid))
