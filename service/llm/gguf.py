"""GGUF reader: reads a file's metadata, and its tensors one at a time.

The package gguf knows the number formats, but its reader builds an object for every token of the
vocabulary and maps the file into memory: 20 seconds and half a gigabyte for 262,144 tokens. So the
header is read here. Format: github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFValueType, dequantize

from service.errors import BadSetting

MAGIC = b"GGUF"
VERSIONS = (2, 3)
_ALIGNMENT = 32
_MAX_STRING = 1 << 24  # bytes; a longer string means a damaged file
_PIECE = 1 << 20  # values that are float32 at once while a tensor is read
_NUMBERS = {
    GGUFValueType.UINT8: "B",
    GGUFValueType.INT8: "b",
    GGUFValueType.UINT16: "H",
    GGUFValueType.INT16: "h",
    GGUFValueType.UINT32: "I",
    GGUFValueType.INT32: "i",
    GGUFValueType.FLOAT32: "f",
    GGUFValueType.BOOL: "?",
    GGUFValueType.UINT64: "Q",
    GGUFValueType.INT64: "q",
    GGUFValueType.FLOAT64: "d",
}


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor of a file; its values stay there until they are read."""

    path: Path
    name: str
    shape: tuple[int, ...]
    """In torch's order, with the inputs of a linear layer last."""
    type: GGMLQuantizationType
    start: int

    @property
    def nbytes(self) -> int:
        values, size = GGML_QUANT_SIZES[self.type]
        return prod(self.shape) // values * size

    def read(self, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        """The values (shape) as `dtype`, dequantised a few rows at a time."""
        table = torch.empty(prod(self.shape[:-1]), self.shape[-1], dtype=dtype, device="cpu")
        for start, rows in self._pieces():
            table[start : start + len(rows)] = torch.from_numpy(dequantize(rows, self.type))
        return table.view(self.shape)

    def _pieces(self) -> Iterator[tuple[int, np.ndarray[Any, np.dtype[np.uint8]]]]:
        """The first row's index and the bytes (rows, bytes of a row) of each piece."""
        rows = prod(self.shape[:-1])
        width = self.nbytes // rows if rows else 0
        step = max(1, _PIECE // max(1, self.shape[-1]))
        # Not mapped: a mapped page counts as this process's memory until the file is closed.
        with self.path.open("rb") as file:
            file.seek(self.start)
            for start in range(0, rows, step):
                count = min(step, rows - start)
                yield start, np.fromfile(file, np.uint8, count * width).reshape(count, width)


@dataclass(frozen=True)
class GgufFile:
    """The header of a file that holds a complete language model."""

    path: Path
    metadata: dict[str, Any]
    """By key; of an array of strings only its length."""
    tensors: tuple[StoredTensor, ...]

    @property
    def architecture(self) -> str:
        return str(self.metadata["general.architecture"])

    def about(self, key: str, default: Any = None) -> Any:
        """The architecture's own metadata under `key`."""
        return self.metadata.get(f"{self.architecture}.{key}", default)

    @cached_property
    def by_name(self) -> dict[str, StoredTensor]:
        return {tensor.name: tensor for tensor in self.tensors}


def read_header(path: Path, name: str) -> GgufFile:
    """The header of the file at `path`. Raises BadSetting for an incomplete or another model."""
    try:
        with path.open("rb") as file:
            header = _Header(file, path.stat().st_size)
            file_of_model = header.read(path)
    except (_DamagedError, struct.error, ValueError, OverflowError, MemoryError) as error:
        raise BadSetting(f"model {name}: the file is damaged or incomplete ({error})") from error
    except OSError as error:
        raise BadSetting(f"model {name}: the file can't be read ({error.strerror})") from error
    if fault := _fault(file_of_model) or _cut_off(file_of_model):
        raise BadSetting(f"model {name}: {fault}")
    return file_of_model


class _DamagedError(Exception):
    """The header ends early or holds impossible values."""


class _Header:
    """Reads the values of a header in order, little-endian."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._size = file, size

    def read(self, path: Path) -> GgufFile:
        magic, version, count, keys = struct.unpack("<4sIQQ", self._bytes(24))
        if magic != MAGIC or version not in VERSIONS:
            raise _DamagedError(f"GGUF version {version}; this reads {VERSIONS}")
        metadata = {self._string(): self._value(self._number("I")) for _ in range(keys)}
        if "general.architecture" not in metadata:
            raise _DamagedError("it names no architecture")
        entries = [self._entry() for _ in range(count)]
        alignment = int(metadata.get("general.alignment", _ALIGNMENT))
        start = -(-self._file.tell() // alignment) * alignment
        tensors = tuple(
            StoredTensor(path, name, shape, type_, start + offset)
            for name, shape, type_, offset in entries
        )
        return GgufFile(path, metadata, tensors)

    def _entry(self) -> tuple[str, tuple[int, ...], GGMLQuantizationType, int]:
        name = self._string()
        dimensions = self._number("I")
        shape = tuple(reversed([self._number("Q") for _ in range(dimensions)]))
        return name, shape, GGMLQuantizationType(self._number("I")), self._number("Q")

    def _value(self, kind: int) -> Any:
        if kind == GGUFValueType.STRING:
            return self._string()
        if kind != GGUFValueType.ARRAY:
            return self._number(_NUMBERS[GGUFValueType(kind)])
        element, count = GGUFValueType(self._number("I")), self._number("Q")
        if element == GGUFValueType.STRING:
            for _ in range(count):
                self._bytes(self._number("Q"))
            return count
        if element == GGUFValueType.ARRAY:
            return [self._value(element) for _ in range(count)]
        form = _NUMBERS[element]
        return list(struct.unpack(f"<{count}{form}", self._bytes(count * struct.calcsize(form))))

    def _string(self) -> str:
        return self._bytes(self._number("Q"), _MAX_STRING).decode("utf-8", "replace")

    def _number(self, form: str) -> Any:
        (number,) = struct.unpack("<" + form, self._bytes(struct.calcsize("<" + form)))
        return number

    def _bytes(self, count: int, most: int | None = None) -> bytes:
        if count > (self._size if most is None else most):
            raise _DamagedError(f"a length of {count} bytes")
        data = self._file.read(count)
        if len(data) < count:
            raise _DamagedError("its header ends early")
        return data


def _fault(file: GgufFile) -> str | None:
    """The reason why the file is not a complete language model; None when it is."""
    metadata = file.metadata
    if file.architecture == "clip":
        return "the file is the part for pictures (mmproj); take the model's own file beside it"
    if (kind := metadata.get("general.type", "model")) != "model":
        return f"the file holds no model, but: {kind}. Merge an adapter into its model first"
    if (parts := int(metadata.get("split.count", 0))) > 1:
        return (
            f"the file is part {int(metadata.get('split.no', 0)) + 1} of {parts}; join the parts"
            " with `llama-gguf-split --merge`"
        )
    if not file.tensors:
        return "the file holds a vocabulary and no weights"
    return None


def _cut_off(file: GgufFile) -> str | None:
    end = max(tensor.start + tensor.nbytes for tensor in file.tensors)
    size = file.path.stat().st_size
    if size < end:
        return f"the file is incomplete: {size:,} of {end:,} bytes are there"
    return None
