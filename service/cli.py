"""The command line: `python -m service COMMAND`.

Every flag that is a setting comes from `service.settings`, and so has its DIGLOT_* variable. What
is heavy to import is imported by the command that needs it.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn

import click

from service import __version__, logs
from service.errors import BadInput, BadSetting, DiglotError
from service.settings import Settings, options
from service.tasks import Options

USAGE = 2
INTERRUPTED = 130
MODEL_SETTINGS = (
    "engine", "model", "revision", "chat_template", "device", "dtype", "threads",
    "passage_tokens", "batch_rows", "read_tokens", "cuda_graphs", "sampling", "seed",
    "repetition_penalty",
)  # fmt: skip


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="diglot")
def main() -> None:
    """Read an article in any language; answer with an English digest, a Chinese digest and a
    stance.

    读任何语言的文章，给出英文摘要、中文摘要和立场。
    """


def clear_errors(command: Callable[..., int]) -> Callable[..., None]:
    """Exit with what the command returns; an error that Diglot raises on purpose is one line."""

    @wraps(command)
    def run(**flags: Any) -> NoReturn:
        try:
            sys.exit(command(**flags))
        except DiglotError as error:
            click.echo(f"diglot: {error}", err=True)
            sys.exit(USAGE if isinstance(error, BadInput | BadSetting) else 1)

    return run


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
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
    **flags: Any,
) -> int:
    """Digest files and folders of articles into DIR/digests.jsonl.

    Reads .txt, .md, .html, .json and .jsonl, in UTF-8, GB18030 or Big5, and folders recursively.

    A second run skips what is done. Exit status: 0 all good, 1 some articles failed (each is in the
    file with its error), 2 wrong usage, 130 stopped by Ctrl-C.
    """
    from service.engine_factory import load_engine
    from service.folder import progress
    from service.folder.ledger import FILE, Ledger
    from service.folder.run import count, digest_folder
    from service.ingest.documents import find_files
    from service.serving.service import Service

    settings = Settings(**flags)
    logs.to_stderr(settings.log_level)
    wanted = Options(tuple(targets), _languages(languages), length, zh_script, whole_page)
    own = os.path.realpath(out / FILE)  # an output inside of the input is no article
    files = [file for file in find_files(paths) if os.path.realpath(file) != own]
    if not files:
        raise BadInput("nothing to read: no .txt, .md, .html, .json or .jsonl file there")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    service = Service(settings, load_engine)
    with Ledger(out) as ledger:
        service.open()
        steps = digest_folder(files, service, ledger, wanted, resume=resume)
        try:
            return progress.show(steps, count(files), ledger)
        except KeyboardInterrupt:
            steps.close()
            click.echo(f"stopped; run it again to go on. What is done: {ledger.path}", err=True)
            return INTERRUPTED


@main.command()
@options(
    *MODEL_SETTINGS, "batch_window_ms", "queue_limit", "queue_tokens", "prompts", "names",
    "data", "keep_results_mb", "keep_batches_days",
    "require_key", "open_metrics", "rate_per_address", "rate_per_key", "proxies",
    "path_prefix", "allowed_hosts", "keep_alive_s",
    "host", "port", "http_threads", "timeout_s", "max_characters", "log_level", "log_format",
)  # fmt: skip
@clear_errors
def serve(**flags: Any) -> int:
    """Serve over HTTP: POST an article to /summarize.

    One process owns the model, its threads serve HTTP, and requests that arrive together are read
    together. SIGTERM lets what was taken finish first.
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
    """API keys: who may use the service.

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
        click.echo(f"{key.name}\t{key.made}\t{used}")
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
@click.option(
    "--json",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the measures to this file.",
)
@options(*MODEL_SETTINGS, "log_level")
@clear_errors
def bench(
    articles: int, article_tokens: int, digest_tokens: int, file: Path | None, **flags: Any
) -> int:
    """Measure the model on this machine: articles per hour, rates, memory.

    The articles are made-up tokens, so nothing is said about the words.
    """
    from service.folder import progress
    from service.llm.bench import measure

    settings = Settings(**flags)
    logs.to_stderr(settings.log_level)
    measures = measure(settings, articles, article_tokens, digest_tokens).as_json()
    progress.show_measures(measures)
    if file:
        file.write_text(json.dumps(measures, indent=2) + "\n", "utf-8")
    return 0


@main.command()
@click.argument("cases", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--json",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the measures to this file.",
)
@options(*MODEL_SETTINGS, "prompts", "names", "log_level")
@clear_errors
def evaluate(cases: Path, file: Path | None, **flags: Any) -> int:
    """Measure digests and stances over CASES.jsonl: ROUGE, faithfulness, purity, F1.

    One JSON object a line: {"text", "title"?, "targets"?, "references"?: {"en"?, "zh"?},
    "stances"?}, one label (favor, against, none) for each target.
    """
    from service.engine_factory import load_engine
    from service.evaluation.evaluate import evaluate, read_cases
    from service.facts.names import Glossary
    from service.folder import progress
    from service.serving.service import Service

    settings = Settings(**flags)
    logs.to_stderr(settings.log_level)
    found_cases = read_cases(cases)
    service = Service(settings, load_engine)
    service.open()
    measures = evaluate(found_cases, service, Glossary.load(settings.names))
    progress.show_measures(measures)
    if file:
        file.write_text(json.dumps(measures, indent=2) + "\n", "utf-8")
    return 1 if measures["failed"] else 0


def _languages(text: str) -> tuple[Any, ...]:
    chosen = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    unknown = [part for part in chosen if part not in ("en", "zh")]
    if unknown or not chosen:
        raise BadInput(f"--languages takes en, zh or en,zh, not {text!r}")
    return chosen
