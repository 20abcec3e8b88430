"""A line of the log, for people and for programs."""

import json
import subprocess
import sys

import pytest

LINE = """
import logging
from service import logs
logs.to_stderr({level!r}, {form!r})
log = logging.getLogger("service.web")
log.debug("not shown")
logging.getLogger("httpx2").info("asked the hub")
log.info("%s is 桥\\nnew line", "it", extra={{"request_id": "r1", "key": None}})
try:
    1 / 0
except ZeroDivisionError:
    log.exception("broke")
"""


def lines(form: str, level: str = "info") -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", LINE.format(form=form, level=level)],
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


@pytest.mark.parametrize(("level", "shown"), [("info", False), ("debug", True)])
def test_requests_to_the_hub_are_logged_at_debug_only(level: str, shown: bool) -> None:
    assert ("asked the hub" in "\n".join(lines("text", level))) is shown


def test_lines_for_people_are_in_the_language_of_the_terminal() -> None:
    for form, word in (("text", "已停止"), ("json", "stopped")):
        script = (
            "import logging; from service import logs, messages; messages.use('zh');"
            f" logs.to_stderr('info', {form!r}); logging.info('stopped')"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
        )
        assert word in done.stderr
