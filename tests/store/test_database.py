"""The files of a database: nobody but their owner reads the articles in them."""

import os
import stat
from pathlib import Path

import pytest

from service.store.database import FILE, MIGRATIONS, Database
from service.store.result_cache import FILE as CACHE


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


@pytest.fixture(autouse=True)
def open_to_all() -> object:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.parametrize("name", [FILE, CACHE])
def test_only_the_owner_may_read_the_files(tmp_path: Path, name: str) -> None:
    path = tmp_path / "数据" / name
    database = Database(path, MIGRATIONS)
    with database.write() as connection:
        connection.execute("INSERT INTO usage VALUES ('报社', 1)")
    found = modes(path.parent)
    assert len(found) == 3, "the database, its log and its index"
    assert set(found.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    database.close()


def test_a_file_that_was_open_to_all_is_closed(tmp_path: Path) -> None:
    Database(tmp_path / FILE, MIGRATIONS).close()
    (tmp_path / FILE).chmod(0o644)
    Database(tmp_path / FILE, MIGRATIONS).close()
    assert modes(tmp_path)[FILE] == 0o600
