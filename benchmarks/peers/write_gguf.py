"""Write a folder of Qwen3 weights as one GGUF file in Q8_0, as llama.cpp's own converter does.

    python -m benchmarks.peers.write_gguf FOLDER FILE

The file has no vocabulary: the benchmark hands over ids and takes ids.
"""

import json
import sys
from pathlib import Path

import gguf
import numpy as np
from gguf.quants import dequantize, quantize
from gguf.utility import SafetensorsLocal

Q8_0, BF16, F32 = (gguf.GGMLQuantizationType[name] for name in ("Q8_0", "BF16", "F32"))


def write(folder: Path, file: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    if config["model_type"] != "qwen3" or not config["tie_word_embeddings"]:
        raise SystemExit("only Qwen3 with tied embeddings is known here")
    writer = gguf.GGUFWriter(file, "qwen3")
    _describe(writer, config)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN3, config["num_hidden_layers"])
    for part in sorted(folder.glob("*.safetensors")):
        for name, tensor in SafetensorsLocal(part).tensors.items():
            place = names.get_name(name, try_suffixes=(".weight",))
            assert place, f"no place for {name}"
            assert tensor.dtype == "BF16", f"{name} is {tensor.dtype}"
            raw = np.frombuffer(tensor.mmap_bytes().tobytes(), np.uint8)
            values = dequantize(raw.reshape(tensor.shape[0], -1), BF16).reshape(tensor.shape)
            kind = Q8_0 if values.ndim == 2 else F32
            data = quantize(values, kind) if kind is Q8_0 else values.astype(np.float32)
            writer.add_tensor(place, data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _describe(writer: gguf.GGUFWriter, config: dict[str, object]) -> None:
    def number(name: str) -> int:
        value = config[name]
        assert isinstance(value, int)
        return value

    rope = config["rope_parameters"]
    assert isinstance(rope, dict)
    writer.add_context_length(number("max_position_embeddings"))
    writer.add_embedding_length(number("hidden_size"))
    writer.add_block_count(number("num_hidden_layers"))
    writer.add_feed_forward_length(number("intermediate_size"))
    writer.add_head_count(number("num_attention_heads"))
    writer.add_head_count_kv(number("num_key_value_heads"))
    writer.add_key_length(number("head_dim"))
    writer.add_value_length(number("head_dim"))
    writer.add_rope_freq_base(rope["rope_theta"])
    writer.add_layer_norm_rms_eps(float(str(config["rms_norm_eps"])))
    writer.add_vocab_size(number("vocab_size"))
    writer.add_tokenizer_model("none")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))
