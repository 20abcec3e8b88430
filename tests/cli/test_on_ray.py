"""`digest --on ray` as a user runs it: what it refuses, stops, kills, and files in a store."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import run
from tests.support.scale import jsonl, texts, warc
from tests.support.serving import ROOT
from tests.support.waiting import PATIENCE_S, wait_until

USAGE = 2
ON_RAY = ("--on", "ray", "--engine", "extractive", "--workers", "2", "--length", "short")


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--format", "csv"], "--on ray writes Parquet partitions"),
        (["--report"], "--on ray makes no report"),
        (["--remote-budget", "1"], "--remote-budget is counted by each process"),
    ],
)
def test_flags_for_one_machine_are_refused_in_a_line(
    tmp_path: Path, flags: list[str], told: str
) -> None:
    file = jsonl(tmp_path / "a.jsonl", texts(1))
    done = run("digest", file, "--out", tmp_path / "out", "--on", "ray", *flags)
    assert done.exit_code == USAGE
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("given", ["-", "https://example.org/a"])
def test_only_files_are_read(tmp_path: Path, given: str) -> None:
    done = run("digest", given, "--out", tmp_path / "out", "--on", "ray")
    assert (done.exit_code, done.stderr.count("\n")) == (USAGE, 1)
    assert f"--on ray reads files, and not {given}" in done.stderr


def test_an_input_without_articles_is_named_in_the_language_of_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for lang, told in (("en", "nothing to read in "), ("zh", "没有可读的内容：")):
        done = run("digest", tmp_path / "in", "--out", tmp_path, "--on", "ray", "--lang", lang)
        assert done.exit_code == USAGE
        assert told in done.stderr


def start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "service", "digest", *map(str, arguments), *ON_RAY],
        cwd=ROOT,
        env={**os.environ, "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, err
    return out


def rows(out: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    return [
        row for path in sorted(out.glob("*.parquet")) for row in pq.read_table(path).to_pylist()
    ]


needs_ray = pytest.mark.skipif(
    __import__("importlib.util").util.find_spec("ray") is None, reason="needs the package ray"
)


@needs_ray
@pytest.mark.slow
def test_tables_and_archives_in_a_folder_are_digested_as_without_ray(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    folder = tmp_path / "in"
    jsonl(folder / "a.jsonl", texts(20))
    write_table(pa.table({"body": texts(40)[20:]}), folder / "b.parquet")
    (folder / "c.csv").write_text("body\n" + "\n".join(texts(60)[40:]) + "\n", "utf-8")
    warc(folder / "d.warc.gz", texts(80)[60:])
    told = finish(start(folder, "--out", tmp_path / "out", "--column", "body"))
    assert "80 digested, 0 done before, 0 failed" in told
    plain = run(
        "digest", folder, *(folder / name for name in ("b.parquet", "c.csv", "d.warc.gz")),
        "--out", tmp_path / "plain", "--engine", "extractive", "--length", "short", "--column",
        "body", "--format", "parquet", "--no-report",
    )  # fmt: skip
    assert plain.exit_code == 0, plain.stderr
    (other,) = [pa.parquet.read_table(tmp_path / "plain/digests.parquet").to_pylist()]
    own = {row["id"]: row for row in rows(tmp_path / "out")}
    assert len(own) == len(other) == 80
    for row in other:
        assert {name: own[row["id"]][name] for name in row} == row


@needs_ray
@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_stopped_goes_on(tmp_path: Path, how: signal.Signals) -> None:
    file = jsonl(tmp_path / "a.jsonl", texts(1_500))
    process = start(file, "--out", tmp_path / "out")
    begun = time.monotonic()
    if how is signal.SIGKILL:
        wait_until(lambda: list((tmp_path / "out").glob("part-*")) or process.poll() is not None)
    else:
        wait_until(lambda: _engines(process.pid) or process.poll() is not None)
        time.sleep(3)
    process.send_signal(how)
    _, err = process.communicate(timeout=PATIENCE_S)
    if how is not signal.SIGKILL:
        assert process.returncode == 130, err
        assert "stopped; run it again to go on" in err
        assert time.monotonic() - begun < PATIENCE_S
    before = {row["id"] for row in rows(tmp_path / "out")}
    told = finish(start(file, "--out", tmp_path / "out"))
    assert f" {len(before)} done before, 0 failed" in told
    found = [row["id"] for row in rows(tmp_path / "out")]
    assert len(found) == len(set(found)) == 1_500


def _engines(pid: int) -> bool:
    import psutil

    children = psutil.Process(pid).children(recursive=True)
    return any("EngineActor" in " ".join(child.cmdline()[:1]) for child in children)
