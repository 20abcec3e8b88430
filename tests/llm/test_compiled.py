"""The bound on compiled shapes: set before torch is loaded, by the engine's own folder."""

import os
import subprocess
import sys

import pytest

from service.llm.compiled import MOST, VARIABLE

ASK = f"""
import os, sys
import service.llm
assert "torch" not in sys.modules
print(os.environ[{VARIABLE!r}])
"""


@pytest.mark.parametrize(("before", "after"), [({}, str(MOST)), ({VARIABLE: "7"}, "7")])
def test_the_engine_bounds_it_and_leaves_what_is_set(before: dict[str, str], after: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    said = subprocess.check_output([sys.executable, "-c", ASK], env=environment | before, text=True)
    assert said.strip() == after
