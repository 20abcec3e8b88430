"""`evaluate`, `check` and `bench` before their work begins."""

from pathlib import Path

import pytest

from tests.support.command_line import run, service


@pytest.mark.slow
def test_evaluate_begins_with_its_table(tmp_path: Path) -> None:
    (tmp_path / "cases.jsonl").write_text(
        '{"text": "市议会五月四日开会。", "source": "a.txt"}', "utf-8"
    )
    told = service("evaluate", tmp_path / "cases.jsonl", "--engine", "extractive")
    assert told.returncode == 0
    assert told.stderr == ""


@pytest.mark.parametrize(
    ("command", "cases"), [("check", True), ("evaluate", True), ("bench", False)]
)
@pytest.mark.parametrize(("lang", "said"), [("en", "does not exist"), ("zh", "不存在")])
def test_a_folder_that_is_not_there_is_refused_before_the_work(
    tmp_path: Path, command: str, cases: bool, lang: str, said: str
) -> None:
    (tmp_path / "cases.jsonl").write_text("no JSON\n")
    file = [tmp_path / "cases.jsonl"] if cases else []
    done = run(command, *file, "--json", tmp_path / "没有" / "out.json", "--lang", lang)
    assert done.exit_code == 2
    assert said in done.output and "没有" in done.output and "JSONL" not in done.output
