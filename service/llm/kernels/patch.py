"""Patches functions of transformers' modelling files with functions that compute in C.

These files look some functions up by name at every call, so a module attribute can replace them. A
replacement computes a call in C where it can, and passes it on to transformers' function otherwise.
"""

import sys
from typing import Any

from torch import nn

from service.llm.kernels import linear_attention, rotary
from service.llm.kernels.build import library

MAKERS = {**linear_attention.MAKERS, **rotary.MAKERS}
"""By the name of a function: makes its replacement from the original."""


def install(model: nn.Module) -> set[str]:
    """Patch the modelling files of `model`, for all models of its kind in this process.

    Returns the names of the functions that are computed in C now.
    """
    patched: set[str] = set()
    if library() is None:
        return patched
    for module_name in {type(layer).__module__ for layer in model.modules()}:
        module: Any = sys.modules[module_name]
        for name, make in MAKERS.items():
            original = getattr(module, name, None)
            if original is not None and not hasattr(original, "in_c"):
                replacement: Any = make(original)
                replacement.in_c = replacement is not original
                if replacement.in_c:
                    replacement.original = original
                setattr(module, name, replacement)
            if original is not None and getattr(module, name).in_c:
                patched.add(name)
    return patched
