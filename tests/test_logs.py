"""A line of the log, for people and for programs."""

import json
import subprocess
import sys

import pytest

LINE = """
import logging
from service import logs
logs.to_stderr("info", {form!r})
log = logging.getLogger("service.web")
log.debug("not shown")
log.info("%s is 桥\\nnew line", "it", extra={{"request_id": "r1", "key": None}})
try:
    1 / 0
except ZeroDivisionError:
    log.exception("broke")
"""


def lines(form: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", LINE.format(form=form)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return done.stderr.splitlines()


def test_json_is_one_object_a_line() -> None:
    first, second = (json.loads(line) for line in lines("json"))
    assert first["message"] == "it is 桥\nnew line"
    assert (first["level"], first["logger"], first["request_id"]) == ("INFO", "service.web", "r1")
    assert first["time"].endswith("+00:00")
    assert second["message"] == "broke"
    assert "ZeroDivisionError" in second["traceback"]


@pytest.mark.parametrize("text", ["INFO it is 桥", "ERROR broke", "ZeroDivisionError"])
def test_text_is_for_people(text: str) -> None:
    shown = "\n".join(lines("text"))
    assert text in shown
    assert "not shown" not in shown
