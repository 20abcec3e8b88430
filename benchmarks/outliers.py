"""Outliers: the error of int8 where activations have the outliers published for Qwen.

    python -m benchmarks.outliers [--shapes tiny-qwen3,qwen3-0.6b] [--texts 4 --tokens 128]

Random weights in each shape are changed so that, in float32 too,

- in every layer some input channels of attention and of the MLP are 100 to 1,000 times the rest
  (norm weights times a factor, the columns that read them divided by its root, so that such a
  channel still adds a part of the sum);
- some inputs of the down projection are as much larger (rows of the up projection, likewise);
- the first token has values thousands of times the rest from the first layer on: one unit of its
  MLP responds to that token and writes them into two channels.

The logits' error of Diglot's int8 is compared with that of llama.cpp's Q8_0 from the same weights.
For Qwen3.5, which is not converted for llama.cpp here, the peer is Q8_0 simulated in transformers;
for the others the simulation is an additional line. Exit status 1 when an engine failed, or when
int8's error is more than 1.5 times that of Q8_0.
"""

import argparse
import random
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from benchmarks import machine
from benchmarks.accuracy import PEER, compare
from benchmarks.closeness import table
from benchmarks.compare import CACHE
from benchmarks.random_model import save_tokenizer
from benchmarks.shapes import SHAPES

QWENS = (
    "tiny-qwen2.5",
    "tiny-qwen3",
    "tiny-qwen3.5",
    "qwen2.5-0.5b",
    "qwen3-0.6b",
    "qwen3.5-0.8b",
)
SEED = 7
FIRST = 5
"""The id that every text begins with."""
CHANNELS, UNITS = 6, 6
"""The outliers among the inputs of a layer, and of its down projection."""
LEAST, MOST = 100.0, 1000.0
MASSIVE = 2000.0
"""The first token's two massive channels; others hold about 1 and less."""
OUTPUTS = {"o_proj", "out_proj"}
BAR = 1.5


def main() -> int:
    args = _arguments()
    failed = False
    for shape in args.shapes:
        folder = args.cache / "models" / f"{shape}-outliers"
        if not folder.is_dir():
            _say(f"making {folder}")
            build(shape, folder)
        texts = _texts(SHAPES[shape]["vocab_size"], args.texts, args.tokens)
        peer = "simulated-q8" if "3_5" in SHAPES[shape]["model_type"] else PEER
        engines = list(dict.fromkeys(["diglot-int8", peer, "simulated-q8"]))
        figures, reasons = compare(folder, texts, engines, args.cache, args.threads)
        print(f"\n{shape} with outliers, beside {peer}\n\n{table(figures, peer)}", flush=True)
        for why in reasons:
            print(f"FAILED {why}")
        failed |= bool(reasons) or not (
            figures["diglot-int8"]["logits_error"] <= BAR * figures[peer]["logits_error"]
        )
    return int(failed)


def build(shape: str, folder: Path) -> None:
    """Write a folder of float32 weights with outliers in `shape`."""
    from transformers import AutoConfig, AutoModelForCausalLM

    auto_config: Any = AutoConfig
    auto_model: Any = AutoModelForCausalLM
    torch.manual_seed(SEED)
    config = auto_config.for_model(**SHAPES[shape])
    model = auto_model.from_config(config, dtype=torch.float32).eval()
    rng = random.Random(SEED)
    with torch.no_grad():
        for layer in model.model.layers:
            _enlarge_inputs(layer, rng)
        _enlarge_first_token(model, rng)
    part = folder.with_name(f"part-{folder.name}")
    model.save_pretrained(part)
    save_tokenizer(part, config.vocab_size)
    part.rename(folder)


def _enlarge_inputs(layer: Any, rng: random.Random) -> None:
    attention = getattr(layer, "self_attn", None) or layer.linear_attn
    readers = [
        linear
        for name, linear in attention.named_modules()
        if isinstance(linear, torch.nn.Linear) and name not in OUTPUTS
    ]
    _enlarge_norm(layer.input_layernorm, readers, rng)
    mlp = layer.mlp
    _enlarge_norm(layer.post_attention_layernorm, [mlp.gate_proj, mlp.up_proj], rng)
    for unit, factor in _outliers(mlp.down_proj.in_features, UNITS, rng):
        mlp.up_proj.weight[unit] *= factor
        mlp.down_proj.weight[:, unit] /= factor**0.5


def _enlarge_norm(norm: Any, readers: list[torch.nn.Linear], rng: random.Random) -> None:
    added = float(norm.weight[0] == 0)  # Qwen3.5 stores weights less 1
    for channel, factor in _outliers(len(norm.weight), CHANNELS, rng):
        norm.weight[channel] = (norm.weight[channel] + added) * factor - added
        for linear in readers:
            linear.weight[:, channel] /= factor**0.5


def _outliers(size: int, count: int, rng: random.Random) -> Iterable[tuple[int, float]]:
    """Indices below `size`, and the factor of each over the rest."""
    for index in rng.sample(range(size), count):
        yield index, LEAST * (MOST / LEAST) ** rng.random()


def _enlarge_first_token(model: Any, rng: random.Random) -> None:
    """Add a unit to the first MLP that responds to FIRST: about 100 there, about 0.1 elsewhere."""
    mlp, norm = model.model.layers[0].mlp, model.model.layers[0].post_attention_layernorm
    text = torch.tensor([[FIRST]])
    seen: list[torch.Tensor] = []
    hook = norm.register_forward_hook(lambda *of: seen.append(of[-1][0, 0]))
    model(input_ids=text)
    hook.remove()
    (inputs,) = seen
    unit = rng.randrange(mlp.down_proj.in_features)
    mlp.gate_proj.weight[unit] = mlp.up_proj.weight[unit] = 10 * inputs / inputs.square().sum()
    mlp.down_proj.weight[:, unit] = 0
    for channel in rng.sample(range(mlp.down_proj.out_features), 2):
        mlp.down_proj.weight[channel, unit] = MASSIVE / 100


def _texts(words: int, count: int, tokens: int) -> list[list[int]]:
    rng = random.Random(SEED)
    return [[FIRST, *(rng.randrange(words) for _ in range(tokens - 1))] for _ in range(count)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.outliers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--shapes", type=_shapes, default=list(QWENS), help=f"of {', '.join(QWENS)}")
    add("--texts", type=int, default=4)
    add("--tokens", type=int, default=128, help="of each text")
    add("--threads", type=int, default=machine.cores())
    add("--cache", type=Path, default=CACHE, help="keeps environments, models and logs")
    args = parser.parse_args()
    args.cache = args.cache.resolve()
    (args.cache / "models").mkdir(parents=True, exist_ok=True)
    return args


def _shapes(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in QWENS]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not one of {', '.join(QWENS)}")
    return names


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
