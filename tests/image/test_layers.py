"""Layers that a change builds again, and layers that it keeps."""

import json
import shutil
import time
from pathlib import Path

import pytest

from tests.support.container_engines import NAME, Engine
from tests.support.containers import build
from tests.support.serving import ROOT

pytestmark = [pytest.mark.image, pytest.mark.timeout(1800)]
CONTEXT = ["Dockerfile", ".dockerignore", "requirements.txt", "service", "prompts", "docker"]


def layers(engine: Engine, image: str) -> list[str]:
    asked = engine("image", "inspect", "--format", "{{json .RootFS.Layers}}", image)
    found: list[str] = json.loads(asked)
    return found


def test_a_change_of_code_leaves_the_libraries_alone(
    engine: Engine, image: str, tmp_path: Path, measured: list[str]
) -> None:
    for name in CONTEXT:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name)
        else:
            shutil.copy2(ROOT / name, tmp_path / name)
    with (tmp_path / "service/cli/digest.py").open("a") as file:
        file.write("# changed\n")
    start = time.monotonic()
    changed = build(engine, f"{NAME}-changed", context=tmp_path)
    measured.append(f"built again after a change of code in {time.monotonic() - start:.0f} s")
    before, after = layers(engine, image), layers(engine, changed)
    anew = [layer for layer in after if layer not in before]
    assert len(anew) == 3  # the code, the same with its compiled loops, its bytecode
    assert after[-3:] == anew
