"""`digest` from standard input, from an address and from PDF and Word files, as a user runs it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import chat_server as scripted
from tests.support import office_files as made
from tests.support.chat_server import ChatServer, Handler
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow

ARTICLES = {
    "en": "The council of Ashford voted to build a bridge. It costs 12 million euros.",
    "zh": "青石镇议会投票决定建一座新桥。工程预计耗资1200万元。",
}


def digest(
    out: Path, *arguments: str, stdin: bytes = b"", **variables: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "service", "digest", *arguments, "--out", str(out),
         "--engine", "extractive"],
        input=stdin, capture_output=True, timeout=PATIENCE_S, check=False,
        env={**os.environ, **variables},
    )  # fmt: skip


def lines(out: Path) -> list[dict[str, Any]]:
    return [json.loads(raw) for raw in (out / "digests.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with scripted.chat_server() as opened:
        yield opened


def test_articles_are_piped_in_one_after_another(tmp_path: Path) -> None:
    for text in (*ARTICLES.values(), ARTICLES["en"]):
        done = digest(tmp_path, "-", stdin=text.encode())
        assert done.returncode == 0, done.stderr
    assert b"0 digested, 1 done before" in done.stdout
    assert [line["source"] for line in lines(tmp_path)] == ["-", "-"]
    assert {line["language"] for line in lines(tmp_path)} == {"en", "zh-Hans"}


def test_a_page_is_fetched_and_a_private_one_is_not(tmp_path: Path, server: ChatServer) -> None:
    def page(handler: Handler, body: Any) -> None:
        handler.begin("text/html; charset=utf-8")
        handler.send(f"<html><body><p>{ARTICLES['zh']}</p></body></html>".encode())

    server.models = page
    refused = digest(tmp_path, server.url, DIGLOT_LANG="zh")
    assert refused.returncode == 1
    assert "--allow-private" in refused.stderr.decode()
    assert "内网" in refused.stderr.decode()
    assert not server.asked
    (tmp_path / "a.txt").write_text(ARTICLES["en"])
    done = digest(
        tmp_path, server.url, "http://127.0.0.1:9/x", str(tmp_path / "a.txt"), "--allow-private"
    )
    assert done.returncode == 1
    assert b"http://127.0.0.1:9/x: The page can't be fetched" in done.stderr
    sources = [line["source"] for line in lines(tmp_path)]
    assert sources == [server.url, str(tmp_path / "a.txt")]
    assert "耗资1200万元" in lines(tmp_path)[0]["digests"]["zh"]["text"]


def test_pdf_and_word_files_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "1.pdf").write_bytes(made.pdf([ARTICLES["en"]]))
    (folder / "2.docx").write_bytes(made.docx([ARTICLES["zh"]], "新桥"))
    (folder / "3.pdf").write_bytes(made.blank_pdf())
    done = digest(tmp_path / "out", str(folder))
    assert done.returncode == 1
    first, second, third = lines(tmp_path / "out")
    assert "12 million euros" in first["digests"]["en"]["text"]
    assert second["title"] == "新桥"
    assert third["error"]["code"] == "no_text"


def test_empty_input_is_said_in_a_line(tmp_path: Path) -> None:
    done = digest(tmp_path, "-")
    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == ["diglot: -: Standard input is empty."]
