"""Flags that several commands share."""

from pathlib import Path

import pytest

from service.cli.flags import MODEL_SETTINGS, write_json
from service.errors import BadInput
from tests.support.command_line import run


def test_measures_are_written_as_json(tmp_path: Path) -> None:
    write_json(None, {"a": 1})
    write_json(tmp_path / "out.json", {"语言": 1})
    assert (tmp_path / "out.json").read_text("utf-8").endswith("}\n")


def test_a_file_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"can't be written: Is a directory"):
        write_json(tmp_path, {})


@pytest.mark.parametrize("command", ["digest", "serve", "bench", "evaluate"])
def test_every_command_with_an_engine_has_the_flags_of_the_model(command: str) -> None:
    shown = run(command, "--help").output
    missing = [name for name in MODEL_SETTINGS if f"--{name.replace('_', '-')}" not in shown]
    assert not missing
