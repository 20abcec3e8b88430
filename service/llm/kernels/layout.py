"""Checks, when the kernels are loaded, that C and Python mean the same structs and constants."""

import ctypes
from functools import cache
from typing import Any


class LayoutMismatch(RuntimeError):
    """A struct or a constant of the compiled kernels is not what Python takes it for."""


@cache
def check_struct(library: Any, name: str, struct: type[ctypes.Structure]) -> None:
    """Compare `struct` with the table `layout_NAME`: its size, then each field's offset.

    Raises LayoutMismatch.
    """
    own = [ctypes.sizeof(struct)]
    own += [getattr(struct, field[0]).offset for field in struct._fields_]
    table = _table(library, name, len(own))
    if table != own:
        raise LayoutMismatch(f"the kernels' struct {name} is {table}, in Python it is {own}")


@cache
def check_constants(
    library: Any, *, block: int | None = None, max_head_dim: int, alignment: int
) -> None:
    """Compare constants: tokens of a block, the widest head, and a number that whole vectors of
    every processor divide. Raises LayoutMismatch."""
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
