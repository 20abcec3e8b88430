"""A folder through a remote model, as a user runs it: its key, its budget, its exit status."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import chat_server as scripted
from tests.support.chat_server import ChatServer
from tests.support.serving import serving
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow

KEY = "sk-secret-0123456789abcdef"
PRICES = 'currency = "USD"\n[models.scripted]\nprompt = 1.0\ncompletion = 10.0\n'
ARTICLES = {
    "en": "The town will build library {}. It costs $12 million. The council voted for it.",
    "zh": "镇上将建第{}座图书馆，造价1200万美元。镇议会投票通过了这项计划。",
}


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with scripted.chat_server() as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for number in range(10):
        text = list(ARTICLES.values())[number % 2].format(number)
        (tmp_path / "in" / f"{number}.txt").write_text(text, "utf-8")
    (tmp_path / "prices.toml").write_text(PRICES)
    return tmp_path


def digest(folder: Path, server: ChatServer, *more: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable, "-m", "service", "digest", str(folder / "in"), "--out", str(folder / "out"),
        "--engine", "remote", "--remote-url", server.url, "--remote-tries", "2", *more,
    ]  # fmt: skip
    return subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        env={**os.environ, "DIGLOT_REMOTE_KEY": KEY},
    )  # fmt: skip


def lines(folder: Path) -> list[dict[str, Any]]:
    path = folder / "out" / "digests.jsonl"
    return [json.loads(raw) for raw in path.read_text("utf-8").splitlines()]


def test_a_budget_ends_a_run_and_the_next_goes_on(folder: Path, server: ChatServer) -> None:
    prices = ("--remote-prices", str(folder / "prices.toml"))
    done = digest(folder, server, *prices, "--remote-concurrency", "2", "--remote-budget", "0.008")
    assert done.returncode == 1, done.stderr
    assert "the budget of 0.008 USD is spent" in done.stderr
    first = lines(folder)
    assert 0 < len(first) < 10
    assert not any("error" in line for line in first)
    assert sum(line["usage"]["cost"] for line in first) <= 0.008
    assert all(line["engine"]["host"] in server.url for line in first)
    asked = len(server.chats)
    assert digest(folder, server, *prices).returncode == 0
    assert len(lines(folder)) == 10
    assert len(server.chats) > asked
    assert {each.headers.get("Authorization") for each in server.asked} == {f"Bearer {KEY}"}
    written = "".join(path.read_text("utf-8") for path in (folder / "out").rglob("*"))
    assert KEY not in done.stdout + done.stderr + written


def test_a_server_that_goes_away_ends_with_errors_in_the_file(
    folder: Path, server: ChatServer
) -> None:
    server.reply = scripted.reset
    done = digest(folder, server)
    assert done.returncode == 1
    assert {line["error"]["code"] for line in lines(folder)} == {"remote_failed"}
    assert "Traceback" not in done.stderr


def test_a_key_that_is_revoked_ends_the_run_at_once(folder: Path, server: ChatServer) -> None:
    server.reply = scripted.error(401, f"Incorrect API key provided: {KEY}")
    done = digest(folder, server)
    assert done.returncode == 1
    assert "does not take the key" in done.stderr
    assert KEY not in done.stdout + done.stderr
    assert len(server.chats) < 60  # not three for each of ten articles, tried twice


def test_without_an_address_nothing_starts(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "service", "digest", str(folder / "in"), "--engine", "remote"],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "--remote-url" in done.stderr


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_service_names_the_server_and_counts_what_it_takes(
    language: str, server: ChatServer, tmp_path: Path
) -> None:
    (tmp_path / "prices.toml").write_text(PRICES)
    serve = (
        "-m", "service", "serve", "--port", "0", "--engine", "remote", "--remote-url", server.url,
        "--remote-tries", "1", "--remote-prices", str(tmp_path / "prices.toml"),
    )  # fmt: skip
    host = server.url.removeprefix("http://").removesuffix("/v1")
    with serving(tmp_path / "log", *serve, environment={"DIGLOT_REMOTE_KEY": KEY}) as served:
        served.wait_until_ready()
        assert served.get("/readyz").json["engine"]["host"] == host
        answer = served.post({"text": ARTICLES[language].format(1)}).json
        assert answer["engine"]["host"] == host
        assert answer["usage"]["cost"] > 0
        figures = served.get("/metrics").body.decode()
        assert f'diglot_remote_cost_total{{currency="USD"}} {answer["usage"]["cost"]}' in figures
        assert "diglot_article_cost_count 1.0" in figures
        server.reply = scripted.reset
        failed = served.post({"text": ARTICLES[language].format(2)})
        assert (failed.status, failed.json["code"]) == (502, "remote_failed")
        command_line = Path(f"/proc/{served.process.pid}/cmdline").read_bytes().decode()
    log = (tmp_path / "log").read_text()
    assert f"articles are sent to the server at {host}" in log
    assert KEY not in log + command_line + json.dumps(answer) + figures
