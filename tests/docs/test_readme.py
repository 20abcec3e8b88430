"""The README is true: its commands exist, its answer is what comes out, its twin is in step."""

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.hub import any_model, empty_model
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


STUBS = {
    "make": """case "$1" in
        setup|digest) exec "$MAKE" "$@" ;;
        *) "$MAKE" --dry-run "$@" > /dev/null ;;
        esac""",
    "docker": """case "$1" in
        build) test "$4" = -t && test -f "$6/Dockerfile" ;;
        run) case "$*" in *" diglot"*) ;; *) exit 1 ;; esac ;;
        compose) test "$2" = -f && test -f "$3" ;;
        *) exit 1 ;;
        esac""",
    "pip": 'test "$1" = install && test -f "${2%%\\[*}/pyproject.toml"',
    "pipx": 'test "$1" = run',
}
PYTHON = """case "$1 $2 $3" in
    "-m benchmarks.real_models "*) set -- -m benchmarks.real_models --help ;;
    "-m service watch") set -- "$@" --help ;;
    esac
    exec {python} "$@"
"""
"""Commands that are not run: they need the internet or Docker, or run these tests.

Their arguments are looked at all the same; a container is tried by `make image-test`, and the
package by tests/test_package.py.
"""


def test_the_two_readmes_give_the_same_commands_and_answers() -> None:
    assert commands("README.md") == commands("README.zh.md")
    for kind in ("json", "text"):
        assert blocks("README.md", kind) == blocks("README.zh.md", kind)
    headings = [re.findall(r"^(#+) ", text(name), re.MULTILINE) for name in READMES]
    assert headings[0] == headings[1]


@pytest.mark.parametrize("name", [*READMES, "CONTRIBUTING.md"])
def test_every_make_target_exists_and_every_link_leads_somewhere(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))
    asked = set(re.findall(r"^(?:[A-Z_]+=\S+ )?make ([a-z-]+)", text(name), re.MULTILINE))
    assert asked
    assert asked <= targets
    for link in re.findall(r"\]\(((?!http)[^)#]+)\)", text(name)):
        assert (ROOT / link).exists(), link


def test_every_command_and_flag_exists() -> None:
    for command in commands("README.md"):
        found = re.match(r"\.venv/bin/python -m service (\w+)(.*)", command)
        if not found:
            continue
        shown = subprocess.run(
            [sys.executable, "-m", "service", found[1], "--help"],
            capture_output=True, text=True, check=True, timeout=PATIENCE_S,
        ).stdout  # fmt: skip
        for flag in re.findall(r"--[a-z-]+", found[2]):
            assert flag in shown


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The state after a clone and `make setup`: the files, and a .venv that is ready."""
    folder = tmp_path / "diglot"
    ignored = shutil.ignore_patterns(".*", "out", "__pycache__", "tests")
    shutil.copytree(ROOT, folder, ignore=ignored)
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    write_program(programs / "python", PYTHON.format(python=shlex.quote(sys.executable)))
    write_program(programs / "pip", 'test "$1" = install')
    for name in (".ready", ".ready-dev"):
        (folder / ".venv" / name).touch()
    for name, script in STUBS.items():
        write_program(tmp_path / "stubs" / name, script)
    return folder


def write_program(path: Path, script: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_every_block_runs_as_it_is_pasted_and_in_order(checkout: Path) -> None:
    """One shell runs all of them, as a reader would, who stays in one terminal.

    Those of the Chinese README are the same.

    The port is another, as 8000 may be taken. The model's weights come from a hub on this machine
    that has their names only, so that the model is asked for and the sentences answer.
    """
    shells = [
        f"echo 'block {number}' >&2\n{block}"
        for number, block in enumerate(blocks("README.md", "sh"))
    ]
    port = free_port()
    script = "set -euo pipefail\ntrap 'kill $(jobs -p)' EXIT\n" + "\n".join(shells)
    source = empty_model(checkout.parent / "weights")
    home = checkout.parent / "home"
    (home / ".cache/diglot/real-models").mkdir(parents=True)
    with any_model(source) as hub:
        done = subprocess.run(
            ["bash", "-c", script.replace("8000", str(port))],
            cwd=checkout,
            env={
                "PATH": f"{checkout.parent / 'stubs'}:{os.environ['PATH']}",
                "MAKE": shutil.which("make") or "make",
                "HOME": str(home),
                "LANG": "C.UTF-8",
                "PYTHONPATH": "",
                "DIGLOT_ENGINE": "extractive",
                "HF_ENDPOINT": hub,
                "HF_HUB_DISABLE_XET": "1",
            },
            capture_output=True,
            text=True,
            timeout=1_100,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert len((checkout / "results.jsonl").read_text("utf-8").splitlines()) == 2
    assert "stance_f1" in (checkout / "scores.json").read_text()
    assert '"target": "电车计划"' in done.stdout, "the answer of the service, laid out"
    assert (checkout / "out" / "digests.jsonl").is_file()


def shown_in(whole: Any, part: Any) -> bool:
    """Whether every field that the README shows is what came out."""
    if isinstance(part, dict):
        return all(key in whole and shown_in(whole[key], value) for key, value in part.items())
    if isinstance(part, list):
        return len(whole) == len(part) and all(map(shown_in, whole, part))
    return bool(whole == part)


def test_the_answer_on_the_first_screen_is_the_real_one(tmp_path: Path) -> None:
    (article,) = blocks("README.md", "text")
    (tmp_path / "a.txt").write_text(article, "utf-8")
    subprocess.run(
        [sys.executable, "-m", "service", "digest", str(tmp_path / "a.txt"), "--engine",
         "extractive", "--out", str(tmp_path), "--target", "电车计划", "--length", "short"],
        check=True, capture_output=True, timeout=PATIENCE_S,
    )  # fmt: skip
    answer = json.loads((tmp_path / "digests.jsonl").read_text("utf-8"))
    assert shown_in(answer, json.loads(blocks("README.md", "json")[0]))


@pytest.mark.real_models
def test_the_answer_of_the_real_model_is_the_real_one(tmp_path: Path) -> None:
    command = next(c for c in commands("README.md") if "seeds/04-stadium-bond.txt" in c)
    command = command.replace(".venv/bin/python", shlex.quote(sys.executable))
    command = command.replace("--out out/smollm2", f"--out {shlex.quote(str(tmp_path))}")
    fetch = [sys.executable, "-m", "benchmarks.real_models", "--models", "smollm2-135m"]
    fetched = subprocess.run(fetch, cwd=ROOT, capture_output=True, text=True, check=False)
    if fetched.returncode:
        pytest.skip(f"NO REAL MODEL: {fetched.stderr[-200:]}")
    weights = fetched.stdout.split()[-1]
    command = command.replace("~/.cache/diglot/real-models/smollm2-135m", shlex.quote(weights))
    subprocess.run(["bash", "-c", command], cwd=ROOT, check=True, capture_output=True)
    answer = json.loads((tmp_path / "digests.jsonl").read_text("utf-8"))
    assert shown_in(answer, json.loads(blocks("README.md", "json")[1]))
