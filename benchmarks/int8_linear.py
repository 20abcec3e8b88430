"""Speed of one linear layer in 8 bits, compared with float32.

    python benchmarks/int8_linear.py --threads 2

The layers of Qwen3-0.6B, merged as in Diglot. Prints one JSON line per layer: for each number of
rows billions of operations per second, the best of several runs. `layer` includes quantising the
input, `product` excludes it, both with a scale for every 32 inputs of rows and weights, or with
rows in bfloat16 where the processor has tiles (DIGLOT_KERNEL_LEVEL names other ones). `onednn` is
torch's own operator, with one scale per channel and one for the whole input; its weights have 129
levels here, which every processor multiplies exactly.
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

    from service.llm.int8 import Int8Linear
    from service.llm.kernels.linear import quantize

    plain = torch.nn.Linear(width, channels, bias=False)
    layer = Int8Linear.of(plain)
    peer = onednn(plain.weight)
    found: dict[str, Any] = {}
    for count in counts:
        x = torch.randn(count, width)
        rows = quantize(x)
        bytes_ = torch.randint(0, 256, (count, width), dtype=torch.uint8)
        ways: dict[str, Callable[[], object]] = {
            "float32": lambda x=x: plain(x),
            "layer": lambda x=x: layer(x),
            "product": lambda rows=rows: layer.forward_quantized(rows),
            "onednn": lambda x=bytes_: peer(x),
        }
        operations = 2 * count * width * channels
        found[str(count)] = {
            way: round(operations / best(run, seconds) / 1e9) for way, run in ways.items()
        }
    return found


def onednn(weight: Any) -> Callable[[Any], object]:
    """torch's own product of 8-bit rows (rows, width), as its quantised layers call it."""
    import torch

    scales = weight.abs().amax(1) / 64
    packed = torch.ops.onednn.qlinear_prepack((weight / scales[:, None]).round().char(), None)
    zeros = torch.zeros(len(scales), dtype=torch.int32)
    after = (1.0, 0, torch.float32, "none", [], "")

    def multiply(x: Any) -> object:
        return torch.ops.onednn.qlinear_pointwise(x, 1.0, 128, packed, scales, zeros, None, *after)

    return multiply


def best(run: Callable[[], object], seconds: float) -> float:
    """Seconds of the fastest run, because other programs slow the others down; of this thread's
    own time where it is the only one."""
    import torch

    clock = time.thread_time if torch.get_num_threads() == 1 else time.perf_counter
    run()
    times: list[float] = []
    end = clock() + seconds
    while clock() < end or len(times) < 3:
        start = clock()
        run()
        times.append(clock() - start)
    return min(times)


if __name__ == "__main__":
    main()
