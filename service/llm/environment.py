"""Environment variables that torch's libraries read once, when torch is imported."""

import os

ONEDNN_SHAPES = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
MAX_SHAPES = 64
"""Compiled shapes that oneDNN keeps. It multiplies in bfloat16 on a CPU and compiles for every
shape that it meets, up to 1,024 of them by its own default. Batches come in hundreds of lengths,
so a service would grow for hours (`python -m benchmarks.compiled`). 64 are those of the last few
batches, because a model has fewer than ten shapes of layers, and compiling one again takes little
beside a step of the model."""

SPIN_COUNT = "GOMP_SPINCOUNT"
WAIT_POLICY = "OMP_WAIT_POLICY"
SPINS = 1000
"""Turns of its loop after which a waiting OpenMP thread sleeps: some microseconds. A layer ends
when its slowest thread does. When another program takes a core for a time slice, threads that spin
all through it, as libgomp's default of 300,000 turns lets them, use up the time that the slow one
waits for: 1.4 times as long for the same articles on two cores with one busy neighbour, and no
difference without."""


def set_defaults() -> None:
    """Set what the user has not set. To be called before torch is imported."""
    os.environ.setdefault(ONEDNN_SHAPES, str(MAX_SHAPES))
    if WAIT_POLICY not in os.environ:
        os.environ.setdefault(SPIN_COUNT, str(SPINS))
