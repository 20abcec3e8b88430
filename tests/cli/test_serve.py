"""`serve` where it can not start."""

import json
from pathlib import Path

import pytest

from tests.support.command_line import service


@pytest.mark.slow
def test_a_failed_start_is_one_json_object_where_the_log_is_json(tmp_path: Path) -> None:
    told = service(
        "serve", "--host", "256.0.0.1", "--log-format", "json", "--engine", "extractive",
        DIGLOT_DATA=str(tmp_path),
    )  # fmt: skip
    assert told.returncode == 2
    (line,) = told.stderr.splitlines()
    assert "can't listen on 256.0.0.1" in json.loads(line)["message"]
