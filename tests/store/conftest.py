from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.store.batch_tables import FILE, MIGRATIONS
from service.store.database import Database
from tests.support.stores import Clock, Store


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Any:
    opened = Store(tmp_path, clock)
    yield opened
    opened.database.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / FILE, MIGRATIONS, durable=False)
    yield opened
    opened.close()
