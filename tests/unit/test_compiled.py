"""The bound on compiled shapes: set before torch is loaded, by every command."""

import os
from pathlib import Path

import pytest

from service.cli import main
from service.engines.compiled import MOST, VARIABLE


@pytest.mark.parametrize(("before", "after"), [(None, str(MOST)), ("7", "7")])
def test_every_command_bounds_it_and_leaves_what_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str | None, after: str
) -> None:
    monkeypatch.setenv(VARIABLE, before or "")
    if before is None:
        monkeypatch.delenv(VARIABLE)
    with pytest.raises(SystemExit):
        main(["keys", "list", "--data", str(tmp_path)])
    assert os.environ[VARIABLE] == after
