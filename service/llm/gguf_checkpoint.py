"""GGUF checkpoint: configuration, tokenizer and weights of a GGUF file in transformers' terms.

transformers' tables define the meaning of the file's keys and tensors. Its own loader is not used,
because it first converts the whole model to float32 in memory, and drops the scaling of positions.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gguf import MODEL_ARCH_NAMES, GGMLQuantizationType, get_tensor_name_map
from transformers import AutoConfig, GenerationConfig, PreTrainedTokenizerFast
from transformers.core_model_loading import WeightConverter, WeightRenaming, rename_source_key
from transformers.integrations.gguf.gguf_config_mapping import GGUF_CONFIG_ARCHS, get_gguf_config
from transformers.integrations.gguf.gguf_tokenizer_mapping import (
    convert_gguf_tokenizer,
    get_gguf_tokenizer,
)
from transformers.integrations.gguf.utils import get_gguf_conversion_mapping
from transformers.modeling_gguf_pytorch_utils import TENSOR_PROCESSORS, TensorProcessor

from service.errors import BadSetting
from service.llm.gguf import GgufFile, StoredTensor, read_header
from service.llm.gguf_config import MODEL_TYPES, config_of

Change = Callable[[dict[str, torch.Tensor]], torch.Tensor]
"""From tensors, by their names in the file, to a weight of the model."""
_STORED = {GGMLQuantizationType.F32: torch.float32, GGMLQuantizationType.BF16: torch.bfloat16}
_ENDS = ("eos_token_id", "eot_token_id", "eom_token_id")


class LazyWeight:
    """A weight that stays in its file until it is sliced; every slice reads it again."""

    def __init__(self, sources: list[StoredTensor], change: Change, dtype: torch.dtype) -> None:
        self._sources, self._change, self._dtype = sources, change, dtype

    def __getitem__(self, _whole: Any) -> torch.Tensor:
        """The whole weight in the requested number format, for any slice."""
        order = self._order()
        if order is None:
            return self._change({s.name: s.read() for s in self._sources}).to(self._dtype)
        table = self._sources[0].read(self._dtype)
        return table if _is_sorted(order) else table[order]

    def _order(self) -> torch.Tensor | None:
        """The permutation of the file's rows that gives the weight; None where more changes.

        Found by applying the change to a table of row indices.
        """
        if len(self._sources) > 1 or len(self._sources[0].shape) != 2:
            return None
        indices = torch.arange(self._sources[0].shape[0])
        try:
            changed = self._change({self._sources[0].name: indices[:, None].clone()})
        except (IndexError, RuntimeError, ValueError):  # it moves columns, and the table has one
            return None
        if changed.shape != (len(indices), 1) or changed.dtype != indices.dtype:
            return None
        order = changed[:, 0]
        return order if torch.equal(order.sort().values, indices) else None


def _is_sorted(order: torch.Tensor) -> bool:
    return bool((order[1:] > order[:-1]).all())


class GgufCheckpoint:
    """The checkpoint in the file at `path`. Raises BadSetting for an unsupported one."""

    def __init__(self, path: Path, name: str) -> None:
        self._file = read_header(path, name)
        if self._file.architecture not in {*MODEL_TYPES, *GGUF_CONFIG_ARCHS}:
            known = ", ".join(sorted({*MODEL_TYPES, *GGUF_CONFIG_ARCHS}))
            raise BadSetting(
                f"model {name}: the architecture {self._file.architecture} can't be read from GGUF"
                f" (what can: {known}). Take the model as safetensors"
            )
        self._name = name

    def config(self) -> Any:
        """The model's configuration; its `dtype` is the one to keep the embedding in."""
        file = self._file
        if file.architecture in GGUF_CONFIG_ARCHS:
            named = get_gguf_config(file.metadata, tuple(file.by_name))
        else:
            named = config_of(file, self._name)
        if "token_embd.weight" not in file.by_name:
            raise BadSetting(f"model {self._name}: the file holds no table of words (token_embd)")
        table = file.by_name["token_embd.weight"]
        known: Any = AutoConfig
        return known.for_model(
            **named
            | {"vocab_size": table.shape[0], "dtype": _STORED.get(table.type, torch.float16)}
        )

    def tokenizer(self) -> Any:
        """A fast tokenizer with the file's chat template, if it has one."""
        architecture, words, about = get_gguf_tokenizer(str(self._file.path))
        backend, _more = convert_gguf_tokenizer(architecture, words)
        kind: Any = PreTrainedTokenizerFast
        return kind(tokenizer_object=backend, **about)

    def generation_config(self) -> Any:
        """A greedy configuration with all of the file's end-of-turn and end-of-text tokens."""
        named = (self._file.metadata.get(f"tokenizer.ggml.{end}") for end in _ENDS)
        ends = list(dict.fromkeys(end for end in named if end is not None))
        settings: Any = GenerationConfig
        return settings(eos_token_id=ends or None)

    def weights(self, model: Any, dtype_of: Callable[[str], torch.dtype]) -> dict[str, LazyWeight]:
        """The weights of `model` by name, in the number format `dtype_of(name)`.

        `model` may be on the meta device. A tensor that it does not use keeps its own name.
        """
        if self._file.architecture in GGUF_CONFIG_ARCHS:
            named = _converted(self._file, model.config)
        else:
            named = _processed(self._file, model)
        return {key: LazyWeight(sources, change, dtype_of(key)) for key, sources, change in named}


Named = Iterator[tuple[str, list[StoredTensor], Change]]


def _processed(file: GgufFile, model: Any) -> Named:
    """Weights by transformers' older tables: a processor of NumPy arrays per architecture."""
    kind: Any = TENSOR_PROCESSORS.get(file.architecture, TensorProcessor)
    processor = kind(config=model.config.to_dict())
    keys = _keys(file, model, processor)
    sources: dict[str, list[StoredTensor]] = {}
    for tensor in file.tensors:
        key = keys.get(tensor.name) or keys.get(tensor.name.removesuffix(".weight")) or tensor.name
        sources.setdefault(key, []).append(tensor)

    def change_to(key: str) -> Change:
        def change(tensors: dict[str, torch.Tensor]) -> torch.Tensor:
            kept: dict[str, Any] = {"tensors": {}}
            for name, tensor in tensors.items():
                done = processor.process(
                    tensor.numpy(), name, tensor_key_mapping=keys, parsed_parameters=kept
                )
                if done.name is not None:
                    return torch.from_numpy(np.ascontiguousarray(done.weights))
            whole: torch.Tensor = kept["tensors"][key]
            return whole

        return change

    for key, tensors in sources.items():
        if not key.startswith("rope_f"):  # scaling of positions, read into the configuration
            yield key, tensors, change_to(key)


def _keys(file: GgufFile, model: Any, processor: Any) -> dict[str, str]:
    """The model's name for each tensor that a file of this architecture may hold."""
    numbers = {name: number for number, name in MODEL_ARCH_NAMES.items()}
    names = get_tensor_name_map(
        numbers[file.architecture], model.config.get_text_config().num_hidden_layers
    )
    keys: dict[str, str] = {}
    for key in model.state_dict():
        asked = processor.preprocess_name(key)
        stem, _dot, last = asked.rpartition(".")
        stem, suffix = (stem, f".{last}") if last in {"weight", "bias"} else (asked, "")
        if (name := names.get_name(stem)) is not None:
            keys[name + suffix] = key
        else:
            processor.perform_fallback_tensor_mapping(keys, suffix, "", key)
    return keys


def _converted(file: GgufFile, config: Any) -> Named:
    """Weights by transformers' newer tables: renamings, and conversions of tensors."""
    mapping = get_gguf_conversion_mapping(file.architecture, config)
    renamings = [entry for entry in mapping if isinstance(entry, WeightRenaming)]
    converters = [entry for entry in mapping if isinstance(entry, WeightConverter)]
    by_pattern = {pattern: entry for entry in converters for pattern in entry.source_patterns}
    sources: dict[str, list[StoredTensor]] = {}
    patterns: dict[str, dict[str, str]] = {}
    for tensor in file.tensors:
        key, pattern = rename_source_key(tensor.name, renamings, converters)
        sources.setdefault(key, []).append(tensor)
        patterns.setdefault(key, {})[tensor.name] = pattern or ""

    def change_to(key: str) -> Change:
        converter = by_pattern.get(next(iter(patterns[key].values())))

        def change(tensors: dict[str, torch.Tensor]) -> torch.Tensor:
            if converter is None:
                (only,) = tensors.values()
                return only
            done: dict[str, Any] = {patterns[key][name]: [t] for name, t in tensors.items()}
            for operation in converter.operations:
                done = operation.convert(
                    done,
                    source_patterns=converter.source_patterns,
                    target_patterns=converter.target_patterns,
                    full_layer_name=key,
                    config=config,
                )
            (whole,) = done.values()
            result: torch.Tensor = whole[0] if isinstance(whole, list) else whole
            return result

        return change

    for key, tensors in sources.items():
        yield key, tensors, change_to(key)
