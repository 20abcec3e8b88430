"""Random model: writes a model folder with random weights in a published shape.

    python -m benchmarks.random_model --shape qwen3-0.6b --out FOLDER

Random weights cost the same as real ones; their output is noise.
"""

import argparse
from pathlib import Path
from typing import Any

from benchmarks.shapes import SHAPES

SEED = 7
END = "<|im_end|>"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shape", choices=sorted(SHAPES), required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    print(build(given.shape, given.out))


def build(shape: str, folder: Path) -> dict[str, Any]:
    """Write bfloat16 weights, a configuration and a tokenizer; returns parameters and bytes."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(SEED)
    config = AutoConfig.for_model(**SHAPES[shape])
    model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    model.save_pretrained(folder, max_shard_size="1GB")
    save_tokenizer(folder, config.vocab_size)
    return {
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "bytes_on_disk": sum(path.stat().st_size for path in folder.glob("*.safetensors")),
    }


def save_tokenizer(folder: Path, vocabulary: int) -> None:
    """Save a tokenizer of all bytes and a made-up word per further id, for any output."""
    from tokenizers import Tokenizer, decoders, pre_tokenizers
    from tokenizers.models import BPE
    from transformers import PreTrainedTokenizerFast

    words = {letter: id_ for id_, letter in enumerate(pre_tokenizers.ByteLevel.alphabet())}
    words |= {f"word{id_}": id_ for id_ in range(len(words), vocabulary - 1)}
    backend = Tokenizer(BPE(vocab=words, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, eos_token=END)
    tokenizer.chat_template = "{{ messages[0].content }}"
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    main()
