"""Put functions in C where transformers looks for its own.

transformers' modelling files look some functions up by name at every call, so that faster ones can
stand there. What is put there does a call in C where it can, and hands it on to transformers where
it can't.
"""

import sys
from typing import Any

from torch import nn

from service.llm.kernels import linear_attention, rotary
from service.llm.kernels.build import library

MAKERS = {**linear_attention.MAKERS, **rotary.MAKERS}
"""By the name of a function, what makes another out of it."""


def install(model: nn.Module) -> set[str]:
    """Let all models of the kind of `model` use them from now on, in this process.

    Returns the names of those that it has.
    """
    found: set[str] = set()
    if library() is None:
        return found
    for name in {type(layer).__module__ for layer in model.modules()}:
        place: Any = sys.modules[name]
        for known, make in MAKERS.items():
            original = getattr(place, known, None)
            if original is not None and not hasattr(original, "in_c"):
                made: Any = make(original)
                made.in_c = made is not original
                if made.in_c:
                    made.original = original
                setattr(place, known, made)
            if original is not None and getattr(place, known).in_c:
                found.add(known)
    return found
