"""The variables that torch's libraries read are set before torch is imported."""

import os
import subprocess
import sys

import pytest

from service.llm.environment import (
    MAX_SHAPES,
    ONEDNN_SHAPES,
    SPIN_COUNT,
    SPINS,
    WAIT_POLICY,
)

NAMES = (ONEDNN_SHAPES, SPIN_COUNT, WAIT_POLICY)
ASK = f"""
import os, sys
import service.llm
assert "torch" not in sys.modules
print(*(os.environ.get(name) for name in {NAMES!r}))
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, (MAX_SHAPES, SPINS, None)),
        ({ONEDNN_SHAPES: "7"}, (7, SPINS, None)),
        ({SPIN_COUNT: "5"}, (MAX_SHAPES, 5, None)),
        ({WAIT_POLICY: "active"}, (MAX_SHAPES, None, "active")),
    ],
)
def test_defaults_are_set_and_what_is_set_stays(
    before: dict[str, str], after: tuple[object, ...]
) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in NAMES}
    said = subprocess.check_output([sys.executable, "-c", ASK], env=environment | before, text=True)
    assert said.split() == [str(value) for value in after]
