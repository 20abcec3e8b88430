"""Stories and the report of a folder, by the command as a user runs it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import service
from tests.support.told_stories import TEXTS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for name, text in TEXTS.items():
        (tmp_path / "in" / f"{name}.txt").write_text(text, "utf-8")
    return tmp_path / "in"


def digest(folder: Path, *flags: object) -> str:
    out = folder.parent / "out"
    told = service("digest", folder, "--out", out, "--engine", "extractive", *flags)
    assert told.returncode == 0, told.stderr
    return str(told.stdout)


def stories(folder: Path) -> list[dict[str, Any]]:
    lines = (folder.parent / "out" / "stories.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_a_folder_gets_its_stories_and_a_report(folder: Path) -> None:
    assert "stories: 2 → " in digest(folder)
    quake, race = stories(folder)
    assert len(quake["articles"]) == 3
    assert quake["briefs"]["zh"]["text"].startswith("智利北部周二发生7.1级地震")
    assert len(race["articles"]) == 1
    page = (folder.parent / "out" / "report.html").read_text("utf-8")
    assert "海军三个小时后解除了伊基克的海啸预警。" in page


@pytest.mark.slow
def test_a_second_run_keeps_the_stories_and_takes_new_articles_in(folder: Path) -> None:
    digest(folder)
    before = stories(folder)
    digest(folder)
    assert stories(folder) == before
    (folder / "zz.txt").write_text(TEXTS["race"].replace("27", "28"), "utf-8")
    digest(folder)
    assert [len(story["articles"]) for story in stories(folder)] == [3, 2]


@pytest.mark.slow
def test_the_report_is_not_read_as_an_article(folder: Path) -> None:
    out = folder / "out"
    for _ in range(2):
        told = service("digest", folder, "--out", out, "--engine", "extractive")
        assert "0 failed" in told.stdout
    assert len((out / "digests.jsonl").read_text("utf-8").splitlines()) == len(TEXTS)


@pytest.mark.slow
def test_no_report_where_none_is_wanted(folder: Path) -> None:
    digest(folder, "--no-report")
    assert not (folder.parent / "out" / "report.html").exists()


@pytest.mark.slow
def test_a_file_gets_a_report_where_one_is_wanted(folder: Path) -> None:
    digest(folder / "zh.txt")
    assert not (folder / "out" / "report.html").exists()
    told = service(
        "digest", folder / "zh.txt", "--out", folder / "o", "--engine", "extractive", "--report"
    )
    assert "stories: 1 → " in told.stdout
    assert (folder / "o" / "report.html").exists()
