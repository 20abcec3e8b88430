"""The display of a run on terminals of every width, in logs, pipes and in Chinese."""

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from service import messages
from service.errors import EngineFailed
from service.folder import progress
from service.folder.items import Step
from service.folder.ledger import Ledger
from tests.support.folders import ScriptedService, run, steps

ENGLISH = "The council met on 4 May. It will build forty stops."
CHINESE = "市议会五月四日开会。会议决定新建四十个车站。"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    messages.use("en")
    yield
    messages.use("en")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "文章 of the spring"
    folder.mkdir()
    (folder / "council.txt").write_text(ENGLISH)
    (folder / "市议会.txt").write_text(CHINESE)
    return folder


def shown(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    columns: int = 80,
    service: ScriptedService | None = None,
) -> str:
    monkeypatch.setenv("COLUMNS", str(columns))
    sink = io.StringIO()
    with Ledger(folder.parent / "out") as ledger, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", sink)
        progress.show(steps(ledger, folder, service=service), 2, ledger)
    return sink.getvalue()


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("columns", [60, 80, 109, 110, 140, 200, 300])
def test_the_table_fits_and_shows_everything(
    folder: Path, monkeypatch: pytest.MonkeyPatch, columns: int, lang: str
) -> None:
    messages.use(lang)
    text = shown(folder, monkeypatch, columns)
    table = [line for line in text.splitlines() if line[0] in "┏┃┡│├└┌"]
    widths = {cell_len(line) for line in table}
    assert widths == {min(columns, progress.WIDEST)}
    plain = re.sub(r"[\s│┃]", "", text)
    for part in ("council.txt", "市议会.txt", "Thetownwillbuildabridge.", "该镇将建一座桥。"):
        assert part in plain
    assert len(table) < 20


def test_only_new_lines_are_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown(folder, monkeypatch)
    (folder / "new.txt").write_text(CHINESE + ENGLISH)
    text = shown(folder, monkeypatch)
    assert "new.txt" in text
    assert "council.txt" not in text
    assert "1 digested, 2 done before, 0 failed" in text
    assert len(shown(folder, monkeypatch).splitlines()) == 1


def test_every_failure_is_named_at_the_end_however_many(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        (folder / f"{number}.txt").write_text("" if number % 2 else f"{ENGLISH} {number}")
    ending = shown(folder, monkeypatch).splitlines()[-21:]
    assert ending[:-1] == [
        f"FAILED {folder}/{number}.txt: The file is empty." for number in range(1, 40, 2)
    ]
    assert "22 digested, 0 done before, 20 failed" in ending[-1]


def test_a_refusal_is_shown_as_it_comes(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    service = ScriptedService()
    service.refused[ENGLISH] = EngineFailed("the engine broke")
    with Ledger(folder.parent / "out") as ledger:
        begun = steps(ledger, folder, service=service)
        drawn = progress.drawn(begun, 3)
        while next(drawn)[0].what != "failed":
            pass
        assert f"FAILED {folder}/council.txt: the engine broke\n" in capsys.readouterr().err
        drawn.close()
        begun.close()


@pytest.mark.parametrize("columns", [60, 80, 200])
@pytest.mark.parametrize(
    ("lang", "says"),
    [("en", ["digesting", "articles/min", "left"]), ("zh", ["正在处理", "篇/分钟", "剩余"])],
)
def test_the_bar_shows_rate_and_time_left_on_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, columns: int, lang: str, says: list[str]
) -> None:
    messages.use(lang)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with Ledger(folder.parent / "out") as ledger:
        list(progress.drawn(steps(ledger, folder), 40_000))
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", terminal.getvalue())
    drawn = [line for line in re.split(r"[\r\n]+", plain) if says[0] in line]
    assert drawn
    for line in drawn:
        assert cell_len(line.rstrip()) <= columns
        for part in says:
            assert part in line


def test_without_colour_and_in_pipes_no_escape_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.txt").write_text("")
    monkeypatch.delenv("NO_COLOR", raising=False)
    text = shown(folder, monkeypatch)
    assert "\x1b" not in text + capsys.readouterr().err
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    terminal = Terminal()
    with Ledger(folder.parent / "out2") as ledger, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", terminal)
        progress.show(steps(ledger, folder), 2, ledger)
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", terminal.getvalue()), "a colour was written"


def test_a_log_gets_a_line_now_and_then(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", -1.0)
    shown(folder, monkeypatch)
    assert re.search(r"^1 of 2, \S+ articles/min", capsys.readouterr().err, re.MULTILINE)
    messages.use("zh")
    (folder / "council.txt").write_text(ENGLISH + CHINESE)
    shown(folder, monkeypatch)
    assert re.search(r"^已完成 1/2，\S+ 篇/分钟", capsys.readouterr().err, re.MULTILINE)


def test_in_chinese_every_word_around_the_articles_is_chinese(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages.use("zh")
    (folder / "bad.txt").write_text("")
    text = shown(folder, monkeypatch, 140)
    for part in ("文章", "英文", "立场", "[模型撰写]", "失败", "文件为空。", "本次完成 2 篇"):
        assert part in text
    assert "FAILED" not in text


def test_a_run_of_nothing_new_reads_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text(ENGLISH)
    run(tmp_path / "out", tmp_path / "in")
    with Ledger(tmp_path / "out") as ledger:
        monkeypatch.setattr(Ledger, "read", None)
        assert progress.show(iter([Step("skipped", "x", 0)]), 1, ledger) == 0


@pytest.mark.parametrize(("seconds", "reports"), [(0.0, 2), (3_600.0, 0)])
def test_a_log_is_told_how_far_the_run_is_from_time_to_time(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    seconds: float,
    reports: int,
) -> None:
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", seconds)
    shown(folder, monkeypatch)
    assert len(re.findall(r"^\d of 2", capsys.readouterr().err, re.MULTILINE)) == reports


@pytest.mark.parametrize("columns", [80, 140])
def test_a_third_language_is_shown_beside_the_key_facts(
    folder: Path, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    with Ledger(folder.parent / "out") as ledger:
        list(steps(ledger, folder))
        line = ledger.read(next(iter(ledger._entries)))
        line["digests"]["fr"] = {"text": "Le pont sera construit.", "kind": "extractive"}
    sink = io.StringIO()
    Console(file=sink, width=columns).print(progress._table([line], columns))
    plain = re.sub(r"[\s│┃]", "", sink.getvalue())
    for part in ("Lepontseraconstruit.", "Thetownwillbuildabridge.", "该镇将建一座桥。"):
        assert part in plain
