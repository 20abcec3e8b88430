"""A model's needs by its shape: disk, memory, and seconds for one article.

    python benchmarks/model_needs.py --shape qwen3-0.6b --shape qwen3.5-2b

Writes random weights in the published shape, loads them like a user's model, digests one article of
1,000 tokens (two digests of 96 tokens and one stance), and prints one JSON line per shape. In a
batch each article takes less: `python -m service bench`. Where other programs keep the cores busy,
`article_cpu_s` (seconds of all cores together) is more reliable than `article_s`. Random weights
cost the same as real ones; their output is noise. The published Qwen3.5 files also hold a vision
tower, which Diglot leaves out and which is not counted here.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.random_model import build  # noqa: E402
from benchmarks.shapes import SHAPES  # noqa: E402

PASSAGE, ANSWER = 1000, 96  # tokens


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shape", action="append", choices=sorted(SHAPES), required=True)
    parser.add_argument("--dtype", default="auto", help="as Diglot's own setting")
    parser.add_argument("--threads", default="0", help="CPU threads; 0 takes every core")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(given.measure, given.dtype, int(given.threads))))
        return
    for shape in given.shape:
        folder = Path(tempfile.mkdtemp(prefix=f"{shape}-"))
        try:
            size = build(shape, folder)
            # Memory is measured in a process of its own: its peak is never given back.
            flags = ["--shape", shape, "--dtype", given.dtype, "--threads", given.threads]
            command = [sys.executable, __file__, "--measure", str(folder), *flags]
            done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
            print(json.dumps({"shape": shape, **size, **json.loads(done.stdout)}), flush=True)
        finally:
            shutil.rmtree(folder)


def measure(folder: Path, dtype: str, threads: int) -> dict[str, Any]:
    """Load the model of `folder` and run one article's work."""
    import torch

    from service.llm.bench import run
    from service.llm.llm_engine import LLMEngine
    from service.settings import Settings

    empty = _memory_gib("VmRSS")
    start = time.monotonic()
    settings = Settings(engine="transformers", model=str(folder), dtype=dtype, threads=threads)
    engine = LLMEngine(settings)
    seconds = {"load_s": time.monotonic() - start}
    peak_of_loading, size_when_loaded = _memory_gib("VmHWM"), _memory_gib("VmRSS")
    cpu = time.process_time()
    done = run(engine, 1, PASSAGE, ANSWER)
    seconds |= {"article_s": done.seconds, "article_cpu_s": time.process_time() - cpu}
    return {
        **{name: round(value, 1) for name, value in seconds.items()},
        "rss_empty_gib": empty,
        "peak_rss_load_gib": peak_of_loading,
        "rss_loaded_gib": size_when_loaded,
        "peak_rss_gib": _memory_gib("VmHWM"),
        "path": done.path,
        "dtype": done.dtype,
        "threads": torch.get_num_threads(),
    }


def _memory_gib(name: str) -> float:
    """A field of /proc/self/status in GiB.

    getrusage would not do: its peak starts at that of the parent, which held the weights.
    """
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    held = next(line for line in lines if line.startswith(f"{name}:"))
    return round(int(held.split()[1]) / (1 << 20), 2)


if __name__ == "__main__":
    main()
