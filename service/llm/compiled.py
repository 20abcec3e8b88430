"""The bound on compiled shapes that oneDNN keeps, set before torch is imported.

oneDNN multiplies in bfloat16 on a CPU, and keeps what it has compiled for every shape that it met,
up to 1,024 of them. Batches come in hundreds of lengths, so a service would grow for hours
(`python -m benchmarks.compiled`).
"""

import os

VARIABLE = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
MOST = 64
"""Those of the last few batches, as a model has fewer than ten shapes of layers. A length that has
not come for a while is compiled anew, which is little beside a step of the model."""


def bound() -> None:
    """To be called before torch is imported; what somebody has set stays."""
    os.environ.setdefault(VARIABLE, str(MOST))
