"""A line names its own file, whatever happened to the files between two runs."""

from pathlib import Path

import pytest

from service.folder.ledger import Ledger
from tests.support.folders import lines, names, run, steps

ENGLISH = "The council met on 4 May. It will build forty stops."
CHINESE = "市议会五月四日开会。会议决定新建四十个车站。"
BOTH = pytest.mark.parametrize("text", [ENGLISH, CHINESE], ids=["en", "zh"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@BOTH
def test_identical_texts_have_a_line_each_under_their_own_names(
    folder: Path, out: Path, text: str
) -> None:
    (folder / "m.txt").write_text(text)
    assert run(out, folder) == [text]
    (folder / "a.txt").write_text(text)
    assert run(out, folder) == [], "the same text is not digested again"
    assert names(out) == ["a.txt", "m.txt"]
    (folder / "m.txt").unlink()
    assert run(out, folder) == []
    assert names(out) == ["a.txt"]


@BOTH
def test_identical_texts_in_one_run_have_a_line_each(folder: Path, out: Path, text: str) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        (folder / name).write_text(text)
    run(out, folder)
    assert names(out) == ["a.txt", "b.txt", "c.txt"]
    assert len({line["id"] for line in lines(out)}) == 3


@BOTH
def test_a_renamed_file_is_not_digested_again_and_named_as_it_is_now(
    folder: Path, out: Path, text: str
) -> None:
    (folder / "m.txt").write_text(text)
    run(out, folder)
    (folder / "m.txt").rename(folder / "z.txt")
    assert run(out, folder) == []
    assert names(out) == ["z.txt"]


def test_a_renamed_folder_is_not_digested_again(folder: Path, out: Path) -> None:
    (folder / "en.txt").write_text(ENGLISH)
    (folder / "zh.txt").write_text(CHINESE)
    run(out, folder)
    moved = folder.rename(folder.with_name("moved"))
    assert run(out, moved) == []
    assert {line["source"] for line in lines(out) if "moved" in line["source"]} == {
        f"{moved}/en.txt", f"{moved}/zh.txt"
    }  # fmt: skip


@BOTH
def test_a_file_that_was_unreadable_once_gets_its_line(folder: Path, out: Path, text: str) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        (folder / name).write_text(text)
    (folder / "a.txt").write_bytes(b"")
    run(out, folder)
    assert names(out) == ["a.txt!", "b.txt", "c.txt"]
    (folder / "a.txt").write_text(text)
    assert run(out, folder) == []
    assert names(out) == ["a.txt", "b.txt", "c.txt"]


def test_lines_of_deleted_files_are_dropped_or_kept_on_request(folder: Path, out: Path) -> None:
    for name, text in (("a.txt", ENGLISH), ("b.txt", CHINESE), ("c.txt", "")):
        (folder / name).write_text(text)
    run(out, folder)
    for name in ("b.txt", "c.txt"):
        (folder / name).unlink()
    run(out, folder, keep_deleted=True)
    assert names(out) == ["a.txt", "b.txt", "c.txt!"]
    run(out, folder)
    assert names(out) == ["a.txt"]


def test_a_deleted_folder_is_dropped_with_all_its_lines(folder: Path, out: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "a.txt").write_text(ENGLISH)
    (folder / "sub" / "b.txt").write_text(CHINESE)
    run(out, folder)
    (folder / "sub" / "b.txt").unlink()
    (folder / "sub").rmdir()
    run(out, folder)
    assert names(out) == ["a.txt"]


def test_files_named_one_by_one_are_dropped_when_they_are_deleted(folder: Path, out: Path) -> None:
    one, two = folder / "a.txt", folder / "b.txt"
    one.write_text(ENGLISH)
    two.write_text(CHINESE)
    run(out, one, two)
    run(out, one)
    assert names(out) == ["a.txt", "b.txt"], "what was not asked for is left alone"
    two.unlink()
    run(out, one)
    assert names(out) == ["a.txt"]


def test_files_outside_of_the_searched_folders_are_left_alone(folder: Path, out: Path) -> None:
    """Their disk may not be mounted just now."""
    elsewhere = folder.with_name("elsewhere")
    elsewhere.mkdir()
    (elsewhere / "b.txt").write_text(CHINESE)
    (folder / "a.txt").write_text(ENGLISH)
    run(out, elsewhere)
    (elsewhere / "b.txt").unlink()
    run(out, folder)
    assert names(out) == ["a.txt", "b.txt"]


def test_a_link_that_is_removed_is_a_deleted_file(folder: Path, out: Path) -> None:
    target = folder.with_name("target.txt")
    target.write_text(CHINESE)
    (folder / "a.txt").write_text(ENGLISH)
    (folder / "link.txt").symlink_to(target)
    run(out, folder)
    assert names(out) == ["a.txt", "link.txt"]
    (folder / "link.txt").unlink()
    run(out, folder)
    assert names(out) == ["a.txt"]


def test_lines_of_a_file_are_numbered_as_they_stand_now(folder: Path, out: Path) -> None:
    file = folder / "news.jsonl"
    file.write_text(f'{{"text": "{ENGLISH}"}}\n{{"text": "{CHINESE}"}}\n', "utf-8")
    run(out, folder)
    file.write_text(f'not json\n{{"text": "{CHINESE}"}}\n', "utf-8")
    assert run(out, folder) == []
    assert names(out) == ["news.jsonl:1!", "news.jsonl:2"]


def test_an_interrupted_run_drops_nothing(folder: Path, out: Path) -> None:
    for name, text in (("a.txt", ENGLISH), ("b.txt", CHINESE)):
        (folder / name).write_text(text)
    run(out, folder)
    (folder / "a.txt").unlink()
    (folder / "b.txt").write_text(CHINESE + CHINESE)
    with Ledger(out) as ledger:
        begun = steps(ledger, folder)
        next(begun)
        begun.close()
    assert names(out) == ["b.txt", "a.txt", "b.txt"]
    run(out, folder)
    assert names(out) == ["b.txt"]
