"""Mistakes on the command line: each is said in one line with the next step, in both languages."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service import messages
from service.cli import main
from tests.support.serving import ROOT
from tests.support.waiting import PATIENCE_S


def service(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LC_")}
    return subprocess.run(
        [sys.executable, "-m", "service", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**clean, "LANG": "C.UTF-8", "HF_HUB_OFFLINE": "1", **environment},
        timeout=PATIENCE_S,
        check=False,
    )


def run(*arguments: object, **environment: str) -> Result:
    """The same in this process, for what ends before anything is loaded."""
    env = {"LC_ALL": "", "LC_MESSAGES": "", "LANG": "C.UTF-8", **environment}
    done = CliRunner().invoke(main, [str(argument) for argument in arguments], env=env)
    messages.use("en")
    return done


@pytest.fixture
def article(tmp_path: Path) -> Path:
    (tmp_path / "a.txt").write_text("市议会五月四日开会。会议决定投资1200万美元。", "utf-8")
    return tmp_path / "a.txt"


@pytest.mark.parametrize(
    ("arguments", "english", "chinese"),
    [
        (
            ["digest", "no/such"],
            "no file or folder named no/such",
            "没有名为 no/such 的文件或文件夹",
        ),
        (["digest"], "Missing argument 'PATHS", "缺少参数 PATHS"),
        (["digset"], "Did you mean 'digest'?", "是否想写 'digest'？"),
        (["digest", ".", "--lenght", "long"], "No such option '--lenght'", "没有选项 --lenght"),
        (["digest", ".", "--length", "huge"], "not one of 'short'", "不在可选值 'short'"),
        (["digest", ".", "--model", ""], "the name is empty", "模型名称为空"),
        (["digest", ".", "--target", " "], "1 to 200 characters", "1 到 200 个字符"),
        (["digest", "docs/decisions", "--target", "x"], "Did you mean", "是否想写"),
        (["serve", "--port", "abc"], "'abc' is not a valid", "'abc' 不是整数"),
        (["evaluate", "no.jsonl"], "'no.jsonl' does not exist", "no.jsonl 不存在"),
    ],
)
def test_a_mistake_is_said_in_the_language_of_the_terminal(
    arguments: list[str], english: str, chinese: str
) -> None:
    extra = {"DIGLOT_TARGETS": "1"} if "docs/decisions" in arguments else {}
    told = run(*arguments, **extra)
    assert told.exit_code == 2
    assert english in told.output
    assert "Traceback" not in told.output
    assert chinese in run(*arguments, **extra, LANG="zh_CN.UTF-8").output


def test_lang_goes_before_the_locale_even_where_the_line_is_wrong() -> None:
    assert "缺少参数" in run("digest", "--lang", "zh").output
    assert "Missing" in run("digest", "--lang=en", LANG="zh_CN.UTF-8").output
    assert "缺少参数" in run("digest", DIGLOT_LANG="zh").output


@pytest.mark.parametrize("arguments", [[], ["keys"], ["--help"], ["digest", "--help"]])
def test_without_a_command_the_help_is_shown(arguments: list[str]) -> None:
    told = run(*arguments)
    assert told.exit_code == (0 if "--help" in arguments else 2)
    assert told.output.startswith("Usage: ")
    assert "Error" not in told.output


def test_a_folder_without_articles_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
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


def test_a_failed_start_is_one_json_object_where_the_log_is_json(tmp_path: Path) -> None:
    told = service(
        "serve", "--host", "256.0.0.1", "--log-format", "json", "--engine", "extractive",
        DIGLOT_DATA=str(tmp_path),
    )  # fmt: skip
    assert told.returncode == 2
    (line,) = told.stderr.splitlines()
    assert "can't listen on 256.0.0.1" in json.loads(line)["message"]


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
