"""`digest` with files that are not there, models that are not there, and nothing to read."""

from pathlib import Path

import pytest

from tests.support.command_line import service

pytestmark = pytest.mark.slow


@pytest.fixture
def article(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_text("市议会五月四日开会。会议决定投资1200万美元。", "utf-8")
    return tmp_path / "a.txt"


def test_a_folder_without_articles_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"%PDF")
    told = service("digest", tmp_path)
    assert told.returncode == 2
    assert (
        f"nothing to read: no .txt, .md, .html, .json or .jsonl file in {tmp_path}" in told.stderr
    )


def test_a_file_that_is_named_and_can_not_be_read_is_a_line(article: Path, tmp_path: Path) -> None:
    bad = tmp_path / "b.log"
    bad.write_text("x")
    told = service("digest", article, bad, "--out", tmp_path, "--engine", "extractive")
    assert told.returncode == 1
    assert f"FAILED {bad}: Files of this kind are not read" in told.stdout
    assert "1 digested, 0 done before, 1 failed" in told.stdout


def test_a_model_that_was_named_and_is_not_there_digests_nothing(
    article: Path, tmp_path: Path
) -> None:
    told = service("digest", article, "--out", tmp_path / "out", "--model", "acme/wrong")
    assert told.returncode == 2
    assert "model acme/wrong: the weights of acme/wrong are not here" in told.stderr
    assert "Is the name right?" in told.stderr
    assert told.stderr.count("acme/wrong are not here") == 1, "it is said once"
    assert not (tmp_path / "out" / "digests.jsonl").read_text()


def test_an_empty_variable_means_the_default(article: Path, tmp_path: Path) -> None:
    told = service("digest", article, "--out", tmp_path / "out", DIGLOT_MODEL="")
    assert told.returncode == 0
    assert "No model: the weights of Qwen/Qwen3.5-2B" in told.stderr


def test_the_warning_without_a_model_is_chinese_too(article: Path, tmp_path: Path) -> None:
    told = service("digest", article, "--out", tmp_path / "out", "--lang", "zh")
    assert "没有模型：本机没有 Qwen/Qwen3.5-2B 的权重，且已设置 HF_HUB_OFFLINE" in told.stderr
    assert "本次完成 1 篇" in told.stdout
