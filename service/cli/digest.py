"""`digest`: files and folders of articles into one file of results."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from service import logs
from service.cli.flags import MODEL_SETTINGS
from service.cli.group import clear_errors, main, stop_on_signals, stopped
from service.cli.on_ray import OnRay, refuse_what_one_machine_does, run_on_ray
from service.errors import BadInput, BadSetting
from service.messages import localized
from service.settings import Settings, options
from service.tasks import Options


@main.command()
@click.argument("inputs", metavar="PATHS...", nargs=-1, required=True)
@click.option(
    "--out",
    "out_name",
    type=click.Path(file_okay=False),
    default="out",
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
@click.option(
    "--style",
    type=click.Choice(["abstractive", "faithful"]),
    default="abstractive",
    show_default=True,
    help="faithful: the article's own sentences and their checked translation, no paraphrase.",
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
@click.option(
    "--column",
    default="text",
    show_default=True,
    help="The column of .csv, .tsv and .parquet files that holds the texts.",
)
@click.option(
    "--format",
    "formats",
    default="jsonl",
    show_default=True,
    help="More files beside digests.jsonl, with commas: csv, xlsx, parquet, md, and feed for an"
    " Atom feed. xlsx and parquet need the extra `export`.",
)
@click.option(
    "--report/--no-report",
    default=None,
    help="Group the articles into stories: DIR/stories.jsonl, and DIR/report.html, a page that"
    " needs no network. Default: for a folder, of up to 20,000 articles.",
)
@click.option(
    "--allow-private",
    is_flag=True,
    help="Fetch addresses of this machine and of private networks too.",
)
@click.option(
    "--on",
    "place",
    type=click.Choice(["here", "ray"]),
    default="here",
    show_default=True,
    help="Where the engines run: here, or on a Ray cluster, for millions of articles; then PATHS"
    " and DIR may be addresses such as s3://bucket/folder, and the results are Parquet partitions."
    " ray needs the extra `ray`.",
)
@click.option(
    "--ray-address",
    envvar="RAY_ADDRESS",
    show_envvar=True,
    help="Address of a Ray cluster that is there already. Default: one of this machine alone.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Engines on the Ray cluster, each with --threads cores. Default: one a GPU; without a"
    " model one a core; else one a node.",
)
@click.option(
    "--worker-timeout",
    "worker_timeout_s",
    type=click.FloatRange(min=0, min_open=True),
    default=1800,
    show_default=True,
    help="Seconds without an answer after which an engine on the Ray cluster is taken to hang and"
    " is replaced; it has up to 64 articles at a time.",
)
@options(*MODEL_SETTINGS, "prompts", "names", "log_level")
@clear_errors
def digest(
    inputs: tuple[str, ...],
    out_name: str,
    targets: tuple[str, ...],
    languages: str,
    length: Any,
    zh_script: Any,
    style: Any,
    whole_page: bool,
    resume: bool,
    keep_deleted: bool,
    column: str,
    formats: str,
    report: bool | None,
    allow_private: bool,
    place: str,
    ray_address: str | None,
    workers: int | None,
    worker_timeout_s: float,
    **flags: Any,
) -> int:
    """Digest files and folders of articles into DIR/digests.jsonl.

    Reads .txt, .md, .html, .json and .jsonl, in UTF-8, GB18030 or Big5, and folders recursively;
    .pdf and .docx where their packages are installed (pip install 'diglot[documents]'). Tables
    (.csv .tsv .parquet), feeds (.rss .atom .xml) and web archives (.warc .warc.gz) are read where
    they are named. In place of a path, - is standard input, and an http(s) address is fetched.

    A second run skips what is done and drops the results of files that no longer exist. Exit
    status: 0 all good, 1 some articles failed (each is in the file with its error), 2 wrong usage,
    130 stopped by Ctrl-C.
    """
    from service.engine_factory import load_engine
    from service.folder import progress
    from service.folder.exports import WRITERS, export
    from service.folder.ledger import FILE, Ledger
    from service.folder.places import Places
    from service.folder.run import count, digest_folder
    from service.folder.stories import REPORT, STORIES, write_stories
    from service.ingest.documents import find_files
    from service.serving.service import Service

    settings = Settings(**flags)
    logs.to_stderr(settings.log_level)
    wanted = Options(tuple(targets), _languages(languages), length, zh_script, whole_page, style)
    if place == "ray":
        refuse_what_one_machine_does(formats, report)
        asked = OnRay(
            inputs, out_name, column, resume, workers, worker_timeout_s, ray_address or None
        )
        return run_on_ray(asked, settings, wanted)
    out, also = Path(out_name), _formats(formats)
    paths, failed = _stored(inputs, out, allow_private)
    if not paths:
        return failed
    # The output may lie inside of the input.
    made = (FILE, STORIES, REPORT, *(name for _, name in WRITERS.values()))
    own = {os.path.realpath(out / name) for name in made}
    files = [file for file in find_files(paths) if os.path.realpath(file) not in own]
    if not files:
        named = ", ".join(map(str, paths))
        raise BadInput(f"nothing to read: no .txt, .md, .html, .json or .jsonl file in {named}")
    stop_on_signals()
    service = Service(settings, load_engine)
    with Ledger(out) as ledger:
        places = Places(ledger, files, paths)
        service.open(quiet=True)
        steps = digest_folder(
            files,
            service,
            ledger,
            wanted,
            resume=resume,
            places=None if keep_deleted else places,
            column=column,
        )
        try:
            status = progress.show(steps, count(files), ledger)
            for written in export(ledger, also):
                click.echo(str(written))
            if report or (report is None and any(map(Path.is_dir, paths)) and _fits(ledger)):
                written, stories = write_stories(files, ledger, service, wanted, column)
                click.echo(localized(f"stories: {stories} → {written}"))
            return max(status, failed)
        except KeyboardInterrupt:
            steps.close()
            return stopped(ledger.path)


def _formats(text: str) -> list[str]:
    """The formats beside jsonl."""
    from service.folder.exports import FORMATS

    named = [part.strip() for part in text.split(",") if part.strip()]
    if unknown := [part for part in named if part not in FORMATS]:
        raise BadInput(f"--format takes {', '.join(FORMATS)}, not {unknown[0]!r}")
    return [part for part in dict.fromkeys(named) if part != "jsonl"]


def _fits(ledger: Any) -> bool:
    """Whether a browser can show so many articles; says so where it can't."""
    from service.folder.stories import MOST_ARTICLES

    if len(ledger) <= MOST_ARTICLES:
        return True
    click.echo(localized(f"no report of {len(ledger)} articles; --report makes one"), err=True)
    return False


def _stored(inputs: tuple[str, ...], out: Path, allow_private: bool) -> tuple[list[Path], int]:
    """The inputs as paths, and 1 where one could not be had, which is told."""
    from service.ingest.fetch import is_url
    from service.ingest.given import STDIN, stored

    if not any(each == STDIN or is_url(each) for each in inputs):
        return list(map(Path, inputs)), 0
    try:
        given = stored(inputs, out, sys.stdin.buffer, allow_private=allow_private)
    except OSError as error:
        raise BadSetting(f"can't write to {out}: {error.strerror}") from error
    for name, why in given.failed:
        click.echo(f"diglot: {name}: {localized(str(why))}", err=True)
    return given.paths, int(bool(given.failed))


def _languages(text: str) -> tuple[Any, ...]:
    chosen = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    unknown = [part for part in chosen if part not in ("en", "zh")]
    if unknown or not chosen:
        raise BadInput(f"--languages takes en, zh or en,zh, not {text!r}")
    return chosen
