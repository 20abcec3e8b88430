"""The serving side of the process that makes reports, over a pipe in this one."""

import threading
from contextlib import suppress
from multiprocessing.connection import Pipe

from service.errors import DiglotError
from service.report.batch_report import ReportPage
from service.report.report_server import serve
from service.settings import Settings


def test_a_page_or_the_error_is_answered() -> None:
    ours, theirs = Pipe()

    def run() -> None:
        with suppress(EOFError):
            serve(theirs, Settings())

    thread = threading.Thread(target=run)
    thread.start()
    answers = []
    for lines in ("", "this is not JSON\n", ""):
        ours.send(lines)
        assert ours.poll(60)
        answers.append(ours.recv())
    ours.close()
    thread.join(10)
    assert [type(answer) for answer in answers] == [ReportPage, DiglotError, ReportPage]
    assert "this is not" not in str(answers[1])
