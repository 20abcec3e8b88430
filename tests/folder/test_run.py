"""`python -m service digest` as a user runs it: a process, a folder, a kill in the middle."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any, cast

import pytest

from service.engine import Identity
from service.errors import BadInput
from service.folder import run
from service.folder.ledger import Ledger
from service.folder.run import digest_folder
from service.result import Result
from service.serving.service import Service
from service.tasks import Options
from tests.support.fakes import IDENTITY, FakeService
from tests.support.waiting import PATIENCE_S

ARTICLES = {
    "2.txt": "The council met on 4 May. It will build forty stops for 12 million dollars.",
    "10.txt": "市议会五月四日开会。会议决定投资1200万美元，新建四十个车站。",
    "1.md": "# Trams\n\nThe tram plan is a wise one. Residents praised the tram plan.",
    "page.html": "<html><head><title>Rain</title></head><body><p>It rained for three days in the"
    " valley, and the river rose by two metres.</p></body></html>",
    "sub/a.json": json.dumps({"text": "電車計劃受到居民歡迎。議會將於明年開工。", "title": "電車"}),
    "sub/b.jsonl": '{"text": "One line is one article. It has two sentences."}\n'
    '{"text": "第二行也是一篇文章。它有两句话。"}\nnot json\n',
}
ORDER = ["1.md", "2.txt", "10.txt", "page.html", "sub/a.json", "sub/b.jsonl"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in ARTICLES.items():
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path / "in"


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "service", "digest", *map(str, arguments)]


def digest(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments, "--engine", "extractive"),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        env={**os.environ, "COLUMNS": "140"},
    )


def lines(out: Path) -> list[dict[str, Any]]:
    return [json.loads(raw) for raw in (out / "digests.jsonl").read_text("utf-8").splitlines()]


def test_a_folder_gives_a_line_an_article_in_natural_order(folder: Path, tmp_path: Path) -> None:
    done = digest(folder, "--out", tmp_path / "out")
    assert done.returncode == 1, done.stderr
    written = lines(tmp_path / "out")
    sources = [line["source"].removeprefix(folder.as_posix() + "/") for line in written]
    assert [source.split(":")[0] for source in sources] == [
        *ORDER[:5], "sub/b.jsonl", "sub/b.jsonl", "sub/b.jsonl"
    ]  # fmt: skip
    assert [line["language"] for line in written[:5]] == ["en", "en", "zh-Hans", "en", "zh-Hant"]
    assert written[-1]["error"]["code"] == "unreadable"
    assert "7 digested, 0 done before, 1 failed" in done.stdout
    for line in written[:-1]:
        own = "zh" if line["language"].startswith("zh") else "en"
        assert line["digests"][own]["kind"] == "extractive"
        assert all(digest["text"] for digest in line["digests"].values())


@pytest.mark.slow
def test_a_second_run_skips_done_articles_and_retries_failed_ones(
    folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    digest(folder, "--out", out)
    first = (out / "digests.jsonl").read_bytes()
    assert "0 digested, 7 done before, 1 failed" in digest(folder, "--out", out).stdout
    assert (out / "digests.jsonl").read_bytes() == first
    (folder / "2.txt").write_text("The council did not meet. Nothing was decided at all.")
    assert "1 digested, 6 done before" in digest(folder, "--out", out).stdout
    assert "Nothing was decided" in lines(out)[1]["digests"]["en"]["text"]
    assert len(lines(out)) == 8
    assert "7 digested, 0 done before" in digest(folder, "--out", out, "--length", "short").stdout
    assert "7 digested, 0 done before" in digest(folder, "--out", out, "--no-resume").stdout
    assert len(lines(out)) == 8


@pytest.mark.slow
def test_an_unreadable_file_is_a_line_and_not_the_end(folder: Path, tmp_path: Path) -> None:
    (folder / "3.txt").write_bytes(b"")
    (folder / "4.txt").write_bytes(bytes(range(256)) * 40)
    (folder / "5.json").write_text('{"title": "no text"}')
    (folder / "6.txt").write_text("![]()\n\n![]()\n")
    done = digest(folder, "--out", tmp_path / "out")
    assert done.returncode == 1
    failed = [line["source"].rsplit("/")[-1] for line in lines(tmp_path / "out") if "error" in line]
    assert failed == ["3.txt", "4.txt", "5.json", "6.txt", "b.jsonl:3"]
    assert "7 digested" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["no/such/folder"], "no/such/folder"),
        (["."], "nothing to read"),
        ([".", "--languages", "en,fr"], "--languages"),
        ([".", "--length", "huge"], "--length"),
        ([], "PATHS"),
    ],
)
def test_wrong_usage_is_said_in_a_line(tmp_path: Path, arguments: list[str], says: str) -> None:
    done = subprocess.run(
        command(*arguments, "--out", tmp_path / "out"),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def many(folder: Path, count: int = 400) -> None:
    with (folder / "many.jsonl").open("w") as file:
        for number in range(count):
            text = f"Story {number} is about the river. It rose by {number} metres in the night."
            file.write(json.dumps({"text": text}) + "\n")


def start(folder: Path, out: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command(folder / "many.jsonl", "--out", out, "--engine", "extractive"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def wait_for_lines(out: Path, process: subprocess.Popen[bytes], count: int) -> None:
    file = out / "digests.jsonl"
    end = time.monotonic() + PATIENCE_S
    while not file.exists() or file.read_bytes().count(b"\n") < count:
        assert time.monotonic() < end
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)


@pytest.mark.timeout(30)
def test_articles_in_flight_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service answers the first of two only while the run waits to hand in a third."""
    monkeypatch.setattr(run, "MOST_IN_FLIGHT", 2)
    files = [tmp_path / f"{number}.txt" for number in range(6)]
    for path in files:
        path.write_text(ARTICLES["2.txt"], "utf-8")
    unanswered: list[Future[Result]] = []
    most = []

    def answer(count: int) -> None:
        for future in [unanswered.pop(0) for _ in range(count)]:
            future.set_exception(BadInput("not today"))

    class Slow(FakeService):
        def wait(self) -> Identity:
            return IDENTITY

        def submit(self, *_: Any, **__: Any) -> "Future[Result]":
            unanswered.append(Future())
            most.append(len(unanswered))
            if len(most) == len(files) or len(unanswered) == run.MOST_IN_FLIGHT:
                left = len(unanswered) if len(most) == len(files) else 1
                threading.Timer(0.05, answer, [left]).start()
            return unanswered[-1]

    with Ledger(tmp_path / "out") as ledger:
        steps = list(digest_folder(files, cast(Service, Slow()), ledger, Options()))
    assert [step.what for step in steps] == ["failed"] * len(files)
    assert most == [1, 2, 2, 2, 2, 2]


@pytest.mark.slow
@pytest.mark.parametrize("again", [0.0, 0.005, 0.05])
def test_a_stop_repeated_ends_cleanly_and_the_next_run_goes_on(
    folder: Path, tmp_path: Path, again: float
) -> None:
    many(folder)
    out = tmp_path / "out"
    process = start(folder, out)
    wait_for_lines(out, process, 5)
    for _ in range(3):
        process.send_signal(signal.SIGTERM)
        time.sleep(again)
    _, stderr = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, stderr
    assert b"Traceback" not in stderr
    kept = (out / "digests.jsonl").read_bytes().count(b"\n")
    assert kept >= 5
    done = digest(folder / "many.jsonl", "--out", out)
    assert f"{400 - kept} digested, {kept} done before, 0 failed" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_ends_cleanly_and_the_next_run_goes_on(
    folder: Path, tmp_path: Path, stop: signal.Signals
) -> None:
    many(folder)
    out = tmp_path / "out"
    process = start(folder, out)
    wait_for_lines(out, process, 5)
    process.send_signal(stop)
    _, stderr = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, stderr
    assert b"stopped; run it again to go on" in stderr
    assert b"Traceback" not in stderr
    kept = len(lines(out))
    assert kept >= 5
    done = digest(folder / "many.jsonl", "--out", out)
    assert f"{400 - kept} digested, {kept} done before, 0 failed" in done.stdout


@pytest.mark.slow
def test_a_kill_at_any_moment_loses_nothing_that_was_written(folder: Path, tmp_path: Path) -> None:
    many(folder)
    out = tmp_path / "out"
    kept = 0
    chance = random.Random(4)
    for _ in range(4):
        process = start(folder, out)
        wait_for_lines(out, process, kept + 1)
        time.sleep(chance.random() * 0.1)
        process.kill()
        process.communicate()
        whole = (out / "digests.jsonl").read_bytes().count(b"\n")
        assert whole >= kept
        kept = whole
    assert digest(folder / "many.jsonl", "--out", out).returncode == 0
    written = lines(out)
    assert [line["source"].rsplit(":")[-1] for line in written] == [str(n) for n in range(1, 401)]


def reuters(path: Path, *texts: str) -> Path:
    lines = (json.dumps({"text": text, "source": "Reuters"}) for text in texts)
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.slow
def test_articles_of_one_source_in_two_files_do_not_replace_each_other(tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = reuters(tmp_path / "1.jsonl", "It rained here.", "It snowed there.", "The sun shone.")
    second = reuters(tmp_path / "2.jsonl", "The wind blew hard.")
    digest(first, "--out", out)
    digest(second, "--out", out)
    assert len(lines(out)) == 4
    assert {line["source"] for line in lines(out)} == {"Reuters"}


@pytest.mark.slow
def test_a_stop_early_in_a_second_run_keeps_the_results_of_the_first(tmp_path: Path) -> None:
    out = tmp_path / "out"
    many(tmp_path)
    assert digest(tmp_path / "many.jsonl", "--out", out).returncode == 0
    with (tmp_path / "many.jsonl").open("a") as file:
        for number in range(400, 1400):
            file.write(json.dumps({"text": f"New story {number}. It is about the sea."}) + "\n")
    process = start(tmp_path, out)
    wait_for_lines(out, process, 402)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert len(lines(out)) >= 402


@pytest.mark.slow
def test_an_output_inside_of_the_input_is_not_an_article(folder: Path) -> None:
    out = folder / "out"
    digest(folder, "--out", out)
    done = digest(folder, "--out", out)
    assert "0 digested, 7 done before, 1 failed" in done.stdout


@pytest.mark.slow
def test_a_folder_under_another_name_is_the_same_folder(folder: Path, tmp_path: Path) -> None:
    digest(folder, "--out", tmp_path / "out")
    (tmp_path / "moved").symlink_to(folder)
    done = digest(tmp_path / "moved", "--out", tmp_path / "out")
    assert "0 digested, 7 done before" in done.stdout
    assert len(lines(tmp_path / "out")) == 8


@pytest.mark.slow
def test_odd_files_are_lines_and_hold_nothing_up(folder: Path, tmp_path: Path) -> None:
    (folder / "loop.txt").symlink_to(folder / "loop.txt")
    (folder / "up").symlink_to(folder)
    os.mkfifo(folder / "pipe.txt")
    (folder / "a\x1b[31mred.txt").write_text("The title of this file is odd. Its text is not.")
    done = digest(folder, "--out", tmp_path / "out")
    failed = {line["source"].rsplit("/")[-1] for line in lines(tmp_path / "out") if "error" in line}
    assert failed == {"loop.txt", "pipe.txt", "b.jsonl:3"}
    assert "8 digested" in done.stdout
    assert "\x1b[31m" not in done.stdout + (tmp_path / "out/digests.jsonl").read_text()


@pytest.mark.slow
def test_an_engine_that_does_not_load_starts_nothing_over(folder: Path, tmp_path: Path) -> None:
    digest(folder, "--out", tmp_path / "out")
    before = (tmp_path / "out/digests.jsonl").read_bytes()
    done = subprocess.run(
        command(folder, "--out", tmp_path / "out", "--no-resume", "--engine", "transformers",
                "--model", tmp_path / "no-such-model"),
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "no-such-model" in done.stderr
    assert (tmp_path / "out/digests.jsonl").read_bytes() == before


@pytest.mark.slow
def test_an_empty_target_is_wrong_usage(folder: Path, tmp_path: Path) -> None:
    done = digest(folder, "--out", tmp_path / "out", "--target", " ")
    assert done.returncode == 2
    assert "target" in done.stderr


@pytest.mark.slow
def test_the_table_is_in_the_order_of_the_input(folder: Path, tmp_path: Path) -> None:
    shown = digest(folder, "--out", tmp_path / "out", "--length", "short").stdout
    places = [shown.index(name) for name in ("1.md", "2.txt", "10.txt", "page.html")]
    assert places == sorted(places)
