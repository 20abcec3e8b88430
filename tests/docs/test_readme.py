"""The README is true: its commands exist, its answer is what comes out, its twin is in step."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.waiting import PATIENCE_S

ROOT = Path(__file__).parents[2]
READMES = ["README.md", "README.zh.md"]


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def blocks(name: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", text(name), re.DOTALL)


def commands(name: str) -> list[str]:
    lines = "\n".join(blocks(name, "sh")).replace("\\\n", " ").splitlines()
    return [re.sub(r"\s+", " ", line.split("  #")[0].strip(" &")) for line in lines]


def test_the_two_readmes_give_the_same_commands_and_answers() -> None:
    assert commands("README.md") == commands("README.zh.md")
    for kind in ("json", "text"):
        assert blocks("README.md", kind) == blocks("README.zh.md", kind)
    headings = [re.findall(r"^(#+) ", text(name), re.MULTILINE) for name in READMES]
    assert headings[0] == headings[1]


@pytest.mark.parametrize("name", [*READMES, "CONTRIBUTING.md"])
def test_every_make_target_exists_and_every_link_leads_somewhere(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))
    asked = set(re.findall(r"^(?:SEEDS=\S+ )?make ([a-z]+)", text(name), re.MULTILINE))
    assert asked
    assert asked <= targets
    for link in re.findall(r"\]\(((?!http)[^)#]+)\)", text(name)):
        assert (ROOT / link).exists(), link


@pytest.mark.parametrize("name", READMES)
def test_every_command_and_flag_exists(name: str) -> None:
    for command in commands(name):
        found = re.match(r"\.venv/bin/python -m service (\w+)(.*)", command)
        if not found:
            continue
        shown = subprocess.run(
            [sys.executable, "-m", "service", found[1], "--help"],
            capture_output=True, text=True, check=True, timeout=PATIENCE_S,
        ).stdout  # fmt: skip
        for flag in re.findall(r"--[a-z-]+", found[2]):
            assert flag in shown


def shown_in(whole: Any, part: Any) -> bool:
    """Whether every field that the README shows is what came out."""
    if isinstance(part, dict):
        return all(key in whole and shown_in(whole[key], value) for key, value in part.items())
    if isinstance(part, list):
        return len(whole) == len(part) and all(map(shown_in, whole, part))
    return bool(whole == part)


def test_the_answer_on_the_first_screen_is_what_comes_out(tmp_path: Path) -> None:
    (article,) = blocks("README.md", "text")
    (tmp_path / "a.txt").write_text(article.strip(), "utf-8")
    subprocess.run(
        [sys.executable, "-m", "service", "digest", str(tmp_path / "a.txt"), "--engine",
         "extractive", "--out", str(tmp_path), "--target", "电车计划", "--length", "short"],
        check=True, capture_output=True, timeout=PATIENCE_S,
    )  # fmt: skip
    answer = json.loads((tmp_path / "digests.jsonl").read_text("utf-8"))
    (shown,) = blocks("README.md", "json")
    assert shown_in(answer, json.loads(shown))
