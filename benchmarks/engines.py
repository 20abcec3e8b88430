"""Every engine that is compared: its environment, its model and the command that runs it.

What takes long to make (an environment, a model in an engine's own format) is made once, in a
folder that is kept.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.job import STANCE, Job
from benchmarks.machine import Neighbours, cores

ROOT = Path(__file__).resolve().parent.parent
HERE = Path(sys.executable)
# A dependency of optimum-intel that a model of text never needs: built for CUDA, it keeps
# transformers from being imported beside the torch for CPUs.
UNWANTED = "torchvision"
# llama.cpp takes every instruction that this machine has, as its documentation advises.
BUILD = {"CMAKE_ARGS": "-DGGML_NATIVE=ON", "CMAKE_BUILD_PARALLEL_LEVEL": str(cores())}


class Failed(Exception):
    """A command of an engine did not do its work; the message says which, and where its log is."""


@dataclass(frozen=True)
class Engine:
    name: str
    about: str
    module: str
    """The module, run with --model, --articles, --article-tokens, --digest-tokens and --json."""
    environment: str | None = None
    """requirements-NAME.txt beside this file; None runs where this script runs."""
    suffix: str = ""
    """The ending that the model's own format adds to the name of the shape."""
    flags: tuple[str, ...] = ()
    hybrid: bool = False
    """Whether it is compared on Qwen3.5's shapes too."""
    scores: bool = False
    """Whether it scores a stance's labels, some of which may count, instead of writing tokens."""


_OPENVINO = {"module": "benchmarks.peers.openvino", "environment": "openvino"}
ENGINES = {
    engine.name: engine
    for engine in (
        Engine("diglot", "this project", "service", flags=("bench",), hybrid=True, scores=True),
        Engine(
            "llama-cpp-q8",
            "llama.cpp, Q8_0, its prompt cache never missing",
            "benchmarks.peers.llama_cpp",
            "llama-cpp",
            ".gguf",
        ),
        Engine(
            "llama-cpp-q8-as-stored",
            "llama.cpp, Q8_0, weights as they are in the file",
            "benchmarks.peers.llama_cpp",
            "llama-cpp",
            ".gguf",
            flags=("--extra-buffers", "0"),
        ),
        Engine(
            "ik-llama-cpp-q8",
            "ik_llama.cpp, Q8_0, likewise",
            "benchmarks.peers.ik_llama_cpp",
            "ik-llama",
            ".gguf",
        ),
        Engine("openvino-int8", "OpenVINO GenAI, int8, prefix cache", suffix=".int8", **_OPENVINO),
        Engine("openvino-int4", "OpenVINO GenAI, int4, prefix cache", suffix=".int4", **_OPENVINO),
        Engine("plain-fp32", "transformers' generate", "benchmarks.peers.plain", hybrid=True),
    )
}


@dataclass(frozen=True)
class Ready:
    """An engine that can be run: its interpreter and its model."""

    engine: Engine
    python: Path
    model: Path


def prepare(engine: Engine, shape: str, cache: Path) -> Ready:
    """Make random weights of `shape` and what `engine` needs to run them. Raises Failed."""
    folder = cache / "models" / shape
    weights = [HERE, "-m", "benchmarks.random_model", "--shape", shape, "--out"]
    make(folder, weights, cache / "logs" / f"{shape}.log")
    return convert(engine, folder, shape, cache)


def convert(engine: Engine, folder: Path, name: str, cache: Path) -> Ready:
    """Make the environment of `engine`, and the model of `folder` in its own format, kept under
    `name`, where they are missing. Raises Failed."""
    python = HERE if engine.environment is None else environment(engine.environment, cache)
    if not engine.suffix:
        return Ready(engine, python, folder)
    model = cache / "models" / f"{name}{engine.suffix}"
    if engine.suffix == ".gguf":
        command: list[object] = [python, "-m", "benchmarks.peers.write_gguf", folder]
    else:
        tool = [python.with_name("optimum-cli"), "export", "openvino", "--model", folder]
        kind = ["--weight-format", engine.suffix.removeprefix("."), "--disable-convert-tokenizer"]
        command = [*tool, "--task", "text-generation-with-past", *kind]
    make(model, command, cache / "logs" / f"{model.name}.log")
    return Ready(engine, python, model)


def measure(ready: Ready, job: Job, cache: Path, threads: int) -> dict[str, Any]:
    """Run the job once in a process of its own and give what it wrote down. Raises Failed."""
    engine = ready.engine
    result, log = cache / "logs" / f"{engine.name}.json", cache / "logs" / f"{engine.name}.log"
    result.unlink(missing_ok=True)
    sizes = {"articles": job.articles, "article-tokens": job.article_tokens}
    sizes |= {"digest-tokens": job.digest_tokens}
    command: list[object] = [ready.python, "-m", engine.module, *engine.flags]
    command += ["--model", ready.model, "--json", result]
    command += [text for name, size in sizes.items() for text in (f"--{name}", size)]
    if engine.name == "diglot":
        environment = {"DIGLOT_THREADS": str(threads)}
    else:
        environment = {"OMP_NUM_THREADS": str(threads)}
        command += ["--threads", threads]
    with Neighbours() as neighbours:
        run(command, log, environment)
    try:
        found = json.loads(result.read_text())
    except (OSError, ValueError) as error:
        raise Failed(f"it wrote no result ({error}); see {log}") from error
    most = job.tokens_to_write
    least = most - (STANCE * job.articles if engine.scores else 0)
    written = found.get("tokens_written", 0)
    if not least <= written <= most:
        raise Failed(f"it wrote {written} tokens instead of {most}")
    return {**found, "cores_taken_by_others": neighbours.cores}


def environment(name: str, cache: Path) -> Path:
    """A virtual environment with what requirements-NAME.txt says. Raises Failed."""
    wanted = ROOT / "benchmarks" / f"requirements-{name}.txt"
    folder = cache / "environments" / name
    python, mark = folder / "bin" / "python", folder / "made-from"
    state = hashlib.sha256(wanted.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == state:
        return python
    log = cache / "logs" / f"environment-{name}.log"
    _say(f"making the environment of {name}; this may take a quarter of an hour, see {log}")
    shutil.rmtree(folder, ignore_errors=True)
    run([HERE, "-m", "venv", folder], log)
    pip = [python, "-m", "pip", "--disable-pip-version-check"]
    run([*pip, "install", "-r", wanted], log, BUILD)
    run([*pip, "uninstall", "--yes", UNWANTED], log)
    mark.write_text(state)
    return python


def make(target: Path, command: Sequence[object], log: Path) -> None:
    """Run `command` with a path after it; `target` is there only when all of it is."""
    if target.exists():
        return
    _say(f"making {target}")
    part = target.with_name(f"part-{target.name}")
    if part.is_dir():
        shutil.rmtree(part)
    part.parent.mkdir(parents=True, exist_ok=True)
    run([*command, part], log)
    part.rename(target)


def run(command: Sequence[object], log: Path, more: Mapping[str, str] | None = None) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    words = [str(word) for word in command]
    with log.open("w") as file:
        file.write(f"$ {' '.join(words)}\n")
        file.flush()
        try:
            done = subprocess.run(
                words,
                stdout=file,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(more or {})},
                cwd=ROOT,
                check=False,
            )
        except OSError as error:
            raise Failed(str(error)) from error
    if done.returncode:
        last = log.read_text(errors="replace").strip().splitlines()[-1][:200]
        raise Failed(f"exit {done.returncode}: {last}; see {log}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
