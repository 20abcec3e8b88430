"""How fast is one linear layer in 8 bits, beside float32?

    python benchmarks/int8_linear.py --threads 2
    ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2 python benchmarks/int8_linear.py

The layers of Qwen3-0.6B, as Diglot joins them. Prints a JSON line a layer: for each number of rows
billions of operations a second, the best of several runs. `layer` counts quantising the input and
scaling the result, `product` what is left when the input comes quantised, `onednn` the same by the
operator that torch brings along, `int_mm` torch's other int8 product without any scaling.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SHAPES = {
    "qkv": (1024, 4096),
    "o": (2048, 1024),
    "gate_up": (1024, 6144),
    "down": (3072, 1024),
    "head": (1024, 151_936),
}


def main() -> None:
    import torch

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0.2, help="for each number")
    parser.add_argument("--rows", type=int, nargs="*", default=[1, 2, 8, 32, 256, 512])
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    for name, (width, channels) in SHAPES.items():
        rows = [count for count in given.rows if count * channels < 1 << 23]
        with torch.inference_mode():
            print(json.dumps({"layer": name, **measure(width, channels, rows, given.seconds)}))


def measure(width: int, channels: int, counts: list[int], seconds: float) -> dict[str, Any]:
    import torch

    from service.llm.int8 import (
        Int8Linear,
        OneDnn,
        quantize_rows,
        quantize_weight,
        weight_levels,
    )

    plain = torch.nn.Linear(width, channels, bias=False)
    layer = Int8Linear.of(plain)
    operator = OneDnn.of(*quantize_weight(plain.weight.detach(), weight_levels() or 127))
    weight = torch.randint(-127, 128, (channels, width), dtype=torch.int8).T
    found: dict[str, Any] = {"levels": weight_levels()}
    for count in counts:
        x = torch.randn(count, width)
        quantised, scale = quantize_rows(x)
        signed = quantised.view(torch.int8)
        ways: dict[str, Callable[[], object]] = {
            "float32": lambda x=x: plain(x),
            "layer": lambda x=x: layer(x),
            "product": lambda q=quantised, s=scale: layer.forward_quantized(q, s),
            "onednn": lambda q=quantised, s=scale: operator.multiply(q, s),
            "int_mm": lambda q=signed: torch._int_mm(q, weight),
        }
        operations = 2 * count * width * channels
        found[str(count)] = {
            way: round(operations / best(run, seconds) / 1e9) for way, run in ways.items()
        }
    return found


def best(run: Callable[[], object], seconds: float) -> float:
    """Seconds of the fastest run: other programs make the others slow."""
    run()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
