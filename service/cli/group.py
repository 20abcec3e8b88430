"""The group of commands, its usage errors, and the frame around every command."""

import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from copy import copy
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click

from service import __version__, messages
from service.errors import BadInput, BadSetting, DiglotError
from service.messages import localized
from service.settings import options, refuse_unknown_variables

USAGE = 2
INTERRUPTED = 130


def stop_on_signals() -> None:
    """Let SIGTERM stop a command as Ctrl-C does, and a second signal end the process at once.

    A second KeyboardInterrupt would break off what the first one ends: the command with a trace, or
    the interpreter beside a thread in C++, which aborts. What is written stays whole either way.
    """
    _handle_stops(_stop)


def _handle_stops(handler: Callable[[int, FrameType | None], None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


def _stop(_: int, __: FrameType | None) -> None:
    _handle_stops(_end_at_once)
    raise KeyboardInterrupt


def _end_at_once(_: int, __: FrameType | None) -> None:
    os._exit(INTERRUPTED)


def stopped(place: Path | str) -> int:
    """Tells that a run was stopped, with the place of what is done; returns the exit status."""
    click.echo(localized(f"stopped; run it again to go on. What is done: {place}"), err=True)
    return INTERRUPTED


class Bilingual(click.Group):
    """A group of commands whose help and usage errors are in the language of the terminal."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        return _in_chinese(command) if command is not None and messages.is_chinese() else command

    def main(self, args: Sequence[str] | None = None, *positional: Any, **more: Any) -> Any:
        """Run a command. Exits like click, with click's own error texts looked up."""
        given = sys.argv[1:] if args is None else args
        messages.use(_lang_in(given))
        try:
            sys.exit(super().main(given, *positional, **{**more, "standalone_mode": False}) or 0)
        except click.ClickException as error:
            _show_usage_error(error)
            sys.exit(error.exit_code)
        except click.Abort:
            sys.exit(INTERRUPTED)


def _in_chinese(command: click.Command) -> click.Command:
    """A copy of a command with Chinese help texts, those of its parameters and commands too."""
    from service.cli.chinese_help import in_chinese

    translated = copy(command)
    translated.help = in_chinese(command.help)
    translated.params = [copy(parameter) for parameter in command.params]
    for parameter in translated.params:
        if isinstance(parameter, click.Option):
            parameter.help = in_chinese(parameter.help)
    if isinstance(translated, click.Group):
        nested = translated.commands.items()
        translated.commands = {name: _in_chinese(each) for name, each in nested}
    return translated


def _show_usage_error(error: click.ClickException) -> None:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        click.echo(context.get_usage(), err=True)
        click.echo(localized(f"Try '{context.command_path} --help' for help."), err=True)
        click.echo(err=True)
    click.echo(localized(f"Error: {error.format_message()}"), err=True)


def _lang_in(arguments: Sequence[str]) -> str:
    """The language that `--lang` asks for, of arguments that could not be parsed."""
    for name, value in zip(arguments, [*arguments[1:], ""], strict=False):
        for given in (value if name == "--lang" else "", name.partition("--lang=")[2]):
            if given in {"en", "zh"}:
                return given
    return os.environ.get("DIGLOT_LANG") or "auto"


@click.group(
    cls=Bilingual,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="diglot")
def main() -> None:
    """Read an article in any language; answer with an English digest, a Chinese digest and a
    stance (whether the article is for, against or neutral toward its subject).

    可处理任意语言的文章，生成英文摘要、中文摘要和立场判断（支持、反对或中立）。
    """


def clear_errors(command: Callable[..., int]) -> Callable[..., None]:
    """Exit with what the command returns; an error that Diglot raises on purpose is one line."""

    @options("lang")
    @wraps(command)
    def run(**flags: Any) -> NoReturn:
        messages.use(flags.pop("lang"))
        try:
            refuse_unknown_variables(os.environ)
            sys.exit(command(**flags))
        except DiglotError as error:
            if flags.get("log_format") == "json":
                logging.getLogger(__name__).error("%s", error)
            else:
                click.echo(f"diglot: {localized(str(error))}", err=True)
            sys.exit(USAGE if isinstance(error, BadInput | BadSetting) else 1)

    return run
