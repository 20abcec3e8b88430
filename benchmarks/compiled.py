"""oneDNN's cache of compiled shapes: its memory in MiB, and the time of compiling again.

oneDNN multiplies in bfloat16 on a CPU (`--dtype bfloat16`).

    python -m benchmarks.compiled [--width 1024] [--lengths 400]

Five layers in bfloat16 read batches of 1 to `--lengths` rows, twice, in a separate process for each
bound: oneDNN's own (1,024) and Diglot's. `a pass` is one batch through the five layers.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from service.llm.environment import MAX_SHAPES, ONEDNN_SHAPES

OWN = 1024
LAYERS = 5


def resident_mib() -> float:
    (kilobytes,) = re.findall(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(kilobytes) / 1024


def measure(width: int, lengths: int) -> None:
    import torch

    torch.set_num_threads(1)
    wide = [torch.randn(width + 32 * n, width) for n in range(LAYERS)]
    layers = [weight.bfloat16() for weight in wide]
    rows = torch.randn(lengths, width).bfloat16()
    with torch.inference_mode():
        for layer in layers:
            torch.nn.functional.linear(rows, layer)
        before, begun = resident_mib(), time.perf_counter()
        for length in [*range(1, lengths + 1)] * 2:
            for layer in layers:
                torch.nn.functional.linear(rows[:length], layer)
        spent = (time.perf_counter() - begun) / (2 * lengths) * 1000
    print(
        f"{os.environ[ONEDNN_SHAPES]:>6} {resident_mib() - before:10.0f} {spent:10.2f}", flush=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--lengths", type=int, default=400)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.here:
        measure(given.width, given.lengths)
        return
    print(f"{'kept':>6} {'grew MiB':>10} {'a pass ms':>10}", flush=True)
    for most in (OWN, MAX_SHAPES):
        command = [sys.executable, "-m", "benchmarks.compiled", *sys.argv[1:], "--here"]
        subprocess.run(command, env={**os.environ, ONEDNN_SHAPES: str(most)}, check=True)


if __name__ == "__main__":
    main()
