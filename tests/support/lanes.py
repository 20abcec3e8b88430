"""Cases of a test that only `make test-all` runs."""

from collections.abc import Iterable
from typing import Any

import pytest


def slow(*values: Any) -> Any:
    """A case of the slow lane."""
    return pytest.param(*values, marks=pytest.mark.slow)


def one_quick(cases: Iterable[Any]) -> list[Any]:
    """The first case for every change, the others in the slow lane."""
    first, *others = cases
    return [first, *map(slow, others)]
