"""Write a folder of weights as one GGUF file in Q8_0, as llama.cpp's own converter does.

    python -m benchmarks.peers.write_gguf FOLDER FILE [--type f32]

Llama, Gemma 3, Qwen 2 and Qwen 3, in bfloat16 or float32. The file has no vocabulary: the
benchmark hands over ids and takes ids. `--type f32` is for checking this script itself.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from gguf.quants import dequantize, quantize
from gguf.utility import SafetensorsLocal

TYPES = gguf.GGMLQuantizationType
ARCHITECTURES = {
    "llama": gguf.MODEL_ARCH.LLAMA,
    "gemma3_text": gguf.MODEL_ARCH.GEMMA3,
    "qwen2": gguf.MODEL_ARCH.QWEN2,
    "qwen3": gguf.MODEL_ARCH.QWEN3,
}


def write(folder: Path, file: Path, kind: TYPES) -> None:
    config = json.loads((folder / "config.json").read_text())
    if config["model_type"] not in ARCHITECTURES:
        raise SystemExit(f"{config['model_type']} is none of {', '.join(ARCHITECTURES)}")
    architecture = ARCHITECTURES[config["model_type"]]
    writer = gguf.GGUFWriter(file, gguf.MODEL_ARCH_NAMES[architecture])
    _describe(writer, config)
    names = gguf.get_tensor_name_map(architecture, config["num_hidden_layers"])
    for part in sorted(folder.glob("*.safetensors")):
        for name, tensor in SafetensorsLocal(part).tensors.items():
            target = names.get_name(name, try_suffixes=(".weight", ".bias"))
            assert target, f"no place for {name}"
            values = _as_llama_cpp_has_it(name, _values(tensor), config)
            form = kind if values.ndim == 2 else TYPES.F32
            data = quantize(values, form) if form is TYPES.Q8_0 else values.astype(np.float32)
            writer.add_tensor(target, data, raw_dtype=form)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _values(tensor: Any) -> np.ndarray:
    raw = np.frombuffer(tensor.mmap_bytes().tobytes(), np.uint8)
    if tensor.dtype == "F32":
        return raw.view(np.float32).reshape(tensor.shape)
    assert tensor.dtype == "BF16", tensor.dtype
    return dequantize(raw.reshape(tensor.shape[0], -1), TYPES.BF16).reshape(tensor.shape)


def _as_llama_cpp_has_it(name: str, values: np.ndarray, config: dict[str, Any]) -> np.ndarray:
    if config["model_type"] == "gemma3_text" and name.endswith("norm.weight"):
        return values + 1
    if config["model_type"] == "llama" and name.endswith(("q_proj.weight", "k_proj.weight")):
        # Its rotation turns neighbours, where transformers turns halves.
        side = "num_attention_heads" if name.endswith("q_proj.weight") else "num_key_value_heads"
        halves = values.reshape(config[side], 2, -1, values.shape[-1])
        return halves.swapaxes(1, 2).reshape(values.shape)
    return values


def _describe(writer: gguf.GGUFWriter, config: dict[str, Any]) -> None:
    depth = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
    rope = config["rope_parameters"]
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(depth)
    writer.add_value_length(depth)
    writer.add_rope_dimension_count(depth)
    writer.add_rope_freq_base(rope.get("full_attention", rope)["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    if config["model_type"] == "gemma3_text":
        writer.add_sliding_window(config["sliding_window"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_tokenizer_model("none")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--type", choices=["q8_0", "f32"], default="q8_0")
    args = parser.parse_args()
    write(args.folder, args.file, TYPES[args.type.upper()])
