"""The work of a function in steps, which are the same on a busy machine."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def steps_of(work: Callable[[], object]) -> int:
    """Number of the bytecode instructions, lines and calls that `work` executes in this thread.

    A call into C, such as a search by a regular expression, is one step, however long it takes.
    """
    steps = 0

    def count(frame: FrameType, _event: str, _arg: Any) -> Any:
        nonlocal steps
        frame.f_trace_opcodes = True
        steps += 1
        return count

    tracer = sys.gettrace()
    sys.settrace(count)
    try:
        work()
    finally:
        sys.settrace(tracer)
    return steps
