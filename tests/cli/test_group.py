"""Mistakes on the command line: each is said in one line with the next step, in both languages."""

import signal
import subprocess
import sys

import pytest

from tests.support.command_line import run
from tests.support.serving import ROOT
from tests.support.waiting import PATIENCE_S


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


STOPPED = """
import os, time
from service.cli.group import stop_on_signals

stop_on_signals()
try:
    os.kill(os.getpid(), {first})
    time.sleep(60)
except KeyboardInterrupt:
    print("ending", flush=True)
    os.kill(os.getpid(), {second})
    time.sleep(60)
"""


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_a_command_without_a_trace(first: int, second: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STOPPED.format(first=int(first), second=int(second))],
        cwd=ROOT,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, b"ending\n", b"")
