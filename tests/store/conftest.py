from pathlib import Path
from typing import Any

import pytest

from tests.support.stores import Clock, Store


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Any:
    opened = Store(tmp_path, clock)
    yield opened
    opened.database.close()
