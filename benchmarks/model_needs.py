"""What does a model of a given shape need? Disk, memory and seconds for one article.

    python benchmarks/model_needs.py --shape qwen3-0.6b --shape qwen3.5-2b

Writes random weights in the published shape, loads them as a user's model is loaded, reads one
passage of 1,000 tokens for two digests of 96 tokens and one stance, and prints a JSON line a
shape. Where other programs keep the cores busy, `article_cpu_s` (seconds of all cores together)
says more than `article_s`. Random weights cost what real ones cost; what they write is noise.
The published Qwen3.5 files also hold a vision tower, which Diglot leaves out and which is not
counted here.
"""

import argparse
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

PASSAGE, ANSWER = 1000, 96  # tokens
SHARD = 1 << 30  # bytes
LABELS = [[11], [12], [13]]
PROMPT_TAIL = 90  # tokens of an instruction and the end of the chat template

_QWEN3 = {
    "model_type": "qwen3",
    "vocab_size": 151_936,
    "num_hidden_layers": 28,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "max_position_embeddings": 40_960,
    "tie_word_embeddings": True,
}
_QWEN35 = {
    "model_type": "qwen3_5_text",
    "vocab_size": 248_320,
    "head_dim": 256,
    "linear_num_key_heads": 16,
    "linear_key_head_dim": 128,
    "linear_value_head_dim": 128,
    "max_position_embeddings": 262_144,
    "tie_word_embeddings": True,
    "rope_parameters": {
        "rope_type": "default",
        "rope_theta": 10_000_000,
        "partial_rotary_factor": 0.25,
        "mrope_interleaved": True,
        "mrope_section": [11, 11, 10],
    },
}
_SMALL35 = {
    "num_hidden_layers": 24,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "linear_num_value_heads": 16,
}
# The numbers of each model's published config.json.
SHAPES: dict[str, dict[str, Any]] = {
    "qwen3-0.6b": _QWEN3 | {"hidden_size": 1024, "intermediate_size": 3072},
    "qwen3-1.7b": _QWEN3 | {"hidden_size": 2048, "intermediate_size": 6144},
    "qwen3.5-0.8b": _QWEN35 | _SMALL35 | {"hidden_size": 1024, "intermediate_size": 3584},
    "qwen3.5-2b": _QWEN35 | _SMALL35 | {"hidden_size": 2048, "intermediate_size": 6144},
    "qwen3.5-4b": _QWEN35
    | {
        "hidden_size": 2560,
        "intermediate_size": 9216,
        "num_hidden_layers": 32,
        "num_attention_heads": 16,
        "num_key_value_heads": 4,
        "linear_num_value_heads": 32,
    },
}


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


def build(shape: str, folder: Path) -> dict[str, Any]:
    """Write random bfloat16 weights, a configuration and the smallest tokenizer; gives sizes."""
    import torch
    from safetensors.torch import save_file
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(**SHAPES[shape])
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    config.save_pretrained(folder)
    _save_tokenizer(folder)
    weights = dict(model.named_parameters())
    shards: list[dict[str, Any]] = [{}]
    room = SHARD
    for name, weight in weights.items():
        room -= weight.numel() * 2
        if room < 0:
            shards.append({})
            room = SHARD - weight.numel() * 2
        shards[-1][name] = weight.shape
    places = {}
    for number, shard in enumerate(shards):
        file = f"model-{number}.safetensors"
        tensors = {name: torch.randn(size).mul_(0.02).bfloat16() for name, size in shard.items()}
        save_file(tensors, folder / file, metadata={"format": "pt"})
        places |= dict.fromkeys(shard, file)
    index = {"metadata": {}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return {
        "parameters": sum(weight.numel() for weight in weights.values()),
        "bytes_on_disk": sum(path.stat().st_size for path in folder.glob("*.safetensors")),
    }


def _save_tokenizer(folder: Path) -> None:
    from tokenizers import Tokenizer, decoders, pre_tokenizers
    from tokenizers.models import BPE
    from transformers import PreTrainedTokenizerFast

    letters = {letter: id_ for id_, letter in enumerate(pre_tokenizers.ByteLevel.alphabet())}
    backend = Tokenizer(BPE(vocab=letters, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="<|im_end|>")
    tokenizer.chat_template = "{{ messages[0].content }}"
    tokenizer.save_pretrained(folder)


def measure(folder: Path, dtype: str, threads: int) -> dict[str, Any]:
    """Load the model of `folder` and do one article's work with it."""
    import torch

    from service.engines.transformers.loading import load
    from service.engines.transformers.scoring import Question, score
    from service.engines.transformers.writing import Row, write
    from service.settings import Settings

    start = time.monotonic()
    settings = Settings(engine="transformers", model=str(folder), dtype=dtype, threads=threads)
    loaded = load(settings)
    seconds = {"load_s": time.monotonic() - start}
    peak_of_loading = _peak_gib()
    chance = random.Random(0)
    ids = [chance.randrange(256) for _ in range(PASSAGE + PROMPT_TAIL)]
    start, cpu = time.monotonic(), time.process_time()
    written = write(loaded, [Row(ids, ANSWER), Row(ids, ANSWER)])
    score(loaded, [Question(ids, LABELS)])
    seconds["article_s"] = time.monotonic() - start
    seconds["article_cpu_s"] = time.process_time() - cpu
    return {
        **{name: round(value, 1) for name, value in seconds.items()},
        "peak_rss_load_gib": peak_of_loading,
        "peak_rss_gib": _peak_gib(),
        "tokens_written": sum(len(one.ids) for one in written),
        "dtype": str(loaded.model.dtype).removeprefix("torch."),
        "device": str(loaded.model.device),
        "threads": torch.get_num_threads(),
    }


def _peak_gib() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20), 2)


if __name__ == "__main__":
    main()
