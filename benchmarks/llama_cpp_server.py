"""A real OpenAI-compatible server: SmolLM2 behind llama.cpp's own, for `--engine remote`.

    python -m benchmarks.llama_cpp_server [--port 8080]

Its packages are in an environment of their own in the cache, which is made where it is missing;
that compiles llama.cpp and may take half an hour. Serves until it is stopped. Exit status 1, with
the reason, where the environment or the model can't be had.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from benchmarks.engines import Failed, environment
from benchmarks.real_models import Unavailable, default_cache, gguf_file, model_folder

NAME = "llama-cpp-server"
MODEL = "smollm2-135m"
CONTEXT = 4096


def python_of_server() -> Path:
    """The interpreter of the environment. Raises Unavailable where it was not made yet."""
    folder = default_cache().parent / "environments" / NAME
    if not (folder / "made-from").is_file():
        raise Unavailable(
            "the environment of llama.cpp's server was not made yet:"
            " `python -m benchmarks.llama_cpp_server` makes it and serves"
        )
    return folder / "bin" / "python"


def command(python: Path, port: int) -> list[str]:
    """The command that serves the model: one request after another, with log-probabilities."""
    file = gguf_file(MODEL)
    return [
        str(python), "-m", "llama_cpp.server", "--model", str(file), "--model_alias", MODEL,
        "--host", "127.0.0.1", "--port", str(port), "--n_ctx", str(CONTEXT),
        "--logits_all", "True", "--interrupt_requests", "False",
    ]  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    port = parser.parse_args().port
    try:
        model_folder(MODEL)
        python = environment(NAME, default_cache().parent)
    except (Unavailable, Failed) as error:
        print(error, file=sys.stderr)
        return 1
    return subprocess.run(command(python, port), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
