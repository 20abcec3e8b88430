from pathlib import Path

import pytest

from service.errors import BadSetting
from service.folder.lock import lock


@pytest.mark.parametrize("name", ["out", "输出"])
def test_one_at_a_time_holds_a_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "new" / name
    with lock(folder, ".lock"), pytest.raises(BadSetting, match=f"another run .* {folder}"):
        lock(folder, ".lock")
    lock(folder, ".lock").close()


@pytest.mark.parametrize("name", ["file.txt", "文件.txt"])
def test_refuses_a_file_in_place_of_a_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("", "utf-8")
    with pytest.raises(BadSetting, match="can't write to"):
        lock(tmp_path / name, ".lock")
