"""`watch`: a folder, its report and its feed, kept current with feeds."""

import re
import time
from pathlib import Path
from typing import Any

import click

from service import logs
from service.cli.flags import MODEL_SETTINGS
from service.cli.group import clear_errors, main, stop_on_signals, stopped
from service.errors import BadInput
from service.messages import localized
from service.settings import Settings, options
from service.tasks import Options

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@main.command()
@click.argument("feeds", nargs=-1, required=True)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out"),
    show_default=True,
    help="Folder for articles.jsonl, digests.jsonl, stories.jsonl, report.html and feed.xml.",
)
@click.option(
    "--every",
    default="30m",
    show_default=True,
    help="The time between two rounds: 90s, 30m, 6h or 1d.",
)
@click.option("--once", is_flag=True, help="End after one round.")
@click.option(
    "--allow-private",
    is_flag=True,
    help="Fetch this machine's and private networks' addresses too.",
)
@options(*MODEL_SETTINGS, "prompts", "names", "log_level")
@clear_errors
def watch(
    feeds: tuple[str, ...], out: Path, every: str, once: bool, allow_private: bool, **flags: Any
) -> int:
    """Follow feeds: digest their new articles, and keep the report and the feed current.

    FEEDS are addresses of RSS, Atom or JSON feeds, or OPML files that name some. Pages are fetched
    as robots.txt allows, one a second from a host, and once only. Ends with Ctrl-C; run it again to
    go on.
    """
    from service.engine_factory import load_engine
    from service.folder import progress
    from service.folder.collection import Collection
    from service.folder.exports import export
    from service.folder.ledger import Ledger
    from service.folder.run import digest_folder
    from service.folder.stories import write_stories
    from service.ingest.subscriptions import feeds_of
    from service.ingest.tables import TEXT_COLUMN
    from service.serving.service import Service

    seconds, followed = _seconds(every), feeds_of(feeds)
    settings = Settings(**flags)
    logs.to_stderr(settings.log_level)
    stop_on_signals()
    service, wanted = Service(settings, load_engine), Options()
    try:
        with Ledger(out) as ledger:
            collection = Collection(out, allow_private=allow_private)
            service.open(quiet=True)
            is_first = True
            while True:
                began = time.monotonic()
                found = collection.collect(followed)
                for feed, error in found.failed:
                    click.echo(f"diglot: {feed}: {localized(str(error))}", err=True)
                click.echo(localized(f"new articles: {found.new}"))
                # In the first round also what an earlier run collected and did not digest.
                if found.new or (is_first and len(collection)):
                    steps = digest_folder([collection.file], service, ledger, wanted)
                    progress.show(steps, found.new, ledger)
                    export(ledger, ["feed"])
                    report, count = write_stories(
                        [collection.file], ledger, service, wanted, TEXT_COLUMN
                    )
                    click.echo(localized(f"stories: {count} → {report}"))
                is_first = False
                if once:
                    return int(bool(found.failed))
                time.sleep(max(0.0, seconds - (time.monotonic() - began)))
    except KeyboardInterrupt:
        return stopped(out)


def _seconds(every: str) -> int:
    found = re.fullmatch(r"(\d{1,6})([smhd])", every.strip())
    if found is None or not int(found[1]):
        raise BadInput(f"--every takes a time such as 90s, 30m, 6h or 1d, not {every!r}")
    return int(found[1]) * _UNITS[found[2]]
