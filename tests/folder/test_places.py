"""Files of former runs that are gone, found without touching folders that were not searched."""

import json
from pathlib import Path

import pytest

from service.errors import DiglotError
from service.folder.ledger import Ledger
from service.folder.places import FILE, Places, place_of


def keep(ledger: Ledger, *files: Path) -> None:
    for number, file in enumerate(files):
        ledger.append({"id": str(number), "source": str(file), "place": place_of(file)})


def test_a_folder_that_can_be_entered_again_has_no_line_of_its_own(tmp_path: Path) -> None:
    """A locked folder is found as a file that can't be read; an open one gives its files."""
    locked = tmp_path / "in" / "sub"
    locked.mkdir(parents=True)
    with Ledger(tmp_path / "out") as ledger:
        assert Places(ledger, [locked], [tmp_path / "in"]).deleted() == set()
        keep(ledger, locked)
        inside = [locked / "报道.txt"]
        inside[0].write_text("桥")
        assert Places(ledger, inside, [tmp_path / "in"]).deleted() == {place_of(locked)}


def test_a_file_below_a_folder_that_can_not_be_looked_into_is_not_gone(tmp_path: Path) -> None:
    deep = tmp_path / "in" / ("n" * 300)  # no file system takes this name: the look fails
    with Ledger(tmp_path / "out") as ledger:
        (tmp_path / "in").mkdir()
        keep(ledger, deep)
        Places(ledger, [deep], [tmp_path / "in"])
        assert Places(ledger, [], [tmp_path / "in"]).deleted() == set()


@pytest.mark.parametrize("damage", ["", "not json", "[1]"])
def test_a_damaged_list_of_files_drops_nothing(tmp_path: Path, damage: str) -> None:
    gone = tmp_path / "in" / "文.txt"
    with Ledger(tmp_path / "out") as ledger:
        (tmp_path / "in").mkdir()
        keep(ledger, gone)
        Places(ledger, [gone], [tmp_path / "in"])
        (tmp_path / "out" / FILE).write_text(damage)
        assert Places(ledger, [], [tmp_path / "in"]).deleted() == set()


def test_paths_of_lines_that_were_dropped_are_forgotten(tmp_path: Path) -> None:
    with Ledger(tmp_path / "out") as ledger:
        Places(ledger, [tmp_path / "a.txt"], [tmp_path])
        Places(ledger, [tmp_path / "b.txt"], [tmp_path])
    kept = json.loads((tmp_path / "out" / FILE).read_text())
    assert list(kept.values()) == [str(tmp_path / "b.txt")]


def test_a_disk_that_refuses_is_said(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        (tmp_path / f".{FILE}.new").mkdir()
        with pytest.raises(DiglotError, match="can't write"):
            Places(ledger, [], [tmp_path])
