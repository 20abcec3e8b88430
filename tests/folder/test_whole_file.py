from pathlib import Path

import pytest

from service.folder.whole_file import replacing


def test_a_file_is_there_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with replacing(path) as new:
        new.write_text("全部", "utf-8")
        assert not path.exists()
    assert path.read_text("utf-8") == "全部"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old", "utf-8")
    with pytest.raises(RuntimeError), replacing(path) as new:
        new.write_text("half", "utf-8")
        raise RuntimeError
    assert path.read_text("utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]
