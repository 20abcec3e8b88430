"""The command line: `python -m service COMMAND`.

Every flag that is a setting comes from `service.settings`, and so has its DIGLOT_* variable. What
is heavy to import is imported by the command that needs it.
"""

import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn

import click

from service import __version__, logs, messages
from service.errors import BadInput, BadSetting, DiglotError
from service.messages import localized
from service.settings import Settings, options, refuse_unknown_variables
from service.tasks import Options

USAGE = 2
INTERRUPTED = 130
MODEL_SETTINGS = (
    "engine", "model", "revision", "chat_template", "device", "dtype", "threads",
    "passage_tokens", "batch_rows", "read_tokens", "cuda_graphs", "sampling", "seed",
    "repetition_penalty",
)  # fmt: skip


class Bilingual(click.Group):
    """A group of commands whose usage errors are said in the language of the terminal."""

    def main(self, args: Sequence[str] | None = None, *positional: Any, **more: Any) -> Any:
        """Run a command. Exits like click, with click's own error texts looked up."""
        given = sys.argv[1:] if args is None else args
        try:
            sys.exit(super().main(given, *positional, **{**more, "standalone_mode": False}) or 0)
        except click.ClickException as error:
            messages.use(_lang_in(given))
            _show_usage_error(error)
            sys.exit(error.exit_code)
        except click.Abort:
            sys.exit(INTERRUPTED)


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


def json_option(what: str) -> Callable[[Any], Any]:
    """The flag `--json FILE`; its folder is looked for before the work, not after it."""
    return click.option(
        "--json",
        "file",
        type=click.Path(dir_okay=False, path_type=Path),
        callback=_in_a_folder,
        help=f"Also write the {what} to this file.",
    )


def _in_a_folder(_: click.Context, __: click.Parameter, file: Path | None) -> Path | None:
    if file is not None and not file.absolute().parent.is_dir():
        raise click.BadParameter(f"the folder {file.parent} does not exist.")
    return file


def write_json(file: Path | None, measures: Any) -> None:
    """Write `measures` to `file`, where one is given. Raises BadInput when that fails."""
    if file is None:
        return
    try:
        file.write_text(json.dumps(measures, indent=2) + "\n", "utf-8")
    except OSError as error:
        raise BadInput(f"{file} can't be written: {error.strerror}") from error


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


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(readable=False, path_type=Path))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out"),
    show_default=True,
    help="Folder for digests.jsonl, one Result a line.",
)
@click.option(
    "--target",
    "targets",
    multiple=True,
    help="Whom or what the stance is toward; may be given again. Default: the main subject.",
)
@click.option(
    "--languages", default="en,zh", show_default=True, help="Which digests: en, zh or en,zh."
)
@click.option(
    "--length",
    type=click.Choice(["short", "medium", "long"]),
    default="medium",
    show_default=True,
    help="How long a digest is.",
)
@click.option(
    "--zh-script",
    type=click.Choice(["Hans", "Hant"]),
    default="Hans",
    show_default=True,
    help="Simplified or Traditional characters in the Chinese digest.",
)
@click.option("--whole-page", is_flag=True, help="Keep a page of several stories together as one.")
@click.option(
    "--resume/--no-resume",
    default=True,
    show_default=True,
    help="Go on where the last run stopped, or start over.",
)
@click.option(
    "--keep-deleted", is_flag=True, help="Keep the results of files that no longer exist."
)
@options(*MODEL_SETTINGS, "prompts", "names", "log_level")
@clear_errors
def digest(
    paths: tuple[Path, ...],
    out: Path,
    targets: tuple[str, ...],
    languages: str,
    length: Any,
    zh_script: Any,
    whole_page: bool,
    resume: bool,
    keep_deleted: bool,
    **flags: Any,
) -> int:
    """Digest files and folders of articles into DIR/digests.jsonl.

    Reads .txt, .md, .html, .json and .jsonl, in UTF-8, GB18030 or Big5, and folders recursively.

    A second run skips what is done and drops the results of files that no longer exist. Exit
    status: 0 all good, 1 some articles failed (each is in the file with its error), 2 wrong usage,
    130 stopped by Ctrl-C.
    """
    from service.engine_factory import load_engine
    from service.folder import progress
    from service.folder.ledger import FILE, Ledger
    from service.folder.places import Places
    from service.folder.run import count, digest_folder
    from service.ingest.documents import find_files
    from service.serving.service import Service

    settings = Settings(**flags)
    logs.to_stderr(settings.log_level)
    wanted = Options(tuple(targets), _languages(languages), length, zh_script, whole_page)
    own = os.path.realpath(out / FILE)  # an output inside of the input is no article
    files = [file for file in find_files(paths) if os.path.realpath(file) != own]
    if not files:
        named = ", ".join(map(str, paths))
        raise BadInput(f"nothing to read: no .txt, .md, .html, .json or .jsonl file in {named}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    service = Service(settings, load_engine)
    with Ledger(out) as ledger:
        places = Places(ledger, files, paths)
        service.open(quiet=True)
        steps = digest_folder(
            files, service, ledger, wanted, resume=resume, places=None if keep_deleted else places
        )
        try:
            return progress.show(steps, count(files), ledger)
        except KeyboardInterrupt:
            steps.close()
            told = f"stopped; run it again to go on. What is done: {ledger.path}"
            click.echo(localized(told), err=True)
            return INTERRUPTED


@main.command()
@options(
    *MODEL_SETTINGS, "batch_window_ms", "queue_limit", "queue_tokens", "prompts", "names",
    "data", "keep_results_mb", "keep_batches_days", "batches_mb", "batches_mb_per_key",
    "share_results",
    "require_key", "open_metrics", "rate_per_address", "rate_per_key", "proxies",
    "path_prefix", "allowed_hosts", "keep_alive_s",
    "host", "port", "http_threads", "timeout_s", "max_characters", "log_level", "log_format",
)  # fmt: skip
@clear_errors
def serve(**flags: Any) -> int:
    """Serve over HTTP: POST an article to /summarize.

    A single process holds the model, its threads serve HTTP, and concurrent requests are batched.
    SIGTERM lets what was taken finish first.
    """
    from service.web.server import run

    settings = Settings(**flags)
    logs.to_stderr(settings.log_level, settings.log_format)
    return run(settings)


@main.command()
@options("model", "revision", "log_level")
@clear_errors
def pull(**flags: Any) -> int:
    """Fetch the model's weights ahead of time."""
    from service.llm.hub import fetch

    settings = Settings(**flags)
    logs.to_stderr(settings.log_level)
    click.echo(fetch(settings))
    return 0


@main.group()
def keys() -> None:
    """Make, list and revoke the API keys of the service.

    Once there is a key, every request for work must carry one. A running service knows at once.
    """


@keys.command("add")
@click.argument("name")
@options("data")
@clear_errors
def add_key(name: str, data: Path) -> int:
    """Make a key for NAME and print it. It is shown this once."""
    from service.web.api_keys import Keys

    click.echo(Keys(data.expanduser()).add(name))
    return 0


@keys.command("list")
@options("data")
@clear_errors
def list_keys(data: Path) -> int:
    """Print every key's name, when it was made, and whether it is in use."""
    from service.web.api_keys import Keys

    for key in Keys(data.expanduser()).all():
        used = f"revoked {key.revoked}" if key.revoked else "in use"
        click.echo(f"{key.name}\t{key.made}\t{localized(used)}")
    return 0


@keys.command("revoke")
@click.argument("name")
@options("data")
@clear_errors
def revoke_key(name: str, data: Path) -> int:
    """Refuse the key of NAME from now on."""
    from service.web.api_keys import Keys

    Keys(data.expanduser()).revoke(name)
    return 0


@main.command()
@click.option("--articles", default=16, show_default=True, type=click.IntRange(min=1))
@click.option(
    "--article-tokens",
    default=1000,
    show_default=True,
    type=click.IntRange(min=1),
    help="Length of each article.",
)
@click.option(
    "--digest-tokens",
    default=96,
    show_default=True,
    type=click.IntRange(min=1),
    help="Length of each of its two digests.",
)
@json_option("measures")
@options(*MODEL_SETTINGS, "log_level")
@clear_errors
def bench(
    articles: int, article_tokens: int, digest_tokens: int, file: Path | None, **flags: Any
) -> int:
    """Measure the model on this machine: articles per hour, rates, memory.

    The articles are random tokens, so the quality of the digests is not measured.
    """
    from service.folder import progress
    from service.llm.bench import measure

    settings = Settings(**flags)
    logs.to_stderr(settings.log_level)
    measures = measure(settings, articles, article_tokens, digest_tokens).as_json()
    progress.show_measures(measures)
    write_json(file, measures)
    return 0


@main.command()
@click.argument("cases", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option("measures")
@options(*MODEL_SETTINGS, "prompts", "names", "log_level")
@clear_errors
def evaluate(cases: Path, file: Path | None, **flags: Any) -> int:
    """Measure digests and stances over CASES.jsonl: ROUGE, faithfulness, purity, F1.

    One JSON object a line: {"text", "title"?, "targets"?, "references"?: {"en"?, "zh"?},
    "stances"?}, one label (favor, against, none) for each target.
    """
    from service.engine_factory import load_engine
    from service.evaluation.evaluate import evaluate, read_cases
    from service.folder import progress
    from service.serving.service import Service

    settings = Settings(**flags)
    logs.to_stderr(settings.log_level)
    logging.getLogger("absl").setLevel(logging.WARNING)  # rouge-score says which tokenizer it takes
    found_cases = read_cases(cases)
    service = Service(settings, load_engine)
    service.open(quiet=True)
    measures = evaluate(found_cases, service)
    progress.show_measures(measures)
    write_json(file, measures)
    return 1 if measures["failed"] else 0


@main.command()
@click.argument("pairs", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option("totals")
@options("prompts", "names", "max_characters", "log_level")
@clear_errors
def check(pairs: Path, file: Path | None, **flags: Any) -> int:
    """Judge digests that somebody else wrote: does the article bear them out?

    PAIRS.jsonl holds one JSON object a line: {"text", "title"?, "digests": {"en"?, "zh"?}}. The
    verdicts come on stdout, one line of JSON for each, and their totals on stderr. No model is
    needed.
    """
    from service.evaluation.pairs import as_line, check_pairs, read_pairs, totals
    from service.folder import progress
    from service.resources import Resources

    settings = Settings(**flags)
    logs.to_stderr(settings.log_level)
    found = read_pairs(pairs, settings.max_characters)
    results = []
    for result in check_pairs(found, Resources.load(settings)):
        click.echo(as_line(result))
        results.append(result)
    counted = totals(results)
    progress.show_measures(counted, to_stderr=True)
    write_json(file, counted)
    return 0


def _languages(text: str) -> tuple[Any, ...]:
    chosen = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    unknown = [part for part in chosen if part not in ("en", "zh")]
    if unknown or not chosen:
        raise BadInput(f"--languages takes en, zh or en,zh, not {text!r}")
    return chosen
