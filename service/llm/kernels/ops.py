"""Calls of the compiled kernels, and checks that C and Python agree on structs and constants."""

import ctypes
from functools import cache
from typing import Any

import torch
from torch import Tensor

from service.llm.kernels.build import library


def call(name: str, *arguments: object) -> None:
    """Call the function `name`, which returns nothing.

    Tensors are passed by address, integers in 64 bits, everything else as it is. Nothing is
    checked: the tensors must have the type, shape and strides that the function expects.
    """
    getattr(library(), name)(*map(_as_c, arguments))


def _as_c(argument: object) -> object:
    if isinstance(argument, Tensor):
        return ctypes.c_void_p(argument.data_ptr())
    return ctypes.c_int64(argument) if isinstance(argument, int) else argument


def is_plain(tensor: Tensor) -> bool:
    """Whether `tensor` has the device and the type that the kernels read."""
    return tensor.device.type == "cpu" and tensor.dtype == torch.float32


class LayoutMismatch(RuntimeError):
    """A struct or a constant differs between the compiled kernels and Python."""


@cache
def check_struct(library: Any, name: str, struct: type[ctypes.Structure]) -> None:
    """Compare the size and the field offsets of `struct` with the kernels' table `layout_NAME`.

    Raises LayoutMismatch.
    """
    expected = [ctypes.sizeof(struct)]
    expected += [getattr(struct, field[0]).offset for field in struct._fields_]
    table = _table(library, name, len(expected))
    if table != expected:
        raise LayoutMismatch(f"the kernels' struct {name} is {table}, in Python it is {expected}")


@cache
def check_constants(
    library: Any, *, block: int | None = None, max_head_dim: int, alignment: int
) -> None:
    """Compare the constants that both sides compile in. Raises LayoutMismatch.

    `block`: tokens in a block of the KV cache; None: not used. `max_head_dim`: the widest head.
    `alignment`: a multiple of the vector length of every processor.
    """
    c_block, lanes, c_max_head_dim = _table(library, "constants", 3)
    same = block in {None, c_block} and max_head_dim == c_max_head_dim
    if not same or alignment % lanes:
        raise LayoutMismatch(
            f"the kernels have blocks of {c_block} tokens, heads of {c_max_head_dim} and vectors"
            f" of {lanes}; in Python it is {block}, {max_head_dim} and {alignment}"
        )


def _table(library: Any, name: str, length: int) -> list[int]:
    try:
        return list((ctypes.c_int64 * length).in_dll(library, f"layout_{name}"))
    except ValueError:
        raise LayoutMismatch(f"the kernels have no table layout_{name}") from None
