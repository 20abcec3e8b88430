"""An installation without the extra `model`: no torch, and none of the libraries around it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.serving import ROOT
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow

WITHOUT = """
import sys
for name in ("torch", "transformers", "tokenizers", "safetensors", "sentencepiece", "accelerate",
             "gguf", "huggingface_hub"):
    sys.modules[name] = None
from service.__main__ import run
run()
"""


def without_torch(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT, *arguments],
        cwd=ROOT,
        env={**os.environ, "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


@pytest.mark.parametrize(
    "text", ["The council voted for the tram plan on Tuesday.", "市议会周二通过了电车计划。"]
)
def test_articles_are_digested_without_a_model(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(text, "utf-8")
    told = without_torch("digest", str(tmp_path / "a.txt"), "--out", str(tmp_path / "out"))
    assert told.returncode == 0, told.stderr
    assert "No model: torch and transformers are not installed" in told.stderr
    (line,) = (tmp_path / "out/digests.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line)["engine"]["name"] == "extractive"


@pytest.mark.parametrize(
    "arguments",
    [
        ("digest", "seeds", "--engine", "transformers"),
        ("digest", "seeds", "--model", "acme/model"),
        ("bench",),
        ("pull",),
    ],
)
def test_a_model_that_is_asked_for_is_an_error_with_the_package_to_install(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    out = ("--out", str(tmp_path)) if arguments[0] == "digest" else ()
    for lang, said in (("en", "the extra `diglot[model]`"), ("zh", "附加依赖 `diglot[model]`")):
        told = without_torch(*arguments, *out, "--lang", lang)
        assert told.returncode == 2
        assert said in told.stderr and "Traceback" not in told.stderr
