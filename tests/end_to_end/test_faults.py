"""Faults of a service that runs over the weekend, tried on a real process."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from service.store.batch_tables import FILE, MIGRATIONS
from service.store.batches import Batches, StoredArticle
from service.store.database import Database
from tests.support.serving import ROOT, Served, results, serving
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow

ENGLISH = "The council of Ashford voted to build a bridge. The mayor called it overdue."
CHINESE = "青石镇议会投票决定建一座新桥。镇长林秀兰表示，这座桥早该建了。"
SERVE = ("-m", "service", "serve", "--engine", "extractive", "--port", "0")
SLOW = ("-m", "tests.support.scripted_server", "0.4")


def send(server: Served, *texts: str) -> str:
    body = json.dumps([{"text": text} for text in texts]).encode()
    reply = server.ask("POST", "/batches", body, {"Content-Type": "application/json"})
    assert reply.status == 202, reply.body
    return str(reply.json["id"])


def wait_for_another(server: Served, pid: int) -> None:
    last = time.monotonic() + PATIENCE_S
    while server.worker_pid() == pid:
        assert time.monotonic() < last, server.log.read_text()
        time.sleep(0.1)


def test_sigterm_finishes_online_work_and_gives_bulk_work_back(tmp_path: Path) -> None:
    with serving(tmp_path / "log", *SLOW) as server:
        server.wait_until_ready()
        batch = send(server, *[f"{CHINESE} {n}" for n in range(200)])
        time.sleep(1.0)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=PATIENCE_S) == 0
    database = sqlite3.connect(tmp_path / "data" / FILE)
    held = database.execute("SELECT count(*) FROM articles WHERE claim IS NOT NULL").fetchone()
    left = database.execute("SELECT count(*) FROM articles WHERE outcome IS NULL").fetchone()
    database.close()
    assert held == (0,)
    assert left[0] > 0
    with serving(tmp_path / "log", "-m", "tests.support.scripted_server", "0.001") as server:
        server.wait_until_ready()
        lines = results(server, batch)
        assert [line["index"] for line in lines if "error" not in line] == list(range(200))


def test_a_process_without_a_live_worker_is_replaced_after_a_pause(tmp_path: Path) -> None:
    with serving(tmp_path / "log", "-m", "tests.support.scripted_server", "0.01") as server:
        server.wait_until_ready()
        first = server.worker_pid()
        assert server.post({"text": f"{ENGLISH} fatal"}).status == 503
        broken = server.get("/readyz")
        assert (broken.status, broken.json["state"]) == (503, "broken")
        began = time.monotonic()
        wait_for_another(server, first)
        assert time.monotonic() - began > 3
        server.wait_until_ready()
        assert server.post({"text": CHINESE}).status == 200


@pytest.mark.parametrize("name", ["SIGTTIN", "SIGTTOU", "SIGUSR2"])
def test_no_signal_makes_a_second_process(tmp_path: Path, name: str) -> None:
    with serving(tmp_path / "log", *SERVE) as server:
        server.wait_until_ready()
        first = server.worker_pid()
        server.process.send_signal(getattr(signal, name))
        server.wait_for_log("one process owns the model")
        time.sleep(1.2)  # the master looks every second
        pid = server.process.pid
        assert Path(f"/proc/{pid}/task/{pid}/children").read_text().split() == [str(first)]
        assert server.post({"text": CHINESE}).status == 200


def test_sighup_replaces_the_process_and_never_runs_two(tmp_path: Path) -> None:
    with serving(tmp_path / "log", *SERVE) as server:
        server.wait_until_ready()
        first = server.worker_pid()
        os.kill(server.process.pid, signal.SIGHUP)
        pid = server.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children")
        last = time.monotonic() + PATIENCE_S
        while (found := children.read_text().split()) in ([], [str(first)]):
            assert time.monotonic() < last
            time.sleep(0.01)
        assert len(found) == 1
        server.wait_until_ready()
        assert server.post({"text": ENGLISH}).status == 200


def start(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, *SERVE, "--data", str(folder)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


def spoil_folder(folder: Path) -> None:
    folder.parent.write_text("a file")


def spoil_file(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / FILE).write_text("no database" * 999)


def spoil_name(folder: Path) -> None:
    (folder / FILE).mkdir(parents=True)


def spoil_page(folder: Path) -> None:
    """One page in the middle, as a disk that loses a sector does."""
    database = Database(folder / FILE, MIGRATIONS)
    batches = Batches(database)
    received = batches.begin("")
    batches.add(received, 0, [StoredArticle(f"{ENGLISH} {CHINESE}" * 20) for _ in range(100)])
    batches.accept(received, "", None, "")
    database.close()
    with (folder / FILE).open("r+b") as file:
        file.seek(30 * 4096)
        file.write(b"\xff" * 4096)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (spoil_folder, "Not a directory"),
        (spoil_file, "backup"),
        (spoil_name, "can't be opened"),
        (spoil_page, "it is damaged; restore a backup"),
    ],
)
def test_a_store_that_can_not_be_used_stops_the_start(
    tmp_path: Path, spoil: Callable[[Path], None], says: str
) -> None:
    folder = tmp_path / "data" / "of-diglot"
    spoil(folder)
    ended = start(folder)
    assert ended.returncode == 2
    last = ended.stderr.strip().splitlines()[-1]
    assert last.startswith("diglot: ")
    assert says in last
    assert "Traceback" not in ended.stderr


def test_a_locked_store_stops_the_start_and_answers_503_later(tmp_path: Path) -> None:
    with serving(tmp_path / "log", *SERVE) as server:
        server.wait_until_ready()
        batch = send(server, ENGLISH)
        results(server, batch)
        other = sqlite3.connect(tmp_path / "data" / FILE, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        body = json.dumps([{"text": CHINESE}]).encode()
        refused = server.ask("POST", "/batches", body, {"Content-Type": "application/json"})
        assert (refused.status, refused.json["code"]) == (503, "store_failed")
        assert refused.headers["Retry-After"]
        assert "locked" in refused.json["detail"]
        assert server.post({"text": CHINESE}).status == 200
        assert "locked" in start(tmp_path / "data").stderr
        other.execute("ROLLBACK")
        other.close()
        assert len(results(server, send(server, CHINESE))) == 1
