"""The help of every command and option in Chinese."""

import inspect
from collections.abc import Iterator

import click
import pytest

from service.cli import main
from service.cli.chinese_help import HELP, in_chinese
from tests.support.command_line import service


def helps(command: click.Command) -> Iterator[str]:
    yield inspect.cleandoc(command.help or "")
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.help:
            yield parameter.help
    if isinstance(command, click.Group):
        for nested in command.commands.values():
            yield from helps(nested)


def test_every_help_text_has_its_chinese() -> None:
    missing = [text for text in helps(main) if in_chinese(text) == text]
    assert [text for text in missing if "中文摘要" not in text] == []  # the first is in both


def test_no_text_is_kept_that_is_not_shown() -> None:
    shown = {" ".join(text.split()) for text in helps(main)} | {"Show this message and exit."}
    assert [english for english in HELP if " ".join(english.split()) not in shown] == []


@pytest.mark.parametrize(
    "environment", [{"DIGLOT_LANG": "zh"}, {"LANG": "zh_CN.UTF-8", "LC_ALL": ""}]
)
def test_the_help_is_in_the_language_of_the_terminal(environment: dict[str, str]) -> None:
    told = service("digest", "--help", **environment)
    assert "为文件和文件夹中的文章生成摘要" in told.stdout
    assert "摘要长度。" in told.stdout
    listed = service("--help", **environment)
    assert "跟踪订阅源" in listed.stdout


def test_the_help_is_english_elsewhere() -> None:
    told = service("digest", "--help", LANG="de_DE.UTF-8", LC_ALL="")
    assert "How long a digest is." in told.stdout
