"""The frame of a process beside the service, with a short loop inside."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, Pipe
from pathlib import Path

from service.serving.child_process import NICE
from service.settings import Settings

ROOT = Path(__file__).parents[2]
CODE = """
import os, sys, time
from service.serving.child_process import run
def serve(connection, settings):
    connection.send((settings.log_level, os.nice(0)))
    while True:
        seconds = connection.recv()
        time.sleep(seconds)
        connection.send(seconds)
run(int(sys.argv[1]), serve)
"""


@contextmanager
def child() -> Iterator[tuple[subprocess.Popen[bytes], Connection]]:
    ours, theirs = Pipe()
    number = theirs.fileno()
    with subprocess.Popen(
        [sys.executable, "-c", CODE, str(number)], cwd=ROOT, pass_fds=[number]
    ) as process:
        theirs.close()
        ours.send(Settings(log_level="error"))
        yield process, ours
        ours.close()


def test_it_knows_the_settings_steps_back_and_outlives_signals() -> None:
    with child() as (process, ours):
        assert ours.recv() == ("error", min(19, os.nice(0) + NICE))
        for number in (signal.SIGINT, signal.SIGTERM):
            process.send_signal(number)
        ours.send(0)
        assert ours.recv() == 0
        ours.close()
        assert process.wait(10) == 0


def test_it_ends_in_the_middle_of_its_work_when_the_service_is_gone() -> None:
    with child() as (process, ours):
        ours.recv()
        ours.send(600)
        ours.close()
        assert process.wait(10) == 0
